/**
 * Whether an append may be written, in one place for the adapters that decide this themselves. Optimistic concurrency
 * with idempotency: an append whose place is taken is still a success if the events that stand there are its own (I5).
 */
import type { AppendResult, Position, Revision } from './port.ts'
import type { EncodedAppend } from './serde.ts'

export type StandingEvent = { readonly id: string; readonly position: Position }

/** What the decision has to know of the streams, as they are once all earlier appends are through. */
export type StreamsView = {
  /** The revision of the newest event of `stream`, -1 if it has none. */
  readonly headOf: (stream: string) => Revision
  /** The event that stands at `revision`; undefined if none ever did or it is no longer kept. */
  readonly eventAt: (stream: string, revision: Revision) => StandingEvent | undefined
  /** The revision at which the event of this id stands in `stream`, if it is remembered (recent-ids.ts). */
  readonly revisionOf: (stream: string, id: string) => Revision | undefined
}

export type AppendDecision = { readonly kind: 'write'; readonly firstRevision: Revision } | AppendResult

export const decideAppend = (view: StreamsView, append: EncodedAppend): AppendDecision => {
  const head = view.headOf(append.stream)
  const place = placeOf(view, append, head)
  if (place === head + 1) return { kind: 'write', firstRevision: place }
  const position = positionIfOwn(view, append, place)
  if (position === undefined) return { kind: 'conflict', actual: head < 0 ? 'no-stream' : head }
  return { kind: 'appended', revision: place + append.events.length - 1, position }
}

/** Where the first event has to stand. With `any`: where it stands already, else at the end. */
const placeOf = (view: StreamsView, append: EncodedAppend, head: Revision): Revision => {
  if (append.expected === 'no-stream') return 0
  if (append.expected !== 'any') return append.expected + 1
  const first = append.events[0]
  const remembered = first && view.revisionOf(append.stream, first.id)
  const isStanding = remembered !== undefined && view.eventAt(append.stream, remembered)?.id === first?.id
  return isStanding ? remembered : head + 1
}

/** The position of the last event, if all of them stand from `place` on. */
const positionIfOwn = (view: StreamsView, append: EncodedAppend, place: Revision): Position | undefined => {
  let position: Position | undefined
  for (const [index, event] of append.events.entries()) {
    const standing = view.eventAt(append.stream, place + index)
    if (standing?.id !== event.id) return undefined
    position = standing.position
  }
  return position
}
