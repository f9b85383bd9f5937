import {
  type AllocationState,
  type Changes,
  type ClusterState,
  type EvaluationState,
  holdsResources,
  type JobState,
  type NodeState,
} from '../cluster/index.ts'
import type { TaskGroup } from '../jobspec/schema.ts'
import { type Board, createBoard, occupy } from './board.ts'
import { isInDatacenters, isInPool, isReady, prepareRequest } from './feasibility/index.ts'
import { noReservations } from './reservations.ts'
import { createScan } from './scan.ts'
import { SCHEDULER_VERSION, schedule } from './schedule.ts'
import { snapshotOf } from './snapshot.ts'

/** The groups that wait: those that the plan named, or all where plans ran out. */
const waitingGroups = (job: JobState, blocked: EvaluationState): readonly TaskGroup[] => {
  const names = new Set(blocked.unplaced.map(({ group }) => group))
  return names.size === 0 ? job.spec.groups : job.spec.groups.filter(({ name }) => names.has(name))
}

const allocationsOf = (state: ClusterState, ids: Iterable<string>): readonly AllocationState[] =>
  [...ids].map(id => state.allocations.get(id)).filter(allocation => allocation !== undefined)

const usable = (job: JobState, node: NodeState): boolean =>
  isReady(node) && isInPool(job.spec, node.nodePool) && isInDatacenters(job.spec, node.datacenter)

/** The job's allocation of an older version on the node: its replacement may take its place there. */
const predecessorOn = (job: JobState, group: TaskGroup, held: readonly AllocationState[], nodeId: string) =>
  held.find(
    allocation =>
      allocation.nodeId === nodeId && allocation.group === group.name && allocation.jobVersion !== job.version,
  ) ?? null

const isFitOn = (board: Board, job: JobState, held: readonly AllocationState[], group: TaskGroup): string[] => {
  const scan = createScan(board, prepareRequest(job.spec, group))
  if (scan === null) return []
  const ids: string[] = []
  for (const row of board.available) {
    const id = board.snapshot.nodes[row]?.id ?? ''
    const predecessor = predecessorOn(job, group, held, id)
    if (predecessor !== null) {
      occupy(board, row, group.name, -1)
      scan.recount()
    }
    scan.look(row, predecessor)
    if (scan.firstRefusal() === null) ids.push(id)
    if (predecessor !== null) {
      occupy(board, row, group.name, 1)
      scan.recount()
    }
  }
  return ids
}

/** Ids of those of `nodes` that could take an allocation of a waiting group now. */
const fitNodes = (
  state: ClusterState,
  job: JobState,
  blocked: EvaluationState,
  nodes: readonly NodeState[],
): readonly string[] => {
  const groups = waitingGroups(job, blocked)
  const tiesNodes = [...job.spec.constraints, ...groups.flatMap(group => group.constraints)].some(
    ({ operator }) => operator === 'distinct_property',
  )
  const candidates = new Set(nodes.filter(node => usable(job, node)).map(({ id }) => id))
  if (candidates.size === 0) return []
  const held = allocationsOf(state, job.allocations).filter(holdsResources)
  // A distinct property is counted over all nodes, so all of them have to be on the board.
  const board = createBoard(snapshotOf(tiesNodes ? state.nodes.values() : nodes), job.spec, noReservations())
  for (const { nodeId, group } of held) {
    const row = board.snapshot.indexOf.get(nodeId)
    if (row !== undefined) occupy(board, row, group, 1)
  }
  const fit = groups.flatMap(group => isFitOn(board, job, held, group))
  return fit.filter(id => candidates.has(id))
}

/** True where something about the node changed that the plan behind the blocked evaluation had not seen. */
const changedSince = (state: ClusterState, node: NodeState, position: number): boolean =>
  node.modifiedPosition > position ||
  allocationsOf(state, node.allocations).some(
    allocation => allocation.modifiedPosition > position && !holdsResources(allocation),
  )

const nodesOf = (state: ClusterState, ids: Iterable<string>): readonly NodeState[] =>
  [...ids].map(id => state.nodes.get(id)).filter(node => node !== undefined)

/** A node of the job's own that was freed may let another node with the same property value take one. */
const freesProperty = (state: ClusterState, job: JobState, changes: Changes): boolean => {
  const constraints = [...job.spec.constraints, ...job.spec.groups.flatMap(group => group.constraints)]
  if (!constraints.some(({ operator }) => operator === 'distinct_property')) return false
  return allocationsOf(state, changes.allocations).some(
    allocation => allocation.jobKey === job.key && !holdsResources(allocation),
  )
}

/** The last word: what the scheduler itself would do. Asked only once a node looks fit, so it is seldom asked in vain. */
const wouldPlace = (state: ClusterState, blocked: EvaluationState): boolean => {
  const now = state.time
  const { position, controlRevision } = state
  const { plan } = schedule({
    evaluation: blocked,
    state,
    reservations: noReservations(),
    planEventId: blocked.id,
    now,
    basis: { position, controlRevision, now, schedulerVersion: SCHEDULER_VERSION, configRevision: 0 },
  })
  return plan.placements.node.length > 0
}

/** Whether anything that may have changed since the evaluation was blocked could make room for it. */
const mayFit = (state: ClusterState, job: JobState, blocked: EvaluationState, changes: Changes | 'all'): boolean => {
  if (changes === 'all' || changes.evaluations.has(blocked.id)) {
    const fit = fitNodes(state, job, blocked, [...state.nodes.values()])
    return nodesOf(state, fit).some(node => changedSince(state, node, blocked.basisPosition))
  }
  if (freesProperty(state, job, changes)) return true
  const ids = new Set(changes.nodes)
  for (const { nodeId } of allocationsOf(state, changes.allocations)) ids.add(nodeId)
  return ids.size > 0 && fitNodes(state, job, blocked, nodesOf(state, ids)).length > 0
}

/**
 * True when a blocked evaluation would place something now. `changes` is what the newest events changed: only nodes among
 * them are looked at. With `'all'` (once, after start-up), and when the evaluation itself is among the changes (it was
 * blocked just now), every node is looked at that changed after the position that its plan was decided from, so that
 * nothing which happened in between is missed, and nothing that the plan had seen wakes it again.
 */
export const unblocks = (state: ClusterState, blocked: EvaluationState, changes: Changes | 'all'): boolean => {
  const job = state.jobs.get(blocked.jobKey)
  if (job === undefined || job.status !== 'registered') return false
  return mayFit(state, job, blocked, changes) && wouldPlace(state, blocked)
}
