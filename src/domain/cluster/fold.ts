import type { DomainEvent, DomainEventType, Recorded } from '../events.ts'
import { MAX_RECENT_REQUESTS } from '../limits.ts'
import { CONTROL_STREAM, categoryOf } from '../streams.ts'
import type { Fold, FoldContext } from './fold-context.ts'
import { controlFolds } from './fold-control.ts'
import { jobFolds } from './fold-job.ts'
import { nodeFolds } from './fold-node.ts'
import { reportFolds } from './fold-report.ts'
import type { Changes, ClusterState } from './state.ts'

/**
 * Folds one recorded event into the state, in place, and notes what it changed. Events come in order of position; an event
 * at or before the state's position has been folded already and does nothing. Never fails on a fact: what refers to
 * something unknown (collected, of an older incarnation) changes nothing but the position.
 */
export const applyEvent = (state: ClusterState, event: Recorded, changes: Changes): void => {
  if (event.position <= state.position) return
  state.position = event.position
  state.time = Math.max(state.time, event.at)
  const category = categoryOf(event.stream)
  if (category === CONTROL_STREAM) state.controlRevision = event.revision
  else if (category !== 'report') rememberRequest(state, event)
  dispatch({ state, changes }, event)
}

/** Requests are recognised by their events' ids when they are sent again; the leader and reporting nodes have their own ways. */
const rememberRequest = ({ recentRequests }: ClusterState, { id, revision, position }: Recorded): void => {
  recentRequests.set(id, { revision, position })
  if (recentRequests.size <= MAX_RECENT_REQUESTS) return
  const [oldest] = recentRequests.keys()
  if (oldest !== undefined) recentRequests.delete(oldest)
}

const folds: { readonly [T in DomainEventType]: Fold<Extract<DomainEvent, { type: T }>> } = {
  ...jobFolds,
  ...controlFolds,
  ...nodeFolds,
  ...reportFolds,
  CollectionRequested: ({ state }, event) => {
    state.collectionRequests.add(event.data.requestId)
  },
}

const dispatch = (context: FoldContext, event: Recorded): void => {
  // One entry per type, so the entry for this event's type takes this event: the one cast of the table.
  const fold = folds[event.type] as Fold<DomainEvent> | undefined
  fold?.(context, event)
}
