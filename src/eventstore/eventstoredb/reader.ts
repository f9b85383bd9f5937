/** All that is read from the server but subscriptions. Reading twice does no harm, so whatever fails is tried again for a while. */
import type { ReadReq } from '@eventstore/db-client/generated/streams_pb.js'
import { type Backoff, backoffDelayMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { sleep } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { Position, Revision, StreamFilter } from '../port.ts'
import { MAX_SUBSCRIPTION_BATCH } from '../port.ts'
import type { Connection } from './connection.ts'
import { type Arrival, openInbox } from './inbox.ts'
import type { AllStart, Direction, Names, ServerEvent } from './messages.ts'
import { positionOf, readAllRequest, readStreamRequest, revisionOf } from './messages.ts'
import type { Protocol } from './protocol.ts'
import { troubleOf, unavailable } from './trouble.ts'

/** How long a read is tried without getting anywhere before it fails, and how long one try may be silent. */
export const READ_TIMEOUT_MS = 5_000
const SILENCE_MS = 2_000
const retries: Backoff = { firstMs: 50, maxMs: 1_000 }

export type Reader = {
  /** Events of a stream of the server with revisions `from` to `upTo`, both inclusive; fewer if there are no more. */
  readonly stream: (stream: string, from: Revision, upTo: Revision) => AsyncGenerator<ServerEvent>
  /** The newest event of a stream of the server. */
  readonly newestOf: (stream: string) => Promise<ServerEvent | undefined>
  /** At most `count` events of a stream of the server from its newest back, until `isEnough` says so. */
  readonly backwards: (stream: string, count: number, isEnough: (event: ServerEvent) => boolean) => Promise<void>
  /** The position of the newest event of all of ours, -1 if there is none. Many who ask at once share a look. */
  readonly head: () => Promise<Position>
  /** The position of the newest event that passes, -1 if there is none. */
  readonly newest: (filter: StreamFilter) => Promise<Position>
  /** Whether an event after `after` passes. */
  readonly hasAfter: (after: Position, filter: StreamFilter) => Promise<boolean>
}

export type ReaderOptions = {
  readonly protocol: Protocol
  readonly connection: Connection
  readonly names: Names
  readonly clock: Clock
  readonly random: Random
}

type Range = { readonly direction: Direction; readonly count: number }

/** `head` is the newest event of ours up to `upTo`, which is any record's position. */
type Looked = { readonly upTo: Position; readonly head: Position }

type Reading = {
  readonly attempted: string
  readonly request: () => ReadReq
  /** How long a call may be silent before it is given up. */
  readonly silenceMs?: number
}

export const createReader = (options: ReaderOptions): Reader => {
  const { protocol, names } = options

  /** Reads until the end or until `isEnough`. */
  const until = async (reading: Reading, isEnough: (event: ServerEvent) => boolean): Promise<void> => {
    for await (const event of persistently(options, reading)) if (isEnough(event)) return
  }

  const newestOf = async (stream: string): Promise<ServerEvent | undefined> => {
    let newest: ServerEvent | undefined
    const request = readStreamRequest(protocol, stream, 'end', { direction: 'backwards', count: 1 })
    await until({ attempted: `read the newest event of ${stream}`, request: () => request }, event => {
      newest = event
      return true
    })
    return newest
  }

  const backwards: Reader['backwards'] = (stream, count, isEnough) => {
    const range = { direction: 'backwards', count } as const
    const request = readStreamRequest(protocol, stream, 'end', range)
    return until({ attempted: `read ${stream} backwards`, request: () => request }, isEnough)
  }

  const scan = (from: AllStart, range: Range, filter: StreamFilter | 'everything'): Reading => {
    const passing = filter === 'everything' ? filter : names.filterOf(filter)
    const request = readAllRequest(protocol, from, range, passing)
    // The server says nothing while it looks for an event that passes.
    return { attempted: 'look for the newest events', request: () => request, silenceMs: READ_TIMEOUT_MS }
  }

  const newest = async (filter: StreamFilter | 'everything'): Promise<Position> => {
    let position = -1
    await until(scan('end', { direction: 'backwards', count: 1 }, filter), event => {
      position = positionOf(event)
      return true
    })
    return position
  }

  const hasAfter = async (after: Position, filter: StreamFilter): Promise<boolean> => {
    let isFound = false
    // A read begins at a position, that of `after` included.
    await until(scan(after < 0 ? 'start' : after, { direction: 'forwards', count: 2 }, filter), event => {
      isFound = positionOf(event) > after
      return isFound
    })
    return isFound
  }

  let looked: Looked = { upTo: -1, head: -1 }

  /** The server goes through all that others wrote behind our newest event: what was gone through once is not again. */
  const head = async (): Promise<Position> => {
    const upTo = await newest('everything')
    const isSame =
      upTo === looked.upTo || (looked.upTo >= 0 && upTo > looked.upTo && !(await hasAfter(looked.upTo, 'all')))
    const found = isSame ? looked.head : await newest('all')
    looked = { upTo: Math.max(upTo, found), head: found }
    return found
  }

  async function* stream(name: string, from: Revision, upTo: Revision): AsyncGenerator<ServerEvent> {
    let next = from
    if (next > upTo) return
    const request = (): ReadReq =>
      readStreamRequest(protocol, name, next, { direction: 'forwards', count: upTo - next + 1 })
    for await (const event of persistently(options, { attempted: `read ${name}`, request })) {
      const revision = revisionOf(event)
      if (revision > upTo) return
      next = revision + 1
      yield event
      if (next > upTo) return
    }
  }

  return { stream, newestOf, backwards, head: shared(head), newest, hasAfter }
}

/** Makes one look for all who ask while another is under way: it begins after that, so nobody is answered from before. */
const shared = <T>(look: () => Promise<T>): (() => Promise<T>) => {
  let running: Promise<T> | undefined
  let next: Promise<T> | undefined
  const start = (): Promise<T> => {
    const looking = look().finally(() => {
      if (running === looking) running = undefined
    })
    running = looking
    return looking
  }
  return () => {
    if (!running) return start()
    next ??= running
      .catch(() => {})
      .then(() => {
        next = undefined
        return start()
      })
    return next
  }
}

/**
 * The events that a request asks for. A call that fails is made again, with the request as it then is; events may come
 * twice if that does not change. Throws STORE_UNAVAILABLE after READ_TIMEOUT_MS without an event.
 */
async function* persistently(
  { connection, clock, random }: ReaderOptions,
  { attempted, request, silenceMs = SILENCE_MS }: Reading,
): AsyncGenerator<ServerEvent> {
  let deadline = clock.monotonicMs() + READ_TIMEOUT_MS
  for (let attempt = 0; ; attempt++) {
    const client = await connection.ready(attempted, deadline - clock.monotonicMs())
    const inbox = openInbox(client.read(request(), connection.headers()), clock)
    let outcome: Arrival = { kind: 'arrived' }
    try {
      while (outcome.kind === 'arrived') {
        for (const message of inbox.take(MAX_SUBSCRIPTION_BATCH)) {
          if (message.hasStreamNotFound()) return
          const event = message.getEvent()?.getEvent()
          if (!event) continue
          yield event
          attempt = 0
          deadline = clock.monotonicMs() + READ_TIMEOUT_MS
        }
        outcome = await inbox.wait(silenceMs)
      }
    } finally {
      inbox.close()
    }
    if (outcome.kind === 'ended') return
    const error = outcome.kind === 'failed' ? outcome.error : new Error(`nothing came for ${silenceMs} ms`)
    const trouble = troubleOf(error, connection.server)
    connection.failed(client, trouble)
    if (trouble.kind === 'refused') throw trouble.error
    const delayMs = backoffDelayMs(retries, attempt, random)
    if (clock.monotonicMs() + delayMs >= deadline) {
      const reason = trouble.kind === 'lost' ? trouble.reason : 'its leader moves'
      throw unavailable(attempted, connection.server, reason, error)
    }
    await sleep(clock, delayMs)
  }
}
