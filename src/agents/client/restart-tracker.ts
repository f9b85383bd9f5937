import type { JobType, Lifecycle, Restart } from '../../domain/jobspec/schema.ts'
import { formatGoDuration } from '../../lang/goflags/duration.ts'
import type { EpochMs } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'

/** Restarts counted in the current interval of the policy; `since` null = no interval has begun. */
export type RestartTracker = { readonly count: number; readonly since: EpochMs | null }

export const newTracker: RestartTracker = { count: 0, since: null }

/** Why a task does not run any more. */
export type StopCause =
  | { readonly kind: 'killed' }
  /** Somebody asked for a restart; one that a failing check asked for counts against the policy. */
  | { readonly kind: 'requested'; readonly reason: string; readonly isFailure: boolean }
  | { readonly kind: 'exited'; readonly isSuccess: boolean }
  | { readonly kind: 'start-failed'; readonly isRecoverable: boolean }

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly reason: string }
  /** Dead, and as it should be. */
  | { readonly kind: 'finished'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'killed' }

export type RestartInput = {
  readonly policy: Restart
  readonly tracker: RestartTracker
  readonly cause: StopCause
  readonly restartsOnSuccess: boolean
  readonly now: EpochMs
  readonly random: Random
}

/** At most this share of the delay is added by chance, so that tasks that failed together do not come back together. */
const JITTER = 0.25

/** Whether a task that ended well is started again: what serves does, what has an end does not. */
export const restartsOnSuccess = (jobType: JobType, lifecycle: Lifecycle | null): boolean =>
  lifecycle === null ? jobType === 'service' : lifecycle.isSidecar

const terminatedWell = 'Restart unnecessary as task terminated successfully'

const countRestart = ({ policy, tracker, now }: RestartInput): { readonly count: number; readonly since: EpochMs } =>
  tracker.since === null || now > tracker.since + policy.intervalMs
    ? { count: 1, since: now }
    : { count: tracker.count + 1, since: tracker.since }

const exceeded = (
  input: RestartInput,
  counted: { readonly count: number; readonly since: EpochMs },
): RestartDecision => {
  const { policy, now } = input
  if (policy.mode === 'fail') {
    const interval = formatGoDuration(policy.intervalMs)
    return {
      kind: 'failed',
      reason: `Exceeded allowed attempts ${policy.attempts} in interval ${interval} and mode is "fail"`,
    }
  }
  const delayMs = Math.max(0, counted.since + policy.intervalMs - now)
  return { kind: 'restart', delayMs, reason: 'Exceeded allowed attempts, applying a delay' }
}

const decideCounted = (
  input: RestartInput,
  counted: { readonly count: number; readonly since: EpochMs },
): RestartDecision => {
  const { policy, cause, random } = input
  if (cause.kind === 'start-failed' && !cause.isRecoverable) {
    return { kind: 'failed', reason: 'Error was unrecoverable' }
  }
  if (cause.kind === 'exited' && cause.isSuccess && !input.restartsOnSuccess) {
    return { kind: 'finished', reason: terminatedWell }
  }
  if (counted.count > policy.attempts) return exceeded(input, counted)
  const delayMs = Math.round(policy.delayMs * (1 + JITTER * random.next()))
  return {
    kind: 'restart',
    delayMs,
    reason: cause.kind === 'requested' ? cause.reason : 'Restart within policy',
  }
}

/**
 * What becomes of a task that does not run any more: Nomad's decision table, first match first. Answers the decision and
 * the tracker to keep. Pure but for the jitter, which is drawn from `random`.
 */
export const decideRestart = (
  input: RestartInput,
): { readonly decision: RestartDecision; readonly tracker: RestartTracker } => {
  const { policy, tracker, cause } = input
  if (cause.kind === 'killed') return { decision: { kind: 'killed' }, tracker }
  if (cause.kind === 'requested' && !cause.isFailure) {
    return { decision: { kind: 'restart', delayMs: 0, reason: cause.reason }, tracker }
  }
  if (policy.attempts === 0) {
    const isDone = cause.kind === 'exited' && cause.isSuccess && !input.restartsOnSuccess
    const decision: RestartDecision = isDone
      ? { kind: 'finished', reason: terminatedWell }
      : { kind: 'failed', reason: 'Policy allows no restarts' }
    return { decision, tracker }
  }
  const counted = countRestart(input)
  return { decision: decideCounted(input, counted), tracker: counted }
}
