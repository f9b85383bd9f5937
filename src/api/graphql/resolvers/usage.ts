import { isAppError } from '../../../platform/errors.ts'
import type { AllocationRow } from '../../../projections/queries/allocations.ts'
import type { ApiContext } from '../../context.ts'
import { USAGE_TIMEOUT_MS } from '../limits.ts'

export type AllocationUsage = {
  readonly tasks: readonly { readonly task: string; readonly cpuMhz: number; readonly memoryBytes: number }[]
}

/** What the tasks use now, asked of their node; null for what does not run, of the past, and where the node does not answer in time. */
export const usageOf = async (context: ApiContext, row: AllocationRow): Promise<AllocationUsage | null> => {
  if (row.at !== 'now' || row.clientStatus !== 'running') return null
  const timeout = new AbortController()
  const cancel = context.clock.after(USAGE_TIMEOUT_MS, () => timeout.abort())
  try {
    for await (const answer of context.askNode(row.nodeId, { kind: 'stats', allocationId: row.id }, timeout.signal)) {
      if (answer.kind !== 'stats') return null
      const tasks = Object.entries(answer.tasks).map(([task, usage]) => ({
        task,
        cpuMhz: Math.round(usage.cpuMhz),
        memoryBytes: usage.memoryBytes,
      }))
      return { tasks }
    }
    return null
  } catch (error) {
    if (timeout.signal.aborted || (isAppError(error) && error.code === 'NODE_UNREACHABLE')) return null
    throw error
  } finally {
    cancel()
  }
}
