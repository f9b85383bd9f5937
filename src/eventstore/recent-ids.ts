/**
 * The ids of the newest events, for recognising a repeated append that names no revision (`any`). Bounded on purpose: an
 * index over the random ids of the whole log would cost a page of 4 KiB written for each event. Who must be sure beyond
 * the window appends at a revision; there the events that stand at that place are compared, however old they are.
 */
import { createGenerations } from './generations.ts'
import type { Revision } from './port.ts'

/** How many of the newest events of the log are remembered: at most this many, at least half of them. */
export const MAX_REMEMBERED_IDS = 65_536

export type RememberedEvent = { readonly id: string; readonly stream: string; readonly revision: Revision }

export type RecentIds = {
  readonly add: (event: RememberedEvent) => void
  readonly revisionOf: (stream: string, id: string) => Revision | undefined
}

export const createRecentIds = (limit = MAX_REMEMBERED_IDS): RecentIds => {
  const revisions = createGenerations<Revision>(limit)
  return {
    add: ({ id, stream, revision }) => revisions.set(`${id}${stream}`, revision),
    revisionOf: (stream, id) => revisions.get(`${id}${stream}`),
  }
}
