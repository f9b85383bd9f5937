import { isAppError } from '../../../platform/errors.ts'
import type { AllocationRow } from '../../../projections/queries/allocations.ts'
import type { NodeRow } from '../../../projections/queries/nodes.ts'
import type { LinkAnswer, LinkRequest } from '../../../protocol/client-link.ts'
import type { HostUsage, TasksUsage, TaskUsage } from '../../../protocol/usage.ts'
import type { ApiContext } from '../../context.ts'
import { MAX_USAGE_ASKED, USAGE_TIMEOUT_MS } from '../limits.ts'

/** What is used is asked of the node when somebody wants to see it. Why it is not known is part of the answer, never an error. */

type UsageRequest = Extract<LinkRequest, { kind: 'stats' | 'node-stats' }>
type UsageOf<K> = Extract<LinkAnswer, { kind: K }>
type Unknown = { readonly kind: 'unknown'; readonly because: string }

export type AllocationUsage = {
  readonly tasks: readonly (TaskUsage & { readonly task: string })[]
  readonly unknownBecause: string | null
}

export type NodeUsage = {
  readonly tasks: TasksUsage | null
  readonly host: HostUsage | null
  readonly unknownBecause: string | null
}

export type UsageAsker = {
  readonly ofAllocation: (row: AllocationRow) => Promise<AllocationUsage>
  readonly ofNode: (row: NodeRow) => Promise<NodeUsage>
}

const unknown = (because: string): Unknown => ({ kind: 'unknown', because })

const isAnswerTo = <K extends UsageRequest['kind']>(answer: LinkAnswer, kind: K): answer is UsageOf<K> =>
  answer.kind === kind

const tasksOf = ({ tasks }: UsageOf<'stats'>): AllocationUsage['tasks'] =>
  Object.entries(tasks)
    .map(([task, usage]) => ({ task, ...usage }))
    .toSorted((a, b) => (a.task < b.task ? -1 : 1))

const reasonsOf = ({ unknown: reasons }: UsageOf<'stats'>): string | null => {
  const texts = Object.entries(reasons).map(([task, reason]) => `task "${task}": ${reason}`)
  return texts.length === 0 ? null : texts.toSorted().join('; ')
}

export const createUsageAsker = (context: ApiContext): UsageAsker => {
  const { clock } = context
  let askedCount = 0

  const ask = async <K extends UsageRequest['kind']>(
    nodeId: string,
    request: Extract<UsageRequest, { kind: K }>,
    kind: K,
  ): Promise<UsageOf<K> | Unknown> => {
    if (askedCount >= MAX_USAGE_ASKED)
      return unknown(`${MAX_USAGE_ASKED} nodes and allocations are being asked already`)
    const timeout = new AbortController()
    const cancel = clock.after(USAGE_TIMEOUT_MS, () => timeout.abort())
    askedCount += 1
    try {
      for await (const answer of context.askNode(nodeId, request, timeout.signal)) {
        if (isAnswerTo(answer, kind)) return answer
        return unknown(answer.kind === 'error' ? answer.message : 'the node answered something else')
      }
      return unknown(`the node did not answer within ${USAGE_TIMEOUT_MS} ms`)
    } catch (error) {
      if (!isAppError(error)) throw error
      return unknown(error.message)
    } finally {
      askedCount -= 1
      cancel()
    }
  }

  return {
    ofAllocation: async row => {
      const nothing = (unknownBecause: string): AllocationUsage => ({ tasks: [], unknownBecause })
      if (row.at !== 'now') return nothing('what was used in the past is not kept')
      if (row.clientStatus !== 'running') return nothing('the allocation does not run')
      const answer = await ask(row.nodeId, { kind: 'stats', allocationId: row.id }, 'stats')
      if (answer.kind === 'unknown') return nothing(answer.because)
      return { tasks: tasksOf(answer), unknownBecause: reasonsOf(answer) }
    },
    ofNode: async row => {
      const nothing = (unknownBecause: string): NodeUsage => ({ tasks: null, host: null, unknownBecause })
      if (row.at !== 'now') return nothing('what was used in the past is not kept')
      if (row.status !== 'ready') return nothing(`the node is ${row.status}`)
      const answer = await ask(row.id, { kind: 'node-stats' }, 'node-stats')
      if (answer.kind === 'unknown') return nothing(answer.because)
      return { tasks: answer.tasks, host: answer.host, unknownBecause: null }
    },
  }
}
