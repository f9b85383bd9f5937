import { MAX_PLAN_ATTEMPTS } from '../limits.ts'
import type { SchedulerKind } from './scheduler-kind.ts'

/** Runs for ever: what ends is replaced. */
export const service: SchedulerKind = {
  type: 'service',
  maxPlanAttempts: MAX_PLAN_ATTEMPTS.service,
  usesDeployments: true,
  forgetsOldTerminal: false,
  keepsComplete: () => false,
}
