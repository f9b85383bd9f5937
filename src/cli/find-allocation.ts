import { found, type Unresolved, unresolvedFields } from './answers.ts'
import type { CommandContext } from './command.ts'
import { document } from './document.ts'
import { Refusal, usageError } from './refusal.ts'

export type NamedAllocation = {
  readonly __typename: 'Allocation'
  readonly id: string
  readonly group: string
  readonly clientStatus: string
  readonly tasks: readonly { readonly name: string; readonly state: string }[]
}

const namedFields = 'id group clientStatus tasks { name state }'
/** Allocations of a job that are looked through for one that runs. */
const MAX_LOOKED_THROUGH = 100

export const findAllocationDocument = document<
  { readonly allocation: NamedAllocation | Unresolved },
  { readonly id: string }
>(`query FindAllocation($id: String!) {
  allocation(id: $id) {
    __typename
    ... on Allocation { ${namedFields} }
    ${unresolvedFields}
  }
}`)

export const allocationsOfJobDocument = document<
  {
    readonly job:
      | { readonly __typename: 'Job'; readonly allocations: { readonly nodes: readonly NamedAllocation[] } }
      | Unresolved
  },
  { readonly id: string; readonly namespace: string; readonly first: number }
>(`query AllocationsOfJob($id: String!, $namespace: String, $first: Int) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job { allocations(first: $first) { nodes { __typename ${namedFields} } } }
    ${unresolvedFields}
  }
}`)

/** The allocation that an id or a prefix of one stands for. */
export const findAllocation = async (context: CommandContext, id: string): Promise<NamedAllocation> =>
  found((await context.api.query(findAllocationDocument, { id })).allocation, 'ALLOCATION', id)

/** The newest allocation of a job that runs, else the newest there is; of one group when that is named. */
export const findAllocationOfJob = async (
  context: CommandContext,
  jobId: string,
  group: string,
): Promise<NamedAllocation> => {
  const variables = { id: jobId, namespace: context.settings.namespace, first: MAX_LOOKED_THROUGH }
  const job = found((await context.api.query(allocationsOfJobDocument, variables)).job, 'JOB', jobId)
  const candidates = job.allocations.nodes.filter(each => group === '' || each.group === group)
  const chosen = candidates.find(({ clientStatus }) => clientStatus === 'running') ?? candidates[0]
  if (chosen !== undefined) return chosen
  const where = group === '' ? `job "${jobId}"` : `group "${group}" of job "${jobId}"`
  throw new Refusal({ code: 'NOT_FOUND', message: `No allocations of ${where} found` })
}

/** The task that is meant: the one that was named, or the only one there is. */
export const chooseTask = ({ id, tasks }: NamedAllocation, name: string): string => {
  const names = tasks.map(task => task.name)
  if (name !== '') {
    if (names.includes(name)) return name
    throw new Refusal({
      code: 'NOT_FOUND',
      message: `Could not find task named "${name}" in allocation "${id.slice(0, 8)}"`,
      hint: `its tasks are: ${names.join(', ')}`,
    })
  }
  const [only] = names
  if (only !== undefined && names.length === 1) return only
  const list = names.map(each => `  * ${each}`).join('\n')
  throw usageError(
    `Allocation "${id.slice(0, 8)}" is running the following tasks:\n${list}`,
    'name one of them with -task',
  )
}

/** Flags of commands that mean one task of one allocation. */
export const taskFlag = {
  name: 'task',
  type: 'string',
  placeholder: '<task>',
  usage: 'The task, where the allocation has several.',
} as const

export const ofJobFlags = [
  { name: 'job', type: 'string', placeholder: '<job>', usage: "The job's newest allocation that runs." },
  { name: 'group', type: 'string', placeholder: '<group>', usage: 'With -job: one of this group.' },
] as const

type TargetFlags = { readonly job: string; readonly group: string }

/** What the positional arguments and `-job` name together; the arguments after the allocation come back. */
export const findTarget = async (
  context: CommandContext,
  flags: TargetFlags,
  positionals: readonly string[],
): Promise<{ readonly allocation: NamedAllocation; readonly rest: readonly string[] }> => {
  if (flags.job !== '') {
    return { allocation: await findAllocationOfJob(context, flags.job, flags.group), rest: positionals }
  }
  const [id, ...rest] = positionals
  if (id === undefined) throw usageError('an allocation or -job is needed')
  return { allocation: await findAllocation(context, id), rest }
}
