/** Our requests as the protocol's messages, and its recorded events as ours. */
import type { BatchAppendReq, ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import { AppError } from '../../platform/errors.ts'
import type { EventMetadata, ExpectedRevision, Json, Position, RecordedEvent, Revision, StreamFilter } from '../port.ts'
import { categoryOf } from '../port.ts'
import type { EncodedEvent } from '../serde.ts'
import type { Protocol } from './protocol.ts'

/** Events of one append that one message holds; the server puts an append together from several. */
const EVENTS_PER_MESSAGE = 2_000
/** Events that the server looks at before it says how far it has come, if none of them passes the filter. */
const SEARCH_WINDOW = 1_000

export type Direction = 'forwards' | 'backwards'
export type AllStart = 'start' | 'end' | Position

export type ServerAppend = {
  /** The name on the server. */
  readonly stream: string
  readonly expected: ExpectedRevision
  readonly events: readonly EncodedEvent[]
}

export type Names = {
  readonly onServer: (stream: string) => string
  /** Ours; undefined for a stream of somebody else. */
  readonly ours: (serverStream: string) => string | undefined
  /** The streams that pass, for the server. */
  readonly filterOf: (filter: StreamFilter) => ServerFilter
}

/** What the names of streams begin with, or a regular expression over them. */
export type ServerFilter = { readonly prefix: string } | { readonly regex: string }

/** Streams are `<prefix>.<name>`, so that many clusters share one server and no prefix is the beginning of another. */
export const createNames = (prefix: string): Names => {
  const start = `${prefix}.`
  return {
    onServer: stream => start + stream,
    ours: stream => (stream.startsWith(start) ? stream.slice(start.length) : undefined),
    filterOf: filter => {
      if (filter === 'all') return { prefix: start }
      // No stream of ours begins like this.
      if (filter.categories.length === 0) return { prefix: `${prefix}-` }
      return { regex: `^${prefix}\\.(?:${filter.categories.map(literal).join('|')})(?:-|$)` }
    },
  }
}

const literal = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|#\s-]/g, '\\$&')

export const passes = (filter: StreamFilter, stream: string): boolean =>
  filter === 'all' || filter.categories.includes(categoryOf(stream))

const streamIdentifier = ({ shared }: Protocol, stream: string) =>
  new shared.StreamIdentifier().setStreamName(Buffer.from(stream))

const readOptions = ({ streams, shared }: Protocol, direction: Direction): ReadReq.Options =>
  new streams.ReadReq.Options()
    .setReadDirection(
      direction === 'forwards'
        ? streams.ReadReq.Options.ReadDirection.FORWARDS
        : streams.ReadReq.Options.ReadDirection.BACKWARDS,
    )
    .setResolveLinks(false)
    .setUuidOption(new streams.ReadReq.Options.UUIDOption().setString(new shared.Empty()))

export const readStreamRequest = (
  protocol: Protocol,
  stream: string,
  from: Revision | 'end',
  range: { readonly direction: Direction; readonly count: number },
): ReadReq => {
  const { streams, shared } = protocol
  const place = new streams.ReadReq.Options.StreamOptions().setStreamIdentifier(streamIdentifier(protocol, stream))
  if (from === 'end') place.setEnd(new shared.Empty())
  else place.setRevision(String(from))
  const options = readOptions(protocol, range.direction)
    .setStream(place)
    .setCount(String(range.count))
    .setNoFilter(new shared.Empty())
  return new streams.ReadReq().setOptions(options)
}

const allOptions = (protocol: Protocol, from: AllStart, direction: Direction, passing: ServerFilter | 'everything') => {
  const { streams, shared } = protocol
  const { FilterOptions, AllOptions, Position: ServerPosition } = streams.ReadReq.Options
  const all = new AllOptions()
  if (from === 'start') all.setStart(new shared.Empty())
  else if (from === 'end') all.setEnd(new shared.Empty())
  else all.setPosition(new ServerPosition().setCommitPosition(String(from)).setPreparePosition(String(from)))
  const options = readOptions(protocol, direction).setAll(all)
  if (passing === 'everything') return options.setNoFilter(new shared.Empty())
  const expression = new FilterOptions.Expression()
  if ('prefix' in passing) expression.setPrefixList([passing.prefix])
  else expression.setRegex(passing.regex)
  const filter = new FilterOptions()
    .setStreamIdentifier(expression)
    .setMax(SEARCH_WINDOW)
    .setCheckpointintervalmultiplier(1)
  return options.setFilter(filter)
}

/** Events of `$all` from `from`, inclusive, that pass; `everything` is what other programs and the server itself write, too. */
export const readAllRequest = (
  protocol: Protocol,
  from: AllStart,
  range: { readonly direction: Direction; readonly count: number },
  passing: ServerFilter | 'everything',
): ReadReq =>
  new protocol.streams.ReadReq().setOptions(
    allOptions(protocol, from, range.direction, passing).setCount(String(range.count)),
  )

/** All events after `after`, exclusive, then live ones. */
export const subscribeRequest = (protocol: Protocol, after: Position, passing: ServerFilter): ReadReq =>
  new protocol.streams.ReadReq().setOptions(
    allOptions(protocol, after < 0 ? 'start' : after, 'forwards', passing).setSubscription(
      new protocol.streams.ReadReq.Options.SubscriptionOptions(),
    ),
  )

/**
 * The messages of one append. They name no deadline: the server would compare it with its own clock, and refuse all that
 * comes from a machine whose clock is behind.
 */
export const appendRequests = (protocol: Protocol, correlationId: string, append: ServerAppend): BatchAppendReq[] => {
  const { streams, shared } = protocol
  const correlation = new shared.UUID().setString(correlationId)
  const messages: BatchAppendReq[] = []
  for (let start = 0; start < append.events.length; start += EVENTS_PER_MESSAGE) {
    const proposed = append.events
      .slice(start, start + EVENTS_PER_MESSAGE)
      .map(event => proposedMessage(protocol, event))
    const message = new streams.BatchAppendReq()
      .setCorrelationId(correlation)
      .setProposedMessagesList(proposed)
      .setIsFinal(start + EVENTS_PER_MESSAGE >= append.events.length)
    if (start === 0) message.setOptions(appendOptions(protocol, append))
    messages.push(message)
  }
  return messages
}

const appendOptions = (protocol: Protocol, { stream, expected }: ServerAppend): BatchAppendReq.Options => {
  const { streams, shared } = protocol
  const options = new streams.BatchAppendReq.Options().setStreamIdentifier(streamIdentifier(protocol, stream))
  if (expected === 'any') return options.setAny(new shared.Empty())
  if (expected === 'no-stream') return options.setNoStream(new shared.Empty())
  return options.setStreamPosition(String(expected))
}

const proposedMessage = ({ streams, shared }: Protocol, { id, type, body, comma }: EncodedEvent) => {
  const message = new streams.BatchAppendReq.ProposedMessage()
    .setId(new shared.UUID().setString(id))
    .setData(Buffer.from(body.slice(1, comma)))
    .setCustomMetadata(Buffer.from(body.slice(comma + 1, -1)))
  message.getMetadataMap().set('type', type).set('content-type', 'application/json')
  return message
}

export type ServerEvent = ReadResp.ReadEvent.RecordedEvent

export const positionOf = (event: ServerEvent): Position => safeInteger(event.getCommitPosition(), 'a position')
export const revisionOf = (event: ServerEvent): Revision => safeInteger(event.getStreamRevision(), 'a revision')
export const idOf = (event: ServerEvent): string => event.getId()?.getString() ?? ''
export const serverStreamOf = (event: ServerEvent): string =>
  Buffer.from(event.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8')
const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
export const dataOf = (event: ServerEvent): string => textOf(event.getData_asU8())
export const bytesOf = (event: ServerEvent): number =>
  event.getData_asU8().byteLength + event.getCustomMetadata_asU8().byteLength

/** Bytes of a log that JavaScript can count: 8 PiB. Beyond them positions would be rounded, so nothing is read at all. */
export const safeInteger = (text: string, what: string): number => {
  const value = Number(text)
  if (Number.isSafeInteger(value)) return value
  throw new AppError('STORE_CORRUPT', `the server named ${what} that cannot be counted: ${text}`, {
    hint: 'Move the cluster to a new log.',
  })
}

/** Throws STORE_CORRUPT, naming the position, if data or metadata are no JSON. */
export const decodeServerEvent = (stream: string, event: ServerEvent): RecordedEvent => {
  const position = positionOf(event)
  try {
    return {
      id: idOf(event),
      type: event.getMetadataMap().get('type') ?? '',
      data: JSON.parse(dataOf(event)) as Json,
      metadata: JSON.parse(textOf(event.getCustomMetadata_asU8())) as EventMetadata,
      stream,
      revision: revisionOf(event),
      position,
    }
  } catch (error) {
    throw new AppError('STORE_CORRUPT', `the event at position ${position} in stream ${stream} is no event of Muster`, {
      hint: 'Nothing else may write streams with this prefix.',
      cause: error,
    })
  }
}
