import type { ClientStatus } from '../../../domain/cluster/index.ts'
import type { StopReason } from '../../../domain/control/events.ts'
import type { TaskGroup } from '../../../domain/jobspec/schema.ts'
import type { AllocationRow } from '../../../projections/queries/allocations.ts'

/** Why an allocation shall stop, in the words that Nomad's users know where it has them. */
export const desiredDescription = (reason: StopReason | null): string => {
  switch (reason) {
    case null:
      return ''
    case 'job-stopped':
    case 'group-removed':
    case 'count-lowered':
      return 'alloc not needed due to job update'
    case 'updated':
      return 'alloc is being updated due to job update'
    case 'requested':
      return 'alloc was stopped because a user asked for it'
    case 'rescheduled':
      return 'alloc was rescheduled because it failed'
    case 'node-down':
      return 'alloc is lost since its node is down'
    case 'node-gone':
      return 'alloc not needed as node is tainted'
    case 'older-incarnation':
      return 'alloc belongs to a job that was purged'
  }
}

/** How an allocation stands, in words. */
export const clientDescription = (status: ClientStatus): string => {
  switch (status) {
    case 'pending':
      return 'No tasks have started'
    case 'running':
      return 'Tasks are running'
    case 'complete':
      return 'All tasks have completed'
    case 'failed':
      return 'Failed tasks'
    case 'lost':
      return 'alloc is lost since its node is down'
    case 'unknown':
      return 'alloc is unknown since its node is disconnected'
  }
}

/** Attempts within the interval before the newest one, against what the job allows. */
export const rescheduleCount = (row: AllocationRow, group: TaskGroup | undefined) => {
  if (group === undefined) return null
  const { attempts, intervalMs, isUnlimited } = group.reschedule
  if (attempts === 0 && !isUnlimited) return null
  const since = row.createdAt - intervalMs
  const attempted = isUnlimited ? row.reschedules.length : row.reschedules.filter(attempt => attempt.at > since).length
  return { attempted, allowed: isUnlimited ? 0 : attempts, isUnlimited }
}
