import { AppError } from '../platform/errors.ts'
import type { JobSource } from './api-commands.ts'
import type { SourceStore } from './source-store.ts'

/** Records a job file as it was submitted, with the values of its variables. Answers the stream that holds it. */
export const putSubmission = (
  sources: SourceStore,
  namespace: string,
  submission: JobSource,
  at: number,
): Promise<string> => sources.put(namespace, JSON.stringify(submission), at)

/** What `putSubmission` recorded. Throws SOURCE_ERASED when the key that opens it was erased. */
export const getSubmission = async (sources: SourceStore, namespace: string, stream: string): Promise<JobSource> => {
  const text = await sources.get(namespace, stream)
  if (text !== null) return JSON.parse(text) as JobSource
  throw new AppError('SOURCE_ERASED', `the key of namespace "${namespace}" that opens the job file was erased`)
}
