import type { EventStore, Revision } from '../eventstore/port.ts'
import type { ClusterView } from './cluster-view.ts'

/** How long a state may take to fold what stands in the log, ms. */
export const CATCH_UP_TIMEOUT_MS = 5_000

/**
 * Waits until the state has folded what others wrote to `stream` after `folded`, which a conflict told of. Not the head of
 * the log is waited for: the newest event may be of a category that no state follows. Throws VIEW_LAGGING.
 */
export const catchUp = async (
  store: EventStore,
  view: ClusterView,
  stream: string,
  folded: Revision | 'no-stream',
): Promise<void> => {
  let newest = -1
  for await (const event of store.read(stream, folded === 'no-stream' ? 0 : folded + 1)) newest = event.position
  await view.reached(newest, CATCH_UP_TIMEOUT_MS)
}
