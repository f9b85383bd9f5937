import { type ClusterState, holdsResources, type JobState, type NodeState } from '../cluster/index.ts'
import type { NodeScore } from '../control/events.ts'
import type { TaskGroup } from '../jobspec/schema.ts'
import { type Board, createBoard, occupy } from './board.ts'
import { prepareRequest, type RefusalKind, refuseUnavailable } from './feasibility/index.ts'
import { finalScore, namedScores } from './ranking/index.ts'
import { noReservations } from './reservations.ts'
import { createScan } from './scan.ts'
import { takeSnapshot } from './snapshot.ts'

export type NodeExplanation = {
  readonly nodeId: string
  /** Every reason against the node, in the order of the checks; empty = it could take the group now. */
  readonly refusals: readonly {
    readonly check: string
    readonly kind: RefusalKind
    readonly reason: string
    /** For a person: what would lift it. */
    readonly needs: string
  }[]
  /** What it would score, null when something is against it. */
  readonly score: NodeScore | null
}

const boardOf = (state: ClusterState, job: JobState): Board => {
  const board = createBoard(takeSnapshot(state), job.spec, noReservations())
  for (const id of job.allocations) {
    const allocation = state.allocations.get(id)
    const row = allocation === undefined ? undefined : board.snapshot.indexOf.get(allocation.nodeId)
    if (allocation !== undefined && row !== undefined && holdsResources(allocation)) {
      occupy(board, row, allocation.group, 1)
    }
  }
  return board
}

/** Why each of `nodes` can or cannot take one more allocation of a group now, node by node, every reason (I9). */
export const explainNodes = (
  state: ClusterState,
  job: JobState,
  group: TaskGroup,
  nodes: readonly NodeState[],
): readonly NodeExplanation[] => {
  const board = boardOf(state, job)
  const scan = createScan(board, prepareRequest(job.spec, group))
  if (scan === null) return []
  return nodes.map(node => {
    const row = board.snapshot.indexOf.get(node.id) ?? -1
    scan.look(row, null)
    const refusals = [...refuseUnavailable(job.spec, node), ...scan.refusals()]
    const prospect = scan.prospect(false)
    const score = { nodeId: node.id, final: finalScore(prospect), scores: namedScores(prospect) }
    return {
      nodeId: node.id,
      refusals: refusals.map(({ check, kind, reason, needs }) => ({ check, kind, reason, needs: needs(1) })),
      score: refusals.length === 0 ? score : null,
    }
  })
}

/** `explainNodes` for one node of the state. */
export const explainNode = (
  state: ClusterState,
  job: JobState,
  group: TaskGroup,
  node: NodeState,
): NodeExplanation | undefined => explainNodes(state, job, group, [node])[0]
