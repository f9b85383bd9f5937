import {
  type AllocationState,
  type ClusterState,
  type EvaluationState,
  holdsResources,
  type JobState,
} from '../cluster/index.ts'
import type { GroupChanges, PlannedStop, StopReason } from '../control/events.ts'
import type { TaskGroup } from '../jobspec/schema.ts'
import { nodeLoss } from './classify.ts'
import { type DeploymentView, viewDeployments } from './deployments.ts'
import { isInDatacenters, isInPool, type PlacementRequest } from './feasibility/index.ts'
import { type GroupOutcome, type ReconcileContext, reconcileGroup } from './reconcile-group.ts'
import type { SchedulerKind } from './scheduler-kind.ts'

/** What has to change for one job. */
export type JobOutcome = {
  readonly groups: readonly GroupOutcome[]
  /** Stops outside the wanted groups: older incarnations, removed groups, a stopped job. */
  readonly stops: readonly PlannedStop[]
  /** Those stops by group. */
  readonly changes: readonly GroupChanges[]
  readonly deployments: DeploymentView
}

export type ReconcileInput = {
  readonly state: ClusterState
  readonly job: JobState
  readonly kind: SchedulerKind
  readonly evaluation: EvaluationState
  readonly now: number
  readonly requestOf: (group: TaskGroup) => PlacementRequest
}

type Stopped = { readonly allocation: AllocationState; readonly stop: PlannedStop }

/** The stop of an allocation that is wanted no more; null when nothing is left to say about it. */
const stopOf = (state: ClusterState, allocation: AllocationState, reason: StopReason): PlannedStop | null => {
  if (!holdsResources(allocation) || allocation.judgement === 'lost') return null
  const loss = nodeLoss(state, allocation.nodeId)
  if (allocation.desired === 'stop' && loss === null) return null
  const kept = allocation.desired === 'stop' ? (allocation.stopReason ?? reason) : reason
  return { allocationId: allocation.id, reason: kept, judgement: loss === null ? null : 'lost' }
}

/** The groups that the job wants now: none while it is stopped, none for a parent that only launches others. */
const wantedGroups = (job: JobState): readonly TaskGroup[] => {
  const isParent = job.spec.periodic !== null || job.spec.parameterized !== null
  return job.status !== 'registered' || isParent ? [] : job.spec.groups
}

const reasonAgainst = (job: JobState, allocation: AllocationState): StopReason => {
  if (allocation.incarnation !== job.incarnation) return 'older-incarnation'
  return job.status === 'registered' ? 'group-removed' : 'job-stopped'
}

const stillFit =
  ({ state, job, requestOf }: ReconcileInput): ReconcileContext['isStillFit'] =>
  (group, nodeId) => {
    const node = state.nodes.get(nodeId)
    if (node === undefined || !isInPool(job.spec, node.nodePool) || !isInDatacenters(job.spec, node.datacenter))
      return false
    const { classConstraints, uniqueConstraints } = requestOf(group)
    return [...classConstraints, ...uniqueConstraints].every(constraint => constraint.isMetBy(node))
  }

const byId = (a: AllocationState, b: AllocationState): number => (a.id < b.id ? -1 : 1)

const stopsByGroup = (stopped: readonly Stopped[]): readonly GroupChanges[] => {
  const counts = new Map<string, number>()
  for (const { allocation } of stopped) counts.set(allocation.group, (counts.get(allocation.group) ?? 0) + 1)
  return [...counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, stop]) => ({ group, place: 0, stop, inPlace: 0, destructive: 0, ignore: 0 }))
}

/** Compares what a job wants with the allocations that there are. */
export const reconcile = (input: ReconcileInput): JobOutcome => {
  const { state, job, evaluation } = input
  const groups = wantedGroups(job)
  const byGroup = new Map(groups.map(group => [group.name, [] as AllocationState[]] as const))
  const unwanted: AllocationState[] = []
  for (const id of job.allocations) {
    const allocation = state.allocations.get(id)
    if (allocation === undefined) continue
    const members = allocation.incarnation === job.incarnation ? byGroup.get(allocation.group) : undefined
    if (members === undefined) unwanted.push(allocation)
    else members.push(allocation)
  }
  const stopped = unwanted.toSorted(byId).flatMap(allocation => {
    const stop = stopOf(state, allocation, reasonAgainst(job, allocation))
    return stop === null ? [] : [{ allocation, stop }]
  })
  const deployments = viewDeployments(state, job)
  const context: ReconcileContext = {
    state,
    job,
    kind: input.kind,
    now: input.now,
    evaluationId: evaluation.id,
    forcesReschedule: evaluation.forcesReschedule,
    failedDeploymentId: deployments.current?.status === 'failed' ? deployments.current.id : null,
    deployments,
    isStillFit: stillFit(input),
  }
  return {
    groups: groups.map(group => reconcileGroup(context, group, byGroup.get(group.name) ?? [])),
    stops: stopped.map(({ stop }) => stop),
    changes: stopsByGroup(stopped),
    deployments,
  }
}
