/**
 * The event store port (design §4). It stores envelopes, not meanings: no type of the domain is known here.
 *
 * Promises that every adapter keeps (the contract suite checks them):
 * - revisions are zero-based within a stream and gapless; positions are unique per event and ordered over all streams, and
 *   nothing more: some adapters count events, others bytes of a log that holds other things, too;
 * - one append is atomic; `appendBatch` promises no more than that each of its appends is;
 * - an append whose event ids already stand at the expected place is answered as the append that put them there; with
 *   `any`, which names no place, this holds while the first of them is among the newest events of the log (a bounded
 *   memory, recent-ids.ts): whoever may resend later than that appends at a revision;
 * - what a reader gets is parsed from what was stored, live as from history, and shared with no writer;
 * - a failed call that may have had an effect throws STORE_OUTCOME_UNKNOWN; whoever sees it reads the stream (I6).
 */
export type Revision = number
export type Position = number

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

export type EventMetadata = {
  readonly $correlationId: string
  readonly $causationId: string
  readonly schema: number
  readonly actor: string
  /** Wall-clock time of recording, ms since the epoch. */
  readonly at: number
}

export type NewEvent = {
  readonly id: string
  readonly type: string
  readonly data: Json
  readonly metadata: EventMetadata
}

export type RecordedEvent = NewEvent & {
  readonly stream: string
  readonly revision: Revision
  readonly position: Position
}

export type ExpectedRevision = Revision | 'no-stream' | 'any'

export type Append = {
  readonly stream: string
  readonly expected: ExpectedRevision
  readonly events: readonly NewEvent[]
}

export type AppendResult =
  /** `revision` and `position` are those of the last event appended. */
  | { readonly kind: 'appended'; readonly revision: Revision; readonly position: Position }
  | { readonly kind: 'conflict'; readonly actual: Revision | 'no-stream' }

export type StreamFilter = { readonly categories: readonly string[] } | 'all'

export type SubscriptionItem =
  /** One or more events, in order; adapters batch what is at hand, at most MAX_SUBSCRIPTION_BATCH of them. */
  | { readonly kind: 'events'; readonly events: readonly RecordedEvent[] }
  /** Everything up to `position` (the head when it was looked at) has been delivered. Sent again after each time it fell behind. */
  | { readonly kind: 'caught-up'; readonly position: Position }
  /** The store is out of reach: there may be events that were not delivered, until `caught-up` says otherwise. */
  | { readonly kind: 'lost' }

export type EventStore = {
  readonly append: (stream: string, expected: ExpectedRevision, events: readonly NewEvent[]) => Promise<AppendResult>
  /** One result per append, in order. */
  readonly appendBatch: (appends: readonly Append[]) => Promise<readonly AppendResult[]>
  /** Events of one stream from revision `from` (default 0) to its end at the time of the call. An unknown stream is empty. */
  readonly read: (stream: string, from?: Revision) => AsyncIterable<RecordedEvent>
  /** Events of all streams that pass `filter` (none if it names no category), after position `after` (exclusive, one that this store has named; -1 for all), then live ones until `signal` aborts, which ends the iteration quietly. */
  readonly subscribe: (after: Position, filter: StreamFilter, signal: AbortSignal) => AsyncIterable<SubscriptionItem>
  /** From now on only the newest event of `stream` is kept: for a stream whose past is worthless (a lease). A subscription may still deliver older ones, until the store has tidied up. */
  readonly keepNewest: (stream: string) => Promise<void>
  /** The position of the newest event of all, -1 in an empty store. */
  readonly head: () => Promise<Position>
  /** Lets appends in flight settle, ends subscriptions, releases the store. Later calls throw STORE_CLOSED. */
  readonly close: () => Promise<void>
}

/** Bytes that one append may hold, data and metadata together (EventStoreDB takes 1 MiB). */
export const MAX_APPEND_BYTES = 1_000_000
export const MAX_EVENTS_PER_APPEND = 10_000
export const MAX_SUBSCRIPTION_BATCH = 1_024

/** The category of a stream: what stands before its first dash. */
export const categoryOf = (stream: string): string => {
  const dash = stream.indexOf('-')
  return dash < 0 ? stream : stream.slice(0, dash)
}
