import { found, type Unresolved, unresolvedFields } from '../answers.ts'
import type { CommandContext } from '../command.ts'
import { document } from '../document.ts'
import type { JobName } from '../find-job.ts'
import type { JobSource } from '../job-source.ts'
import { Refusal } from '../refusal.ts'

/** A job file as it was registered, with the values of its variables. */
export type SubmittedSource = JobSource

type SubmittedJob = JobName & {
  readonly __typename: 'Job'
  readonly launch: { readonly parentId: string } | null
  readonly versions: readonly { readonly version: number; readonly source: SubmittedSource | null }[]
}

export const jobSourceDocument = document<
  { readonly job: SubmittedJob | Unresolved },
  { readonly id: string; readonly namespace: string; readonly version: number | null }
>(`query JobSource($id: String!, $namespace: String, $version: Int) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job {
      id namespace launch { parentId }
      versions(first: 1, version: $version) {
        version
        source {
          source format filename
          variables { name value } variableFiles { name content } environmentVariables { name value }
        }
      }
    }
    ${unresolvedFields}
  }
}`)

export const noVersion = (id: string, version: number | null): Refusal =>
  new Refusal({ code: 'NOT_FOUND', message: `job "${id}" has no version ${version ?? 0}` })

/** Nobody submitted what a template launched: what was submitted is the template. */
const noSource = ({ id, launch }: SubmittedJob, version: number): Refusal =>
  new Refusal({
    code: 'SOURCE_UNKNOWN',
    message: `version ${version} of job "${id}" was not registered from a job file`,
    ...(launch === null ? {} : { hint: `"${launch.parentId}" launched it, and has one` }),
  })

/** The job file of a version, the newest when that is null. Throws a Refusal when there is no such version, or no file. */
export const fetchJobSource = async (
  { api, settings }: CommandContext,
  id: string,
  version: number | null,
): Promise<{ readonly job: JobName; readonly source: SubmittedSource }> => {
  const answer = await api.query(jobSourceDocument, { id, namespace: settings.namespace, version })
  const job = found(answer.job, 'JOB', id)
  const [submitted] = job.versions
  if (submitted === undefined) throw noVersion(job.id, version)
  if (submitted.source === null) throw noSource(job, submitted.version)
  return { job, source: submitted.source }
}
