import type { AllocationState } from '../cluster/index.ts'
import type { JobType } from '../jobspec/schema.ts'

/** What sets the kinds of jobs apart for the scheduler. */
export type SchedulerKind = {
  readonly type: JobType
  /** After so many plans without progress the evaluation fails. */
  readonly maxPlanAttempts: number
  readonly usesDeployments: boolean
  /** Terminal allocations of older versions no longer count for anything, so the new version runs anew. */
  readonly forgetsOldTerminal: boolean
  /** True for a complete allocation that counts as one of its group and is never replaced. */
  readonly keepsComplete: (allocation: AllocationState) => boolean
}
