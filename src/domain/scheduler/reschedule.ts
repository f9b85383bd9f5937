import type { AllocationState } from '../cluster/index.ts'
import type { RescheduleAttempt } from '../control/events.ts'
import type { Reschedule } from '../jobspec/schema.ts'
import { MAX_RESCHEDULES_KEPT } from '../limits.ts'

/** What becomes of a failed allocation. Times are ms. */
export type RescheduleDecision =
  | { readonly kind: 'now'; readonly delayMs: number }
  | { readonly kind: 'later'; readonly at: number; readonly delayMs: number }
  | { readonly kind: 'never' }

/** A delayed reschedule that comes due within this time is done at once. */
const DUE_SOON_MS = 1_000

/** When its last task ended, or when it was last heard of. */
export const failedAt = (allocation: AllocationState): number => {
  let latest = 0
  for (const task of allocation.tasks.values()) latest = Math.max(latest, task.finishedAt ?? 0)
  return latest === 0 ? allocation.modifiedAt : latest
}

const grownDelay = (policy: Reschedule, attempts: readonly RescheduleAttempt[]): number => {
  const last = attempts.at(-1)
  const beforeLast = attempts.at(-2)
  if (last === undefined) return policy.delayMs
  switch (policy.delayFunction) {
    case 'constant':
      return policy.delayMs
    case 'exponential':
      return last.delayMs * 2
    case 'fibonacci':
      // After a reset the series starts anew: the delay before it is none of its own.
      if (beforeLast === undefined || beforeLast.delayMs > last.delayMs) return policy.delayMs
      return last.delayMs + beforeLast.delayMs
  }
}

/**
 * How long a failed allocation waits before it is replaced: grows by the policy's function, is capped, and starts anew
 * when the last attempt ran for longer than the delay that would follow.
 */
export const rescheduleDelayMs = (allocation: AllocationState, policy: Reschedule): number => {
  const grown = grownDelay(policy, allocation.reschedules)
  const capped = policy.maxDelayMs > 0 ? Math.min(grown, policy.maxDelayMs) : grown
  const last = allocation.reschedules.at(-1)
  const ranForMs = last === undefined ? 0 : failedAt(allocation) - last.at
  return ranForMs > capped ? policy.delayMs : capped
}

const recent = (allocation: AllocationState, policy: Reschedule): readonly RescheduleAttempt[] =>
  allocation.reschedules.filter(attempt => failedAt(allocation) - attempt.at < policy.intervalMs)

const hasAttemptsLeft = (allocation: AllocationState, policy: Reschedule): boolean =>
  policy.isUnlimited || recent(allocation, policy).length < policy.attempts

/** Decides by the group's policy; `isForced` (the user asked, or its follow-up evaluation has come) asks no policy. */
export const decideReschedule = (
  allocation: AllocationState,
  policy: Reschedule,
  at: { readonly now: number; readonly isForced: boolean },
): RescheduleDecision => {
  const delayMs = rescheduleDelayMs(allocation, policy)
  if (at.isForced) return { kind: 'now', delayMs }
  if (!hasAttemptsLeft(allocation, policy)) return { kind: 'never' }
  const due = failedAt(allocation) + delayMs
  return due <= at.now + DUE_SOON_MS ? { kind: 'now', delayMs } : { kind: 'later', at: due, delayMs }
}

/** The attempts that the replacement carries: those that still count, and this one. */
export const nextAttempts = (
  allocation: AllocationState,
  policy: Reschedule,
  attempt: { readonly now: number; readonly delayMs: number },
): readonly RescheduleAttempt[] => {
  const kept = policy.isUnlimited
    ? allocation.reschedules.slice(-(MAX_RESCHEDULES_KEPT - 1))
    : recent(allocation, policy).slice(-policy.attempts)
  return [
    ...kept,
    {
      at: attempt.now,
      previousAllocationId: allocation.id,
      previousNodeId: allocation.nodeId,
      delayMs: attempt.delayMs,
    },
  ]
}
