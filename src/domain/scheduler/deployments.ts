import type { AllocationState, ClusterState, DeploymentState, JobState } from '../cluster/index.ts'
import type { DeploymentGroup, PlanCommitted } from '../control/events.ts'
import type { TaskGroup } from '../jobspec/schema.ts'

/** What the job's deployments are to a plan. */
export type DeploymentView = {
  /** The one of the job's current version, unless it has succeeded. */
  readonly current: DeploymentState | null
  readonly isActive: boolean
  /** True while nothing of the new version may go forward: paused, failed or cancelled. */
  readonly isHeld: boolean
  readonly cancelled: PlanCommitted['data']['cancelledDeployments']
}

const isOfVersion = (job: JobState, deployment: DeploymentState): boolean =>
  deployment.incarnation === job.incarnation && deployment.jobVersion === job.version

const currentOf = (state: ClusterState, job: JobState): DeploymentState | null => {
  const latest = job.latestDeploymentId === null ? undefined : state.deployments.get(job.latestDeploymentId)
  if (latest === undefined || !isOfVersion(job, latest) || latest.status === 'successful') return null
  return latest
}

export const viewDeployments = (state: ClusterState, job: JobState): DeploymentView => {
  const isStopped = job.status !== 'registered'
  const current = isStopped ? null : currentOf(state, job)
  const description = isStopped ? 'Cancelled because job is stopped' : 'Cancelled due to newer version of job'
  const cancelled = [...job.deployments]
    .filter(id => id !== current?.id && state.activeDeployments.has(id))
    .toSorted()
    .map(deploymentId => ({ deploymentId, description }))
  const isActive = current !== null && (current.status === 'running' || current.status === 'paused')
  return { current, isActive, isHeld: current !== null && current.status !== 'running', cancelled }
}

/**
 * How many allocations of a group may be replaced by the new version in this plan: `max_parallel` less those that the
 * deployment placed and that are not healthy yet; none while one is unhealthy or the deployment is held.
 */
export const updateLimit = (
  view: DeploymentView,
  group: TaskGroup,
  kept: readonly AllocationState[],
  placements: number,
): number => {
  if (group.update === null) return Number.POSITIVE_INFINITY
  if (view.isHeld) return 0
  const part = kept.filter(({ deploymentId }) => deploymentId !== null && deploymentId === view.current?.id)
  if (part.some(({ health }) => health !== null && !health.isHealthy)) return 0
  const waiting = part.filter(({ health }) => health === null).length
  return Math.max(0, group.update.maxParallel - waiting - placements)
}

/** The group's part of a deployment that this plan has to create; null where none is due. */
export const newDeploymentGroup = (
  view: DeploymentView,
  group: TaskGroup,
  facts: { readonly hadVersion: boolean; readonly isUpdating: boolean },
): DeploymentGroup | null => {
  if (group.update === null || group.count === 0 || view.current !== null) return null
  if (facts.hadVersion && !facts.isUpdating) return null
  return {
    group: group.name,
    desiredTotal: group.count,
    progressDeadlineMs: group.update.progressDeadlineMs,
    autoRevert: group.update.autoRevert,
  }
}

export const groupsOfDeployment = (deployment: DeploymentState): readonly DeploymentGroup[] =>
  [...deployment.groups].map(([group, { desiredTotal, progressDeadlineMs, autoRevert }]) => ({
    group,
    desiredTotal,
    progressDeadlineMs,
    autoRevert,
  }))
