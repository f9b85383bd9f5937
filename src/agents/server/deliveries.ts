import type { EvaluationState, JobState } from '../../domain/cluster/index.ts'
import type { EvaluationsFailed } from '../../domain/control/events.ts'
import { evaluationIdOf, type JobKey, splitJobKey, uuidOf } from '../../domain/ids.ts'
import { MAX_DELIVERIES, MAX_FAILURE_REASON_LENGTH } from '../../domain/limits.ts'
import { messageOf } from '../../platform/errors.ts'

/** Pauses before an evaluation is tried a second time, and a third (nomad-behaviour §3.2). */
const RETRY_AFTER_MS = [1_000, 20_000] as const
const LONGEST_RETRY_MS = 20_000
/** What an evaluation that failed left undone is tried again after a minute and up to five more, spread by its id. */
export const FOLLOW_UP_AFTER_MS = 60_000
export const FOLLOW_UP_SPREAD_MS = 300_000

type Delivery = {
  readonly evaluationId: string
  /** The job's revision when it was tried. */
  readonly revision: number
  readonly failures: number
  readonly againAt: number
}

/**
 * The evaluations that the scheduler threw on, one per job at most. Such a bug must cost one job, not the cluster: the
 * evaluation is tried again after a pause, holds up the others of its job meanwhile, and fails for good after
 * MAX_DELIVERIES. Known to this leader alone: the next one counts from zero.
 */
export type Deliveries = {
  /** The evaluation of the job that was tried and is not answered yet, null = none. */
  readonly tried: (key: JobKey) => string | null
  /** The instant at which the job's evaluations may be tried, not before `now`: at once where the job has changed. */
  readonly dueAt: (job: JobState, now: number) => number
  /** Notes that the scheduler threw; true once that was the last time. */
  readonly failed: (evaluation: EvaluationState, job: JobState, now: number) => boolean
  readonly ended: (key: JobKey) => void
}

export const createDeliveries = (): Deliveries => {
  const byJob = new Map<JobKey, Delivery>()
  return {
    tried: key => byJob.get(key)?.evaluationId ?? null,
    dueAt: ({ key, revision }, now) => {
      const delivery = byJob.get(key)
      if (delivery === undefined || delivery.revision !== revision) return now
      // Further away than any pause: the clock was set back meanwhile.
      return delivery.againAt - now > LONGEST_RETRY_MS ? now : Math.max(now, delivery.againAt)
    },
    failed: ({ id, jobKey }, { revision }, now) => {
      const before = byJob.get(jobKey)
      const failures = (before?.evaluationId === id ? before.failures : 0) + 1
      if (failures >= MAX_DELIVERIES) {
        byJob.delete(jobKey)
        return true
      }
      const pauseMs = RETRY_AFTER_MS[failures - 1] ?? LONGEST_RETRY_MS
      byJob.set(jobKey, { evaluationId: id, revision, failures, againAt: now + pauseMs })
      return false
    },
    ended: key => void byJob.delete(key),
  }
}

/** The end of an evaluation that the scheduler cannot answer, with its cause (I9), and the one that tries again later. */
export const failureOf = (
  evaluation: EvaluationState,
  { error, tries, now }: { readonly error: unknown; readonly tries: string; readonly now: number },
): EvaluationsFailed['data']['failures'][number] => {
  const spreadMs = Number.parseInt(uuidOf('follow-up', evaluation.id).slice(0, 8), 16) % (FOLLOW_UP_SPREAD_MS + 1)
  return {
    evaluationId: evaluation.id,
    reason: `${tries}: ${messageOf(error)}`.slice(0, MAX_FAILURE_REASON_LENGTH),
    followUp: {
      evaluationId: evaluationIdOf(evaluation.id, 'failed-follow-up', 0),
      ...splitJobKey(evaluation.jobKey),
      trigger: 'failed-follow-up',
      priority: evaluation.priority,
      waitUntil: now + FOLLOW_UP_AFTER_MS + spreadMs,
      previousId: evaluation.id,
      nodeId: null,
      deploymentId: evaluation.deploymentId,
      cause: `evaluation ${evaluation.id} failed`,
    },
  }
}
