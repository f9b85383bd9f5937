import { type AllocationState, type ClusterState, holdsResources, type JobState } from '../cluster/index.ts'
import type { StopReason } from '../control/events.ts'
import type { Reschedule } from '../jobspec/schema.ts'
import { decideReschedule } from './reschedule.ts'
import type { SchedulerKind } from './scheduler-kind.ts'

/**
 * What one existing allocation of a wanted group is to a plan.
 *
 * `ignored`: takes no part. `silenced`: to stop already, on a node that can no longer say so: only the judgement is
 * written. `lost`: its node is gone, it is replaced. `requested`: a user asked for its stop, it is replaced.
 * `reschedule-now`: failed, is replaced. `kept`: counts as one of the group; `followUpAt` when a failed one waits.
 */
export type Classified =
  | { readonly kind: 'ignored' }
  | { readonly kind: 'silenced'; readonly reason: StopReason }
  | { readonly kind: 'lost'; readonly reason: StopReason }
  | { readonly kind: 'requested' }
  | { readonly kind: 'reschedule-now'; readonly delayMs: number }
  | { readonly kind: 'kept'; readonly followUpAt: number | null }

export type ClassifyContext = {
  readonly state: ClusterState
  readonly job: JobState
  readonly kind: SchedulerKind
  readonly now: number
  readonly evaluationId: string
  readonly forcesReschedule: boolean
  /** The job version's failed deployment: what failed as part of it is not replaced. */
  readonly failedDeploymentId: string | null
}

const ignored: Classified = { kind: 'ignored' }
const kept: Classified = { kind: 'kept', followUpAt: null }

/** Why an allocation on this node cannot go on; null when it can. */
export const nodeLoss = (state: ClusterState, nodeId: string): 'node-down' | 'node-gone' | null => {
  const node = state.nodes.get(nodeId)
  if (node === undefined) return 'node-gone'
  return node.status === 'down' ? 'node-down' : null
}

const isOldVersion = ({ job }: ClassifyContext, allocation: AllocationState): boolean =>
  allocation.jobVersion !== job.version

const classifyHolding = (context: ClassifyContext, allocation: AllocationState): Classified => {
  const loss = nodeLoss(context.state, allocation.nodeId)
  if (allocation.desired === 'stop') {
    return loss === null ? ignored : { kind: 'silenced', reason: allocation.stopReason ?? loss }
  }
  if (loss !== null) return { kind: 'lost', reason: loss }
  return allocation.stopRequested ? { kind: 'requested' } : kept
}

/** True while its follow-up evaluation waits for its time (this very evaluation does not: it forces the reschedule). */
const waitsFor = (context: ClassifyContext, allocation: AllocationState): boolean => {
  const id = allocation.followUpEvaluationId
  return id !== null && context.state.evaluations.get(id)?.status === 'pending'
}

const classifyFailed = (context: ClassifyContext, allocation: AllocationState, policy: Reschedule): Classified => {
  if (allocation.nextId !== null) return ignored
  if (context.kind.forgetsOldTerminal && isOldVersion(context, allocation)) return ignored
  const { deploymentId } = allocation
  if (deploymentId !== null && deploymentId === context.failedDeploymentId) return kept
  const isForced = context.forcesReschedule || allocation.followUpEvaluationId === context.evaluationId
  const decision = decideReschedule(allocation, policy, { now: context.now, isForced })
  switch (decision.kind) {
    case 'now':
      return { kind: 'reschedule-now', delayMs: decision.delayMs }
    case 'later':
      return waitsFor(context, allocation) ? kept : { kind: 'kept', followUpAt: decision.at }
    case 'never':
      return kept
  }
}

const classifyComplete = (context: ClassifyContext, allocation: AllocationState): Classified => {
  if (!context.kind.keepsComplete(allocation) || allocation.nextId !== null) return ignored
  return isOldVersion(context, allocation) ? ignored : kept
}

export const classify = (context: ClassifyContext, allocation: AllocationState, policy: Reschedule): Classified => {
  if (allocation.judgement === 'lost') return ignored
  if (holdsResources(allocation)) return classifyHolding(context, allocation)
  if (allocation.observed === 'complete') return classifyComplete(context, allocation)
  return allocation.desired === 'stop' ? ignored : classifyFailed(context, allocation, policy)
}
