/**
 * What every adapter does with events before it keeps them: bounds, one encoding, and the way back. An event is kept as
 * the JSON text `[data, metadata]`, and whatever a reader gets is parsed from that text, live or from history, so that
 * both can never differ (I1) and no reader shares objects with the writer.
 */
import { assert } from '../platform/assert.ts'
import { AppError } from '../platform/errors.ts'
import type { Append, EventMetadata, ExpectedRevision, Json, RecordedEvent, Revision } from './port.ts'
import { MAX_APPEND_BYTES, MAX_EVENTS_PER_APPEND } from './port.ts'

/** Appends that one `appendBatch` may hold. */
export const MAX_APPENDS_PER_BATCH = 1_024
/** Bytes that one `appendBatch` may hold, all its appends together. */
export const MAX_BATCH_BYTES = 32_000_000
export const MAX_STREAM_NAME_LENGTH = 2_048
export const MAX_TYPE_NAME_LENGTH = 128

export type EncodedEvent = {
  readonly id: string
  readonly type: string
  /** The JSON text of `[data, metadata]`. */
  readonly body: string
  /** Where in `body` the comma between the two stands. */
  readonly comma: number
}

export type EncodedAppend = {
  readonly stream: string
  readonly expected: ExpectedRevision
  readonly events: readonly EncodedEvent[]
  /** Bytes of all bodies in UTF-8. */
  readonly bytes: number
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * Checks one append against the bounds and encodes it. Throws APPEND_TOO_LARGE, naming stream and size; an append that
 * no correct caller makes (no events, an id that is no lower-case UUID, a malformed name) breaks an invariant.
 */
export const encodeAppend = (append: Append): EncodedAppend => {
  const { stream, expected, events } = append
  assert(stream.length > 0 && stream.length <= MAX_STREAM_NAME_LENGTH, `"${stream}" is no name of a stream`)
  assert(events.length > 0, `an append to ${stream} holds at least one event`)
  assert(typeof expected === 'string' || (Number.isSafeInteger(expected) && expected >= 0), 'a revision is zero-based')
  if (events.length > MAX_EVENTS_PER_APPEND) {
    throw tooLarge(`an append of ${events.length} events to stream ${stream}`, `${MAX_EVENTS_PER_APPEND} events`)
  }
  let bytes = 0
  const encoded = events.map(event => {
    assert(uuidPattern.test(event.id), `"${event.id}" is no event id (a lower-case UUID)`)
    assert(event.type.length > 0 && event.type.length <= MAX_TYPE_NAME_LENGTH, `"${event.type}" is no type of an event`)
    const data = JSON.stringify(event.data)
    const body = `[${data},${JSON.stringify(event.metadata)}]`
    bytes += Buffer.byteLength(body)
    return { id: event.id, type: event.type, body, comma: 1 + data.length }
  })
  if (bytes > MAX_APPEND_BYTES) {
    throw tooLarge(`an append of ${bytes} bytes to stream ${stream}`, `${MAX_APPEND_BYTES} bytes`)
  }
  return { stream, expected, events: encoded, bytes }
}

/** Encodes the appends of one batch; the same errors, and APPEND_TOO_LARGE for the batch as a whole. */
export const encodeBatch = (appends: readonly Append[]): readonly EncodedAppend[] => {
  if (appends.length > MAX_APPENDS_PER_BATCH) {
    throw tooLarge(`a batch of ${appends.length} appends`, `${MAX_APPENDS_PER_BATCH} appends`)
  }
  const encoded = appends.map(encodeAppend)
  const bytes = encoded.reduce((sum, append) => sum + append.bytes, 0)
  if (bytes > MAX_BATCH_BYTES) throw tooLarge(`a batch of ${bytes} bytes`, `${MAX_BATCH_BYTES} bytes`)
  return encoded
}

const tooLarge = (what: string, limit: string): AppError =>
  new AppError('APPEND_TOO_LARGE', `${what} was refused: the limit is ${limit}`, {
    hint: 'Split it, or move large values to a stream of their own.',
  })

export type EventPlace = { readonly stream: string; readonly revision: Revision; readonly position: number }

/** The recorded event of a body that `encodeAppend` made. Throws SyntaxError on text that is no JSON. */
export const decodeEvent = (place: EventPlace, id: string, type: string, body: string): RecordedEvent => {
  const [data, metadata] = JSON.parse(body) as [Json, EventMetadata]
  return { id, type, data, metadata, stream: place.stream, revision: place.revision, position: place.position }
}

/** Errors of a store that is not there any more. */
export const closedError = (attempted: string): AppError =>
  new AppError('STORE_CLOSED', `could not ${attempted}: the event store is closed`, {
    hint: 'The agent is stopping; try again once it is back.',
  })
