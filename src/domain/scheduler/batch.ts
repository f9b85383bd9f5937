import type { AllocationState } from '../cluster/index.ts'
import { MAX_PLAN_ATTEMPTS } from '../limits.ts'
import type { SchedulerKind } from './scheduler-kind.ts'

const ranSuccessfully = (allocation: AllocationState): boolean =>
  [...allocation.tasks.values()].every(task => !task.isFailed && task.exitCode === 0)

/** Runs to its end: what ended well is done, even where it was told to stop in the meantime. */
export const batch: SchedulerKind = {
  type: 'batch',
  maxPlanAttempts: MAX_PLAN_ATTEMPTS.batch,
  usesDeployments: false,
  forgetsOldTerminal: true,
  keepsComplete: allocation =>
    allocation.desired === 'run' || (allocation.tasks.size > 0 && ranSuccessfully(allocation)),
}
