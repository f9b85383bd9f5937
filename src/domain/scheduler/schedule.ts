import type { JobType } from '../jobspec/schema.ts'
import { batch } from './batch.ts'
import { planJob, type ScheduleInput, type ScheduleResult } from './plan.ts'
import type { SchedulerKind } from './scheduler-kind.ts'
import { service } from './service.ts'

/** Raised whenever the same evaluation on the same basis may give another plan; recorded with every plan. */
export const SCHEDULER_VERSION = 1

/** The kinds of scheduling; a new one is a file and a line here. */
export const schedulers: Readonly<Record<JobType, SchedulerKind>> = { service, batch }

/**
 * Answers one evaluation with a plan. Pure: the same input gives the same plan on every machine (I2). A plan with the
 * outcome `partial` leaves the evaluation pending: once the fold has it, the next call makes the next part.
 */
export const schedule = (input: ScheduleInput): ScheduleResult => {
  const type = input.state.jobs.get(input.evaluation.jobKey)?.spec.type ?? input.evaluation.jobType
  return planJob(input, schedulers[type])
}
