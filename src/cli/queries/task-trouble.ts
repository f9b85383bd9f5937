import { PAGE_SIZE, type Unresolved, unresolvedFields } from '../answers.ts'
import type { CliApi } from '../cli-api.ts'
import { document } from '../document.ts'
import type { AllocationRow } from '../render/allocation-list.ts'

/** Allocations in trouble that a status looks into, newest first: the rest fail in the same way more often than not. */
const MAX_LOOKED_INTO = 3
const MAX_EVENTS = 10

export type TaskTrouble = {
  readonly allocationId: string
  readonly task: string
  readonly at: number
  readonly type: string
  readonly message: string
}

type Troubled = {
  readonly __typename: 'Allocation'
  readonly id: string
  readonly tasks: readonly {
    readonly name: string
    readonly events: readonly { readonly type: string; readonly at: number; readonly message: string }[]
  }[]
}

export const taskTroubleDocument = document<
  { readonly allocation: Troubled | Unresolved },
  { readonly id: string; readonly events: number }
>(`query TaskTrouble($id: String!, $events: Int) {
  allocation(id: $id) {
    __typename
    ... on Allocation { id tasks { name events(first: $events) { type at message } } }
    ${unresolvedFields}
  }
}`)

const isInTrouble = ({ tasks }: AllocationRow): boolean =>
  tasks.some(task => task.isFailed || (task.restarts > 0 && task.state !== 'running'))

/** Events that name a cause, the plainest first: what follows from a cause says less. */
const causes = [
  'Driver Failure',
  'Setup Failure',
  'Failed Validation',
  'Failed Artifact Download',
  'Task hook failed',
  'Terminated',
  'Template',
] as const

const causeOf = (events: Troubled['tasks'][number]['events']) =>
  causes
    .map(type => events.find(event => event.type === type && !/Exit Code: 0\b/.test(event.message)))
    .find(event => event !== undefined)

/** Why tasks of these allocations failed, in the words of their nodes; newest allocations first, a few only. */
export const fetchTrouble = async (api: CliApi, rows: readonly AllocationRow[]): Promise<readonly TaskTrouble[]> => {
  const troubled = rows.slice(0, PAGE_SIZE).filter(isInTrouble).slice(0, MAX_LOOKED_INTO)
  const answers = await Promise.all(
    troubled.map(({ id }) => api.query(taskTroubleDocument, { id, events: MAX_EVENTS })),
  )
  return answers.flatMap(({ allocation }) => {
    if (allocation.__typename === 'Unresolved') return []
    return allocation.tasks.flatMap(({ name, events }) => {
      const cause = causeOf(events)
      return cause === undefined ? [] : [{ allocationId: allocation.id, task: name, ...cause }]
    })
  })
}
