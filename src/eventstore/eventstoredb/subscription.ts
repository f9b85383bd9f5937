/**
 * A subscription that outlives its calls. One call after the other follows `$all` behind the last position seen; whatever
 * ends it (a cut connection, a server that is gone, a reader too slow for it), the next begins there after a pause that
 * grows with each failure. Nothing comes twice, since all up to that position is dropped.
 *
 * What is claimed with `caught-up` is looked up: the head, then the newest event that passes. Once that one is delivered,
 * everything up to that head is. The same look tells a server that is quiet from one that has forgotten us.
 */
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import { type Backoff, backoffDelayMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { sleep } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import type { Position, RecordedEvent, StreamFilter, SubscriptionItem } from '../port.ts'
import { MAX_SUBSCRIPTION_BATCH } from '../port.ts'
import type { ChannelPool } from './channel-pool.ts'
import type { Connection } from './connection.ts'
import { type Inbox, openInbox } from './inbox.ts'
import type { Names } from './messages.ts'
import { decodeServerEvent, passes, positionOf, safeInteger, serverStreamOf, subscribeRequest } from './messages.ts'
import type { Protocol } from './protocol.ts'
import type { Reader } from './reader.ts'
import { troubleOf } from './trouble.ts'

/** The pause before a call is made again. */
const resubscribing: Backoff = { firstMs: 200, maxMs: 10_000 }
/** How long a subscription that is behind waits in silence before it looks whether it has caught up. */
const LOOK_AGAIN_MS = 100
/** How long a subscription may be silent before it looks whether it was forgotten. */
export const SILENCE_MS = 10_000
/** How long an event that is known to be there may take to come. */
export const STALL_MS = 5_000
const CONNECT_TIMEOUT_MS = 5_000

export type SubscriptionOptions = {
  readonly protocol: Protocol
  readonly channels: ChannelPool
  readonly reader: Reader
  readonly names: Names
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

/** Everything up to `head` is delivered once the event at `newest` is. */
type Goal = { readonly head: Position; readonly newest: Position }

/** What one call knows. */
type Session = {
  readonly inbox: Inbox
  isBehind: boolean
  /** Whether the server itself reads history still; it says when it does no longer. */
  isReadingHistory: boolean
  goal: Goal | undefined
}

type Follower = {
  /** Where the next call begins: the last position that was seen, whether it passed or not. */
  cursor: Position
  /** The last position of ours. */
  delivered: Position
  failures: number
  isLost: boolean
}

export async function* followAll(
  options: SubscriptionOptions,
  after: Position,
  filter: StreamFilter,
  signal: AbortSignal,
): AsyncGenerator<SubscriptionItem> {
  const channel = options.channels.take()
  try {
    yield* followPersistently({ ...options, connection: channel.connection }, after, filter, signal)
  } finally {
    channel.release()
  }
}

type Following = SubscriptionOptions & { readonly connection: Connection }

async function* followPersistently(
  options: Following,
  after: Position,
  filter: StreamFilter,
  signal: AbortSignal,
): AsyncGenerator<SubscriptionItem> {
  const { connection, clock, logger } = options
  const follower: Follower = { cursor: after, delivered: after, failures: 0, isLost: false }
  while (!signal.aborted) {
    try {
      yield* followOnce(options, follower, filter, signal)
    } catch (error) {
      const trouble = troubleOf(error, connection.server)
      if (trouble.kind === 'refused' && trouble.error.code === 'STORE_CORRUPT') throw trouble.error
      if (follower.failures > 0 && !follower.isLost) {
        follower.isLost = true
        const reason = trouble.kind === 'lost' ? trouble.reason : connection.reason()
        logger.warn({ position: follower.cursor, reason }, 'event store subscription lost')
      }
      if (follower.failures === 0) yield { kind: 'lost' }
    }
    if (!signal.aborted) await sleep(clock, backoffDelayMs(resubscribing, follower.failures, options.random), signal)
    follower.failures += 1
  }
}

/** Follows with one call until it ends, which is always by an error unless the signal aborts. */
async function* followOnce(
  options: Following,
  follower: Follower,
  filter: StreamFilter,
  signal: AbortSignal,
): AsyncGenerator<SubscriptionItem> {
  const { protocol, connection, names, clock } = options
  const client = await connection.ready('subscribe', CONNECT_TIMEOUT_MS)
  if (signal.aborted) return
  const request = subscribeRequest(protocol, follower.cursor, names.filterOf(filter))
  const inbox = openInbox(client.read(request, connection.headers()), clock)
  signal.addEventListener('abort', inbox.close)
  try {
    yield* deliver(options, follower, filter, signal, inbox)
  } catch (error) {
    connection.failed(client, troubleOf(error, connection.server))
    throw error
  } finally {
    signal.removeEventListener('abort', inbox.close)
    inbox.close()
  }
}

async function* deliver(
  options: SubscriptionOptions,
  follower: Follower,
  filter: StreamFilter,
  signal: AbortSignal,
  inbox: Inbox,
): AsyncGenerator<SubscriptionItem> {
  const session: Session = { inbox, isBehind: true, isReadingHistory: true, goal: undefined }
  while (!signal.aborted) {
    const messages = inbox.take(MAX_SUBSCRIPTION_BATCH)
    if (messages.length > 0) {
      const events = receive(options, follower, filter, session, messages)
      if (inbox.wasFull()) session.isBehind = true
      if (events.length > 0) yield { kind: 'events', events }
      if (isReached(session, follower)) yield caughtUp(options, follower, session)
      continue
    }
    if (session.isBehind && !session.goal && !session.isReadingHistory) {
      session.goal = await lookAhead(options, follower, filter)
      if (isReached(session, follower)) yield caughtUp(options, follower, session)
      continue
    }
    const arrival = await inbox.wait(patience(session))
    if (arrival.kind === 'failed') throw arrival.error
    if (arrival.kind === 'ended' && !signal.aborted) throw new Error('the server ended the subscription')
    if (arrival.kind === 'silent') await onSilence(options, follower, filter, session)
  }
}

const patience = ({ goal, isBehind }: Session): number => {
  if (goal) return STALL_MS
  return isBehind ? LOOK_AGAIN_MS : SILENCE_MS
}

/** Takes note of what the messages say. Answers the events among them that pass and have not been seen. */
const receive = (
  { names }: SubscriptionOptions,
  follower: Follower,
  filter: StreamFilter,
  session: Session,
  messages: readonly ReadResp[],
): RecordedEvent[] => {
  const events: RecordedEvent[] = []
  for (const message of messages) {
    const event = message.getEvent()?.getEvent()
    if (event) {
      const position = positionOf(event)
      if (position <= follower.cursor) continue
      const stream = names.ours(serverStreamOf(event))
      follower.cursor = position
      if (stream === undefined || !passes(filter, stream)) continue
      events.push(decodeServerEvent(stream, event))
      follower.delivered = position
    } else if (message.hasCheckpoint()) {
      const position = safeInteger(message.getCheckpoint()?.getCommitPosition() ?? '', 'a position')
      follower.cursor = Math.max(follower.cursor, position)
    } else if (message.hasCaughtUp()) {
      session.isReadingHistory = false
    } else if (message.hasFellBehind()) {
      session.isReadingHistory = true
      session.isBehind = true
    }
  }
  if (events.length > 0) follower.failures = 0
  return events
}

const isReached = ({ isBehind, goal }: Session, { cursor }: Follower): boolean =>
  isBehind && goal !== undefined && cursor >= goal.newest

const caughtUp = ({ logger }: SubscriptionOptions, follower: Follower, session: Session): SubscriptionItem => {
  const position = Math.max(session.goal?.head ?? -1, follower.delivered)
  session.isBehind = false
  session.goal = undefined
  follower.failures = 0
  if (follower.isLost) logger.info({ position }, 'event store subscription resumed')
  follower.isLost = false
  return { kind: 'caught-up', position }
}

/** The head is looked at first: whatever passes up to it is then found by the look for the newest that passes. */
const lookAhead = async (
  { reader }: SubscriptionOptions,
  { cursor }: Follower,
  filter: StreamFilter,
): Promise<Goal> => {
  const head = await reader.head()
  const newest = (await reader.hasAfter(cursor, filter)) ? await reader.newest(filter) : cursor
  return { head, newest }
}

const onSilence = async (
  options: SubscriptionOptions,
  follower: Follower,
  filter: StreamFilter,
  session: Session,
): Promise<void> => {
  if (session.goal) throw new Error(`events that are there did not come within ${STALL_MS} ms`)
  // A server that says nothing of its progress: look, whatever it reads.
  session.isReadingHistory = false
  if (session.isBehind) return
  const goal = await lookAhead(options, follower, filter)
  if (goal.newest <= follower.cursor) return
  session.goal = goal
  session.isBehind = true
}
