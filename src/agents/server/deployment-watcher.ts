import type { ClusterState, DeploymentState, JobState } from '../../domain/cluster/index.ts'
import type { DeploymentAdvance, NewEvaluation } from '../../domain/control/events.ts'
import { evaluationIdOf, splitJobKey } from '../../domain/ids.ts'
import { isSameSpec } from '../../domain/job/index.ts'
import { changedIds, earliest, type Reactor, type ReactorContext } from './reactor.ts'

type Counts = DeploymentAdvance['groups'][number]
type Outcome = Pick<DeploymentAdvance, 'status' | 'description' | 'revertTo'>

const jobOf = (state: ClusterState, deployment: DeploymentState): JobState | undefined => {
  const job = state.jobs.get(deployment.jobKey)
  const isCurrent =
    job?.incarnation === deployment.incarnation && job.version === deployment.jobVersion && job.status === 'registered'
  return isCurrent ? job : undefined
}

/** Health as the clients reported it; an allocation that failed without a word is unhealthy. */
const countGroup = (
  state: ClusterState,
  deployment: DeploymentState,
  group: string,
): { healthy: number; unhealthy: number } => {
  let healthy = 0
  let unhealthy = 0
  for (const id of deployment.allocations) {
    const allocation = state.allocations.get(id)
    if (allocation === undefined || allocation.group !== group || allocation.deploymentId !== deployment.id) continue
    const isUnhealthy = allocation.health?.isHealthy === false || allocation.observed === 'failed'
    if (isUnhealthy) unhealthy += 1
    else if (allocation.health?.isHealthy === true && allocation.judgement === null) healthy += 1
  }
  return { healthy, unhealthy }
}

const countsOf = (context: ReactorContext, deployment: DeploymentState): readonly Counts[] =>
  Array.from(deployment.groups, ([group, before]) => {
    const { healthy, unhealthy } = countGroup(context.state, deployment, group)
    // The progress deadline moves on with every allocation that becomes healthy.
    const moves = healthy > before.healthy && before.progressDeadlineMs > 0
    const requireProgressBy = moves ? context.now + before.progressDeadlineMs : before.requireProgressBy
    return { group, healthy, unhealthy, requireProgressBy }
  })

/** Allocations of an older version that still run in a group of this deployment: the roll is not over. */
const hasOlder = (state: ClusterState, deployment: DeploymentState, job: JobState): boolean => {
  for (const id of job.allocations) {
    const allocation = state.allocations.get(id)
    if (allocation === undefined || allocation.desired === 'stop' || !deployment.groups.has(allocation.group)) continue
    if (allocation.jobVersion !== deployment.jobVersion && allocation.observed !== 'failed') return true
  }
  return false
}

const isComplete = (
  context: ReactorContext,
  deployment: DeploymentState,
  counts: readonly Counts[],
  job: JobState,
): boolean =>
  counts.every(count => count.healthy >= (deployment.groups.get(count.group)?.desiredTotal ?? 0)) &&
  !hasOlder(context.state, deployment, job)

/** Where a failed deployment goes back to: the newest stable version, unless it says the same. */
const revertOf = (
  deployment: DeploymentState,
  job: JobState,
): { readonly revertTo: number | null; readonly suffix: string } => {
  if (!Array.from(deployment.groups.values()).some(group => group.autoRevert)) return { revertTo: null, suffix: '' }
  const stable = job.versions.findLast(version => version.isStable && version.version < deployment.jobVersion)
  if (stable === undefined) return { revertTo: null, suffix: ' - no stable job version to auto revert to' }
  if (isSameSpec(stable.spec, job.spec)) {
    return {
      revertTo: null,
      suffix: ` - not rolling back to stable job version ${stable.version} as current job has same specification`,
    }
  }
  return { revertTo: stable.version, suffix: ` - rolling back to job version ${stable.version}` }
}

const failure = (deployment: DeploymentState, job: JobState, why: string): Outcome => {
  const { revertTo, suffix } = revertOf(deployment, job)
  return { status: 'failed', description: `${why}${suffix}`, revertTo }
}

const failureOf = (
  context: ReactorContext,
  deployment: DeploymentState,
  counts: readonly Counts[],
  job: JobState,
): Outcome | null => {
  for (const count of counts) {
    const group = deployment.groups.get(count.group)
    if (group === undefined) continue
    if (count.unhealthy > 0 && (group.progressDeadlineMs === 0 || group.autoRevert)) {
      return failure(deployment, job, 'Failed due to unhealthy allocations')
    }
    const isLate =
      count.requireProgressBy > 0 && context.now >= count.requireProgressBy && count.healthy < group.desiredTotal
    if (isLate) return failure(deployment, job, 'Failed due to progress deadline')
  }
  return null
}

const running: Outcome = { status: 'running', description: 'Deployment is running', revertTo: null }

const outcomeOf = (
  context: ReactorContext,
  deployment: DeploymentState,
  counts: readonly Counts[],
  job: JobState,
): Outcome => {
  if (deployment.pendingAction === 'fail') return failure(deployment, job, 'Deployment marked as failed')
  if (isComplete(context, deployment, counts, job)) {
    return { status: 'successful', description: 'Deployment completed successfully', revertTo: null }
  }
  const isPaused =
    deployment.pendingAction === 'pause' || (deployment.status === 'paused' && deployment.pendingAction !== 'resume')
  if (isPaused) return { status: 'paused', description: 'Deployment is paused', revertTo: null }
  return failureOf(context, deployment, counts, job) ?? running
}

const evaluationOf = (context: ReactorContext, deployment: DeploymentState, cause: string): NewEvaluation => ({
  evaluationId: evaluationIdOf(context.batch.nextEventId(), 'deployment-watcher', deployment.id),
  ...splitJobKey(deployment.jobKey),
  trigger: 'deployment-watcher',
  priority: context.state.jobs.get(deployment.jobKey)?.spec.priority ?? 50,
  waitUntil: 0,
  previousId: null,
  nodeId: null,
  deploymentId: deployment.id,
  cause,
})

const advanceOf = (context: ReactorContext, deployment: DeploymentState): DeploymentAdvance | null => {
  const job = jobOf(context.state, deployment)
  // A deployment of a version that is no longer the job's is ended by the next plan.
  if (job === undefined) return null
  const counts = countsOf(context, deployment)
  const outcome = outcomeOf(context, deployment, counts, job)
  const gained = counts.some(count => count.healthy > (deployment.groups.get(count.group)?.healthy ?? 0))
  const moved = counts.some(count => {
    const before = deployment.groups.get(count.group)
    return before?.healthy !== count.healthy || before.unhealthy !== count.unhealthy
  })
  const isSame = outcome.status === deployment.status && outcome.description === deployment.description
  if (isSame && !moved && deployment.pendingAction === null) return null
  const wantsMore = outcome.status === 'running' && (gained || deployment.status === 'paused')
  const evaluation = wantsMore ? evaluationOf(context, deployment, 'the deployment has made progress') : null
  return { deploymentId: deployment.id, ...outcome, groups: counts, evaluation }
}

/** Follows deployments by what clients report: health counts, progress, success, failure and what to go back to. */
export const createDeploymentWatcher = (): Reactor => ({
  name: 'deployment-watcher',
  plan: context => {
    const { state, batch, now } = context
    const due = Array.from(state.activeDeployments).filter(
      id => (deadlineOf(state, id) ?? Number.POSITIVE_INFINITY) <= now,
    )
    const ids = new Set([
      ...changedIds(context, 'deployments', state.activeDeployments),
      ...jobsChanged(context),
      ...due,
    ])
    const deployments: DeploymentAdvance[] = []
    for (const id of ids) {
      const deployment = state.activeDeployments.has(id) ? state.deployments.get(id) : undefined
      const advance = deployment === undefined ? null : advanceOf(context, deployment)
      if (advance !== null) deployments.push(advance)
    }
    if (deployments.length > 0) batch.add({ type: 'DeploymentsAdvanced', data: { deployments } })
  },
  nextWake: state => earliest(Array.from(state.activeDeployments).flatMap(id => deadlineOf(state, id) ?? [])),
})

/** Deployments whose job changed: an older version's last allocation may have gone. */
const jobsChanged = ({ state, changed }: ReactorContext): readonly string[] =>
  changed === 'all' ? [] : Array.from(changed.jobs).flatMap(key => state.jobs.get(key)?.latestDeploymentId ?? [])

const deadlineOf = (state: ClusterState, id: string): number | null => {
  const deployment = state.deployments.get(id)
  // One of a version that is not the job's any more has no deadline: a plan ends it, and waking for it would change nothing.
  if (deployment === undefined || deployment.status === 'paused' || jobOf(state, deployment) === undefined) return null
  const open = Array.from(deployment.groups.values()).filter(
    group => group.requireProgressBy > 0 && group.healthy < group.desiredTotal,
  )
  return earliest(open.map(group => group.requireProgressBy))
}
