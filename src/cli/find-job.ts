import { found, type Unresolved, unresolvedFields } from './answers.ts'
import type { CommandContext } from './command.ts'
import { document } from './document.ts'
import { Refusal } from './refusal.ts'

export type JobName = { readonly namespace: string; readonly id: string }

type NamedJob = JobName & { readonly __typename: 'Job' }

export const findJobDocument = document<
  { readonly job: NamedJob | Unresolved },
  { readonly id: string; readonly namespace: string }
>(`query FindJob($id: String!, $namespace: String) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job { id namespace }
    ${unresolvedFields}
  }
}`)

/** The whole name of the job that an id or a prefix of one stands for. */
export const findJob = async (context: CommandContext, id: string): Promise<JobName> => {
  const answer = await context.api.query(findJobDocument, { id, namespace: context.settings.namespace })
  const { namespace, id: whole } = found(answer.job, 'JOB', id)
  return { namespace, id: whole }
}

export const findTemplatesDocument = document<
  { readonly jobs: { readonly nodes: readonly JobName[] } },
  { readonly prefix: string; readonly namespace: string; readonly launches: 'periodic' | 'dispatch' }
>(`query FindTemplates($prefix: String, $namespace: String, $launches: LaunchKind) {
  jobs(prefix: $prefix, namespace: $namespace, launches: $launches, first: 20) { nodes { id namespace } }
}`)

/**
 * The whole name of the job that launches children in this way: a prefix is looked for among such jobs alone, so that a
 * template's own children do not make it ambiguous.
 */
export const findTemplate = async (
  context: CommandContext,
  id: string,
  launches: 'periodic' | 'dispatch',
): Promise<JobName> => {
  const variables = { prefix: id, namespace: context.settings.namespace, launches }
  const { nodes } = (await context.api.query(findTemplatesDocument, variables)).jobs
  const whole = nodes.filter(job => job.id === id)
  const [only, ...others] = whole.length > 0 ? whole : nodes
  // A job that is no template, or nothing at all: what is said of that is said in one place.
  if (only === undefined) return findJob(context, id)
  if (others.length === 0) return only
  const candidates = [only, ...others].map(job => ({ kind: 'JOB' as const, name: job.id, ...job }))
  const message = `Prefix "${id}" matched multiple jobs`
  return found({ __typename: 'Unresolved', code: 'AMBIGUOUS_PREFIX', message, candidates }, 'JOB', id)
}

/**
 * Before something is done that a mistyped id would make regrettable: a whole id is taken at its word, for a prefix a
 * person is asked, and a script must say `-yes`. Answers whether to go on.
 */
export const confirmPrefix = async (
  context: CommandContext,
  options: { readonly typed: string; readonly whole: string; readonly isSure: boolean; readonly question: string },
): Promise<boolean> => {
  const { typed, whole, isSure, question } = options
  if (typed === whole || isSure) return true
  if (!context.io.isInteractive) {
    throw new Refusal({
      code: 'CONFIRMATION_NEEDED',
      message: `"${typed}" is only the beginning of the id "${whole}"`,
      hint: 'write the whole id, or -yes',
    })
  }
  const answer = await context.io.ask(`${question} [y/N] `)
  return /^y(es)?$/i.test(answer.trim())
}
