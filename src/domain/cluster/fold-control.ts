import type { Collected, ControlEvent, DeploymentAdvance, NodesJudged, PeriodicRun } from '../control/events.ts'
import type { Recorded } from '../events.ts'
import { jobKey } from '../ids.ts'
import { MAX_DOWNS_KEPT } from '../limits.ts'
import { freeResources, holdsResources, touchAllocation } from './allocation.ts'
import { openNewEvaluation, setEvaluationStatus } from './evaluation.ts'
import type { Fold, FoldContext } from './fold-context.ts'
import { indexJob } from './fold-job.ts'
import { foldPlan } from './fold-plan.ts'
import { dropServices } from './services.ts'

type ControlFolds = { readonly [T in ControlEvent['type']]: Fold<Extract<ControlEvent, { type: T }>> }

const foldJudged: Fold<NodesJudged> = (context, event) => {
  for (const { nodeId, judgement, cause } of event.data.nodes) {
    const node = context.state.nodes.get(nodeId)
    if (node === undefined) continue
    node.status = judgement
    node.statusCause = cause
    node.modifiedPosition = event.position
    node.modifiedAt = event.at
    if (judgement !== 'ready') node.lastFullReportPosition = -1
    if (judgement === 'down') node.recentDowns = [...node.recentDowns, event.at].slice(-MAX_DOWNS_KEPT)
    context.changes.nodes.add(nodeId)
    for (const id of node.allocations) {
      const allocation = context.state.allocations.get(id)
      // A reconnect withdraws the judgement, never the observation (I7); what a plan has stopped stays stopped.
      if (allocation === undefined || judgement !== 'ready' || allocation.desired === 'stop') continue
      if (allocation.judgement === null) continue
      allocation.judgement = null
      touchAllocation(context, allocation, event)
    }
  }
  for (const evaluation of event.data.evaluations) openNewEvaluation(context, event, evaluation)
}

const advanceDeployment = (context: FoldContext, event: Recorded, advance: DeploymentAdvance): void => {
  const { state, changes } = context
  const deployment = state.deployments.get(advance.deploymentId)
  if (deployment === undefined) return
  deployment.status = advance.status
  deployment.description = advance.description
  deployment.pendingAction = null
  deployment.pendingRevertTo = advance.revertTo
  deployment.modifiedAt = event.at
  deployment.modifiedPosition = event.position
  for (const counts of advance.groups) {
    const group = deployment.groups.get(counts.group)
    if (group === undefined) continue
    group.healthy = counts.healthy
    group.unhealthy = counts.unhealthy
    group.requireProgressBy = counts.requireProgressBy
  }
  if (advance.status === 'running' || advance.status === 'paused') state.activeDeployments.add(deployment.id)
  else state.activeDeployments.delete(deployment.id)
  const job = state.jobs.get(deployment.jobKey)
  const version = job?.versions.find(candidate => candidate.version === deployment.jobVersion)
  if (advance.status === 'successful' && version !== undefined && job?.incarnation === deployment.incarnation)
    version.isStable = true
  changes.deployments.add(deployment.id)
  changes.jobs.add(deployment.jobKey)
  if (advance.evaluation !== null) openNewEvaluation(context, event, advance.evaluation)
}

const foldRun = (context: FoldContext, event: Recorded, run: PeriodicRun): void => {
  const job = context.state.jobs.get(jobKey(run.namespace, run.parentId))
  if (job === undefined) return
  if (run.request !== null) job.pendingForces.delete(run.request)
  if (run.incarnation === job.incarnation && run.request === null) {
    job.lastPeriodicInstant = Math.max(job.lastPeriodicInstant ?? 0, run.instant)
  }
  if (run.outcome === 'launched' && run.childId !== null && run.evaluationId !== null) {
    const { incarnation, version, instant, evaluationId } = run
    job.pendingChildren.set(run.childId, {
      kind: 'periodic',
      eventId: event.id,
      incarnation,
      version,
      instant,
      evaluationId,
    })
  }
  job.modifiedPosition = event.position
  indexJob(context, job)
  context.changes.jobs.add(job.key)
}

const forgetAllocation = (context: FoldContext, id: string): void => {
  const { state, changes } = context
  const allocation = state.allocations.get(id)
  if (allocation === undefined) return
  dropServices(context, allocation)
  if (holdsResources(allocation)) freeResources(context, allocation)
  state.allocations.delete(id)
  state.failedAllocations.delete(id)
  state.jobs.get(allocation.jobKey)?.allocations.delete(id)
  state.nodes.get(allocation.nodeId)?.allocations.delete(id)
  if (allocation.deploymentId !== null) state.deployments.get(allocation.deploymentId)?.allocations.delete(id)
  changes.allocations.add(id)
  changes.nodes.add(allocation.nodeId)
  changes.jobs.add(allocation.jobKey)
}

const forgetEvaluation = ({ state, changes }: FoldContext, id: string): void => {
  const evaluation = state.evaluations.get(id)
  if (evaluation === undefined) return
  state.evaluations.delete(id)
  state.pending.delete(id)
  state.blocked.delete(id)
  state.jobs.get(evaluation.jobKey)?.evaluations.delete(id)
  changes.evaluations.add(id)
  changes.jobs.add(evaluation.jobKey)
}

const forgetDeployment = ({ state, changes }: FoldContext, id: string): void => {
  const deployment = state.deployments.get(id)
  if (deployment === undefined) return
  state.deployments.delete(id)
  state.activeDeployments.delete(id)
  const job = state.jobs.get(deployment.jobKey)
  job?.deployments.delete(id)
  if (job?.latestDeploymentId === id) job.latestDeploymentId = null
  changes.deployments.add(id)
  changes.jobs.add(deployment.jobKey)
}

/** A collected job keeps its revision and incarnation as a purged one does: its stream goes on. */
const forgetJob = (context: FoldContext, key: string): void => {
  const { state, changes } = context
  const job = state.jobs.get(key)
  if (job === undefined) return
  job.status = 'purged'
  if (job.derivation !== null) state.jobs.get(jobKey(job.namespace, job.derivation.parentId))?.children.delete(key)
  indexJob(context, job)
  changes.jobs.add(key)
}

/** The position at which a thing last changed: a collection that saw an older one is void. */
const positionOf = (
  { state }: FoldContext,
  kind: Collected['data']['items'][number]['kind'],
  id: string,
): number | undefined => {
  switch (kind) {
    case 'evaluation':
      return state.evaluations.get(id)?.modifiedPosition
    case 'allocation':
      return state.allocations.get(id)?.modifiedPosition
    case 'deployment':
      return state.deployments.get(id)?.modifiedPosition
    case 'job':
      return state.jobs.get(id)?.modifiedPosition
    case 'node':
      return state.nodes.get(id)?.modifiedPosition
  }
}

const forget = {
  evaluation: forgetEvaluation,
  allocation: forgetAllocation,
  deployment: forgetDeployment,
  job: forgetJob,
  node: ({ state, changes }: FoldContext, id: string): void => {
    state.nodes.delete(id)
    changes.nodes.add(id)
  },
}

export const controlFolds: ControlFolds = {
  LeadershipTaken: ({ state }, event) => {
    state.epoch = event.data.epoch
    state.leaderAddress = event.data.address
  },
  PlanCommitted: foldPlan,
  EvaluationsCreated: (context, event) => {
    for (const evaluation of event.data.evaluations) openNewEvaluation(context, event, evaluation)
  },
  EvaluationsUnblocked: (context, event) => {
    for (const id of event.data.evaluationIds) {
      setEvaluationStatus(context, event, { id, status: 'pending', description: event.data.cause })
    }
  },
  EvaluationsCancelled: (context, event) => {
    for (const id of event.data.evaluationIds) {
      setEvaluationStatus(context, event, { id, status: 'cancelled', description: event.data.reason })
    }
  },
  EvaluationsFailed: (context, event) => {
    for (const { evaluationId, reason, followUp } of event.data.failures) {
      setEvaluationStatus(context, event, { id: evaluationId, status: 'failed', description: reason })
      if (followUp !== null) openNewEvaluation(context, event, followUp)
    }
  },
  NodesJudged: foldJudged,
  DeploymentsAdvanced: (context, event) => {
    for (const advance of event.data.deployments) advanceDeployment(context, event, advance)
  },
  PeriodicRunsDecided: (context, event) => {
    for (const run of event.data.runs) foldRun(context, event, run)
  },
  ReactorStalled: () => {},
  Collected: (context, event) => {
    context.state.collectionRequests.clear()
    for (const { kind, id, position } of event.data.items) {
      const current = positionOf(context, kind, id)
      if (current !== undefined && current <= position) forget[kind](context, id)
    }
  },
}
