import type { NodeState } from '../domain/cluster/index.ts'
import type { DomainEvent } from '../domain/events.ts'
import type { EventStore, Position, Revision } from '../eventstore/port.ts'
import { AppError } from '../platform/errors.ts'
import { CATCH_UP_TIMEOUT_MS, catchUp } from './catch-up.ts'
import type { ClusterView } from './cluster-view.ts'
import { encode, type Provenance } from './codec.ts'

/** How often an append to a node's streams is tried again after somebody else's. */
export const MAX_NODE_APPEND_ATTEMPTS = 10

export type NodeAppend = {
  readonly nodeId: string
  readonly stream: string
  /** The revision that the state has folded of that stream, -1 = none. */
  readonly revisionOf: (node: NodeState | undefined) => Revision
  readonly id: string
  readonly event: DomainEvent
  readonly provenance: Provenance
}

/**
 * Appends one event to a stream of a node, at the folded revision, and waits until it is folded. One whose id stands in the
 * log already, because its request was sent again, is not written a second time (I5).
 */
export const appendToNode = async (store: EventStore, view: ClusterView, append: NodeAppend): Promise<Position> => {
  for (let attempt = 0; attempt < MAX_NODE_APPEND_ATTEMPTS; attempt++) {
    const earlier = view.state.recentRequests.get(append.id)
    if (earlier !== undefined) return earlier.position
    const revision = append.revisionOf(view.state.nodes.get(append.nodeId))
    const event = encode(append.id, append.event, append.provenance)
    const result = await store.append(append.stream, revision < 0 ? 'no-stream' : revision, [event])
    if (result.kind === 'appended') {
      await view.reached(result.position, CATCH_UP_TIMEOUT_MS)
      return result.position
    }
    await catchUp(store, view, append.stream, revision < 0 ? 'no-stream' : revision)
  }
  throw new AppError('CONTENDED', `the stream ${append.stream} is written by somebody else`)
}
