import type { EvaluationState, JobState } from '../cluster/index.ts'
import type { PlanCommitted } from '../control/events.ts'
import { evaluationIdOf } from '../ids.ts'

type FollowUp = PlanCommitted['data']['followUps'][number]
type Waiting = { readonly allocationId: string; readonly at: number }

/** Delayed reschedules that come due within this time of one another share one evaluation. */
export const FOLLOW_UP_WINDOW_MS = 5_000

const windowsOf = (waiting: readonly Waiting[]): readonly (readonly Waiting[])[] => {
  const windows: Waiting[][] = []
  for (const entry of waiting.toSorted((a, b) => a.at - b.at || (a.allocationId < b.allocationId ? -1 : 1))) {
    const current = windows.at(-1)
    const start = current?.[0]?.at
    if (current === undefined || start === undefined || entry.at - start >= FOLLOW_UP_WINDOW_MS) windows.push([entry])
    else current.push(entry)
  }
  return windows
}

/** The evaluations that will replace failed allocations once their delay is over: not before the last of a window is due. */
export const planFollowUps = (
  waiting: readonly Waiting[],
  of: { readonly job: JobState; readonly evaluation: EvaluationState; readonly planEventId: string },
): readonly FollowUp[] =>
  windowsOf(waiting).map((entries, index) => {
    const waitUntil = Math.max(...entries.map(({ at }) => at))
    const count = entries.length
    return {
      evaluation: {
        evaluationId: evaluationIdOf(of.planEventId, 'alloc-reschedule', index),
        namespace: of.job.namespace,
        jobId: of.job.jobId,
        trigger: 'alloc-reschedule',
        priority: of.job.spec.priority,
        waitUntil,
        previousId: of.evaluation.id,
        nodeId: null,
        deploymentId: null,
        cause: count === 1 ? 'a failed allocation is to be replaced' : `${count} failed allocations are to be replaced`,
      },
      allocationIds: entries.map(({ allocationId }) => allocationId),
    }
  })
