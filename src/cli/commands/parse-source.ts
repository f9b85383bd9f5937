import { granted, type Rejection, rejectionFields } from '../answers.ts'
import type { CommandContext } from '../command.ts'
import { document } from '../document.ts'
import { type JobSource, readJobSource } from '../job-source.ts'

type Parsed = { readonly __typename: 'ParsedJob'; readonly jobId: string; readonly specification: unknown }

export const parseJobDocument = document<
  { readonly parseJob: Parsed | Rejection },
  { readonly input: JobSource }
>(`mutation ParseJob($input: JobSourceInput!) {
  parseJob(input: $input) {
    __typename
    ... on ParsedJob { jobId specification }
    ${rejectionFields}
  }
}`)

/** The specification that a job file stands for, read by the server. */
export const parseSource = async (
  context: CommandContext,
  path: string,
  flags: Parameters<typeof readJobSource>[2],
): Promise<Parsed> => {
  const answer = await context.api.query(parseJobDocument, { input: await readJobSource(context, path, flags) })
  return granted(answer.parseJob)
}
