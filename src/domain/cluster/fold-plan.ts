import type { Placements, PlanCommitted } from '../control/events.ts'
import type { Recorded } from '../events.ts'
import { allocationId, jobKey } from '../ids.ts'
import type { TaskGroup } from '../jobspec/schema.ts'
import type { TaskReport } from '../report/events.ts'
import { takeResources, touchAllocation } from './allocation.ts'
import { openEvaluation, openNewEvaluation, setEvaluationStatus } from './evaluation.ts'
import type { Fold, FoldContext } from './fold-context.ts'
import { dropServices } from './services.ts'
import type { AllocationState, DeploymentState, JobState } from './state.ts'

type Plan = Recorded<PlanCommitted>

const untouched = (task: string): TaskReport => ({
  task,
  phase: 'pending',
  isFailed: false,
  startNumber: 0,
  restarts: 0,
  startedAt: null,
  finishedAt: null,
  lastRestartAt: null,
  exitCode: null,
})

const pendingTasks = (group: TaskGroup | undefined): Map<string, TaskReport> =>
  new Map(group?.tasks.map(task => [task.name, untouched(task.name)] as const) ?? [])

const pairsOf = <T>(pairs: readonly (readonly [number, T])[]): ReadonlyMap<number, T> => new Map(pairs)

const newAllocation = (plan: Plan, job: JobState, row: number, columns: RowColumns): AllocationState => {
  const { placements } = plan.data
  const spec = job.versions.find(version => version.version === plan.data.jobVersion)?.spec ?? job.spec
  const groupName = placements.groups[placements.group[row] ?? 0] ?? ''
  const metrics = placements.metrics[placements.metric[row] ?? 0]
  return {
    id: allocationId(plan.id, row),
    jobKey: job.key,
    incarnation: plan.data.incarnation,
    group: groupName,
    index: placements.index[row] ?? 0,
    name: `${spec.name}.${groupName}[${placements.index[row] ?? 0}]`,
    nodeId: placements.nodes[placements.node[row] ?? 0] ?? '',
    jobVersion: plan.data.jobVersion,
    job: spec,
    evaluationId: plan.data.evaluationId,
    deploymentId: deploymentFor(plan, groupName),
    ports: placements.ports[row] ?? [],
    createdAt: plan.at,
    createdPosition: plan.position,
    modifiedAt: plan.at,
    modifiedPosition: plan.position,
    desired: 'run',
    stopReason: null,
    stopRequested: false,
    skipsShutdownDelay: false,
    judgement: null,
    observed: 'pending',
    tasks: pendingTasks(spec.groups.find(group => group.name === groupName)),
    health: null,
    checks: new Map(),
    previousId: columns.previous.get(row) ?? null,
    nextId: null,
    followUpEvaluationId: null,
    failureEvaluationId: null,
    reschedules: columns.reschedules.get(row) ?? [],
    score: placements.score[row] ?? 0,
    metrics: metrics ?? emptyMetrics,
  }
}

const emptyMetrics = {
  nodesInPool: 0,
  nodesEvaluated: 0,
  nodesFiltered: 0,
  nodesExhausted: 0,
  nodesAvailable: {},
  classFiltered: {},
  classExhausted: {},
  constraintFiltered: {},
  dimensionExhausted: {},
  scores: [],
}

type RowColumns = {
  readonly previous: ReadonlyMap<number, string>
  readonly reschedules: ReadonlyMap<number, AllocationState['reschedules']>
}

const deploymentFor = (plan: Plan, group: string): string | null => {
  const { deployment } = plan.data
  return deployment !== null && deployment.groups.some(candidate => candidate.group === group)
    ? deployment.deploymentId
    : null
}

const foldDeployment = ({ state, changes }: FoldContext, plan: Plan, job: JobState): void => {
  const { deployment } = plan.data
  if (deployment === null || !deployment.isNew || state.deployments.has(deployment.deploymentId)) return
  const created: DeploymentState = {
    id: deployment.deploymentId,
    jobKey: job.key,
    incarnation: plan.data.incarnation,
    jobVersion: plan.data.jobVersion,
    jobRevision: job.revision,
    status: 'running',
    description: 'Deployment is running',
    groups: new Map(
      deployment.groups.map(group => [
        group.group,
        {
          desiredTotal: group.desiredTotal,
          progressDeadlineMs: group.progressDeadlineMs,
          autoRevert: group.autoRevert,
          placed: 0,
          healthy: 0,
          unhealthy: 0,
          requireProgressBy: group.progressDeadlineMs === 0 ? 0 : plan.data.basis.now + group.progressDeadlineMs,
        },
      ]),
    ),
    allocations: new Set(),
    pendingAction: null,
    pendingRevertTo: null,
    createdAt: plan.at,
    createdPosition: plan.position,
    modifiedAt: plan.at,
    modifiedPosition: plan.position,
  }
  state.deployments.set(created.id, created)
  state.activeDeployments.add(created.id)
  job.deployments.add(created.id)
  job.latestDeploymentId = created.id
  changes.deployments.add(created.id)
}

const joinDeployment = ({ state, changes }: FoldContext, allocation: AllocationState): void => {
  const deployment = allocation.deploymentId === null ? undefined : state.deployments.get(allocation.deploymentId)
  if (deployment === undefined || deployment.allocations.has(allocation.id)) return
  deployment.allocations.add(allocation.id)
  const group = deployment.groups.get(allocation.group)
  if (group !== undefined) group.placed += 1
  changes.deployments.add(deployment.id)
}

const foldPlacements = (context: FoldContext, plan: Plan, job: JobState): void => {
  const { placements } = plan.data
  const columns: RowColumns = { previous: pairsOf(placements.previous), reschedules: pairsOf(placements.reschedules) }
  const evaluation = context.state.evaluations.get(plan.data.evaluationId)
  for (let row = 0; row < rowsOf(placements); row++) {
    const allocation = newAllocation(plan, job, row, columns)
    if (context.state.allocations.has(allocation.id)) continue
    context.state.allocations.set(allocation.id, allocation)
    job.allocations.add(allocation.id)
    evaluation?.placed.push(allocation.id)
    takeResources(context, allocation)
    joinDeployment(context, allocation)
    linkPrevious(context, plan, allocation)
    touchAllocation(context, allocation, plan)
  }
}

const rowsOf = (placements: Placements): number => placements.node.length

const linkPrevious = (context: FoldContext, plan: Plan, allocation: AllocationState): void => {
  const previous = allocation.previousId === null ? undefined : context.state.allocations.get(allocation.previousId)
  if (previous === undefined) return
  previous.nextId = allocation.id
  touchAllocation(context, previous, plan)
}

const foldStops = (context: FoldContext, plan: Plan): void => {
  for (const stop of plan.data.stops) {
    const allocation = context.state.allocations.get(stop.allocationId)
    if (allocation === undefined) continue
    allocation.desired = 'stop'
    allocation.stopReason = stop.reason
    if (stop.judgement !== null) allocation.judgement = stop.judgement
    touchAllocation(context, allocation, plan)
    context.changes.nodes.add(allocation.nodeId)
  }
}

const foldInPlace = (context: FoldContext, plan: Plan, job: JobState): void => {
  for (const id of plan.data.inPlace) {
    const allocation = context.state.allocations.get(id)
    if (allocation === undefined) continue
    dropServices(context, allocation)
    allocation.jobVersion = plan.data.jobVersion
    allocation.job = job.versions.find(version => version.version === plan.data.jobVersion)?.spec ?? job.spec
    allocation.evaluationId = plan.data.evaluationId
    const deploymentId = deploymentFor(plan, allocation.group)
    if (deploymentId !== allocation.deploymentId) {
      allocation.deploymentId = deploymentId
      allocation.health = null
      joinDeployment(context, allocation)
    }
    touchAllocation(context, allocation, plan)
    context.changes.nodes.add(allocation.nodeId)
  }
}

const foldFollowUps = (context: FoldContext, plan: Plan): void => {
  for (const followUp of plan.data.followUps) {
    openNewEvaluation(context, plan, followUp.evaluation)
    for (const id of followUp.allocationIds) {
      const allocation = context.state.allocations.get(id)
      if (allocation === undefined) continue
      allocation.followUpEvaluationId = followUp.evaluation.evaluationId
      touchAllocation(context, allocation, plan)
    }
  }
}

const endDeployments = (context: FoldContext, plan: Plan): void => {
  for (const { deploymentId, description } of plan.data.cancelledDeployments) {
    const deployment = context.state.deployments.get(deploymentId)
    if (deployment === undefined) continue
    deployment.status = 'cancelled'
    deployment.description = description
    deployment.modifiedAt = plan.at
    deployment.modifiedPosition = plan.position
    context.state.activeDeployments.delete(deploymentId)
    context.changes.deployments.add(deploymentId)
    context.changes.jobs.add(deployment.jobKey)
  }
}

/** One blocked evaluation per job: whatever else of the job waited for room is answered by this plan. */
const foldBlocked = (context: FoldContext, plan: Plan, job: JobState): void => {
  const { data } = plan
  const keeps = data.blockedEvaluationId
  for (const id of job.evaluations) {
    if (id === keeps || id === data.evaluationId || !context.state.blocked.has(id)) continue
    setEvaluationStatus(context, plan, {
      id,
      status: 'cancelled',
      description: `answered by evaluation ${data.evaluationId}`,
    })
  }
  if (keeps === null || keeps === data.evaluationId) return
  openEvaluation(context, plan, {
    id: keeps,
    jobKey: job.key,
    trigger: data.outcome === 'failed' ? 'max-plan-attempts' : 'queued-allocs',
    priority: job.spec.priority,
    cause: 'waits for room to place the remaining allocations',
    previousId: data.evaluationId,
    status: 'blocked',
  })
  const blocked = context.state.evaluations.get(keeps)
  if (blocked === undefined) return
  blocked.unplaced = data.unplaced
  blocked.basisPosition = data.basis.position
}

const foldOutcome = (context: FoldContext, plan: Plan): void => {
  const { data } = plan
  const evaluation = context.state.evaluations.get(data.evaluationId)
  if (evaluation === undefined) return
  evaluation.plans.push(plan.id)
  evaluation.basisPosition = data.basis.position
  evaluation.unplaced = data.unplaced
  evaluation.queued = data.queued
  evaluation.changes = data.changes
  evaluation.blockedId = data.blockedEvaluationId === data.evaluationId ? null : data.blockedEvaluationId
  evaluation.deploymentId = data.deployment?.deploymentId ?? evaluation.deploymentId
  const waitsItself = data.blockedEvaluationId === data.evaluationId
  const statuses = { complete: waitsItself ? 'blocked' : 'complete', partial: 'pending', failed: 'failed' } as const
  setEvaluationStatus(context, plan, {
    id: evaluation.id,
    status: statuses[data.outcome],
    description: data.description,
  })
}

export const foldPlan: Fold<PlanCommitted> = (context, plan) => {
  const job = context.state.jobs.get(jobKey(plan.data.namespace, plan.data.jobId))
  if (job === undefined) return
  endDeployments(context, plan)
  foldDeployment(context, plan, job)
  foldStops(context, plan)
  foldInPlace(context, plan, job)
  foldPlacements(context, plan, job)
  foldFollowUps(context, plan)
  if (plan.data.outcome !== 'partial') foldBlocked(context, plan, job)
  foldOutcome(context, plan)
  job.modifiedPosition = plan.position
  context.changes.jobs.add(job.key)
}
