import type { NewEvaluation } from '../../domain/control/events.ts'
import { evaluationIdOf, type JobKey, splitJobKey } from '../../domain/ids.ts'
import type { Reactor } from './reactor.ts'

/** Opens one evaluation per job for its allocations that failed and that nobody has looked at, each allocation once. */
export const failureWatcher: Reactor = {
  name: 'failure-watcher',
  plan: ({ state, batch }) => {
    const byJob = new Map<JobKey, string[]>()
    for (const id of state.failedAllocations) {
      const key = state.allocations.get(id)?.jobKey
      if (key === undefined) continue
      byJob.set(key, [...(byJob.get(key) ?? []), id])
    }
    if (byJob.size === 0) return
    const evaluations = Array.from(byJob, ([key, allocationIds]): NewEvaluation => {
      const first = allocationIds.toSorted()[0] ?? ''
      return {
        evaluationId: evaluationIdOf(first, 'alloc-failure', 0),
        ...splitJobKey(key),
        trigger: 'alloc-failure',
        priority: state.jobs.get(key)?.spec.priority ?? 50,
        waitUntil: 0,
        previousId: null,
        nodeId: null,
        deploymentId: null,
        cause: `${allocationIds.length} allocation${allocationIds.length === 1 ? '' : 's'} failed`,
        allocationIds,
      }
    })
    batch.add({ type: 'EvaluationsCreated', data: { evaluations } })
  },
  nextWake: () => null,
}
