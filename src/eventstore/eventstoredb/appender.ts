/**
 * Appends: in call order, a bounded number in flight on one pipe, and an answer for each within its deadline.
 *
 * An append whose reply is lost goes back to the head of the queue with its order kept, and is sent again: with an expected
 * revision the server recognises the repeat by its ids; one that names no revision is looked for first, since the server
 * forgets ids. What is not settled by the deadline is STORE_OUTCOME_UNKNOWN if it was ever sent, else STORE_UNAVAILABLE.
 *
 * States: idle, or with a pipe, or recovering one.
 */
import { type Backoff, backoffDelayMs } from '../../platform/backoff.ts'
import type { Clock } from '../../platform/clock.ts'
import { sleep } from '../../platform/clock.ts'
import type { AppError } from '../../platform/errors.ts'
import type { Random } from '../../platform/random.ts'
import type { AppendResult } from '../port.ts'
import { openPipe, type Pipe, type Reply } from './append-pipe.ts'
import { APPEND_DEADLINE_MS, createAppendQueue, type Pending, type Submitted } from './append-queue.ts'
import type { Connection } from './connection.ts'
import type { Protocol } from './protocol.ts'
import type { Reader } from './reader.ts'
import { settleReply } from './settle-reply.ts'
import { standingSomewhere } from './standing.ts'
import { outcomeUnknown, troubleOf, unavailable } from './trouble.ts'

/** How long a pipe may be silent, or a reply overtaken by others stay away, before all on it are sent again on another. */
export const REPLY_TIMEOUT_MS = 2_000
/** Appends and bytes that may be in flight; a single larger one goes alone. */
export const MAX_IN_FLIGHT_APPENDS = 512
export const MAX_IN_FLIGHT_BYTES = 8_000_000
const retries: Backoff = { firstMs: 50, maxMs: 1_000 }

export type Appender = {
  /** One promise for each append. Throws OVERLOADED, with none of them taken. */
  readonly submit: (appends: readonly Submitted[]) => readonly Promise<AppendResult>[]
  /** Appends to `stream` of the server that are asked for from now on wait until `look` has settled. */
  readonly hold: (stream: string, look: Promise<unknown>) => void
  /** Lets what waits settle, then ends the pipe. */
  readonly close: () => Promise<void>
}

export type AppenderOptions = {
  readonly protocol: Protocol
  readonly connection: Connection
  readonly reader: Reader
  readonly clock: Clock
  readonly random: Random
}

export const createAppender = (options: AppenderOptions): Appender => {
  const { protocol, connection, reader, clock } = options
  const { server } = connection
  let pipe: Pipe<Pending> | undefined
  let inFlightBytes = 0
  let recovering: Promise<void> | undefined
  let failures = 0
  let lastReplyAt = 0
  let reason = 'it gave no reason'
  let isClosed = false

  /** Sends what the window has room for. */
  const pump = (): void => {
    if (!pipe) return startRecovering()
    for (let next = queue.first(); next; next = queue.first()) {
      const isFull = pipe.inFlight() >= MAX_IN_FLIGHT_APPENDS || inFlightBytes + next.bytes > MAX_IN_FLIGHT_BYTES
      if (isFull && pipe.inFlight() > 0) return
      queue.shift()
      if (next.isSettled) continue
      next.sentAt = clock.monotonicMs()
      inFlightBytes += next.bytes
      pipe.send(next)
    }
  }

  const onReply = (pending: Pending, reply: Reply): void => {
    inFlightBytes -= pending.bytes
    if (reply.kind === 'unsettled') {
      // Whatever ails the server ails the others, too: all go back, in order.
      pending.mayStand ||= reply.mayStand
      pending.sentAt = undefined
      breakPipe(reply.reason, pending)
      return
    }
    failures = 0
    lastReplyAt = clock.monotonicMs()
    settleReply(reader, server, pending, reply)
    pump()
  }

  const breakPipe = (why: string, replied?: Pending): void => {
    reason = why
    failures += 1
    const left = pipe?.abandon() ?? []
    pipe = undefined
    inFlightBytes = 0
    for (const pending of left) pending.mayStand = true
    queue.putBack(replied ? [replied, ...left] : left)
    startRecovering()
  }

  const onBroken = (error: unknown): void => {
    const trouble = troubleOf(error, server)
    if (trouble.kind === 'refused') refuseAll(trouble.error)
    breakPipe(trouble.kind === 'lost' ? trouble.reason : 'its leader moved')
  }

  /** Opens a pipe as soon as there is a connection, and gives up when nothing waits any more. */
  const recover = async (): Promise<void> => {
    while (queue.unsettled().size > 0) {
      if (failures > 0) await sleep(clock, backoffDelayMs(retries, failures - 1, options.random))
      try {
        pipe = await reopen()
        break
      } catch (error) {
        failures += 1
        const trouble = troubleOf(error, server)
        if (trouble.kind === 'refused' && trouble.error.code !== 'STORE_UNAVAILABLE') refuseAll(trouble.error)
        reason = connection.reason()
      }
    }
  }

  const startRecovering = (): void => {
    recovering ??= recover().finally(() => {
      recovering = undefined
      if (queue.unsettled().size > 0) pump()
    })
  }

  const reopen = async (): Promise<Pipe<Pending> | undefined> => {
    const client = await connection.ready('append', APPEND_DEADLINE_MS)
    for (const [stream, pendings] of unplaced(queue.waiting())) {
      const standing = await standingSomewhere(reader, stream, pendings)
      for (const [pending, result] of standing) pending.settle({ result })
    }
    if (isClosed && queue.unsettled().size === 0) return undefined
    return openPipe({
      protocol,
      client,
      headers: connection.headers(),
      onReply,
      onBroken: error => {
        connection.failed(client, troubleOf(error, server))
        onBroken(error)
      },
    })
  }

  /** The server refuses us, whatever we ask for. */
  const refuseAll = (error: AppError): void => {
    for (const pending of queue.unsettled()) {
      pending.settle({ error: wasSent(pending) ? unknownFor(pending, error.message) : error })
    }
  }

  const unknownFor = (pending: Pending, why: string): AppError =>
    outcomeUnknown(`append to ${pending.stream}`, server, why)

  /** A server that is slow but answers is left in peace: sending all again would only give it more to do. */
  const isSilent = (now: number): boolean => {
    const oldest = pipe?.oldest()
    if (oldest?.append.sentAt === undefined) return false
    const since = oldest.isOvertaken ? oldest.append.sentAt : Math.max(oldest.append.sentAt, lastReplyAt)
    return now - since >= REPLY_TIMEOUT_MS
  }

  const onTick = (now: number): void => {
    if (isSilent(now)) breakPipe(`no reply within ${REPLY_TIMEOUT_MS} ms`)
    for (const pending of queue.unsettled()) {
      if (pending.deadline > now) continue
      const why = pipe ? 'its reply did not come in time' : reason
      const error = wasSent(pending)
        ? unknownFor(pending, why)
        : unavailable(`append to ${pending.stream}`, server, why)
      pending.settle({ error })
    }
  }

  const queue = createAppendQueue({ clock, server, onReady: pump, onTick })

  return {
    submit: queue.add,
    hold: queue.hold,
    close: async () => {
      isClosed = true
      await queue.idle()
      pipe?.abandon()
      pipe = undefined
    },
  }
}

/** Appends that may stand and name no revision, by stream: the server may not recognise them. */
const unplaced = (waiting: readonly Pending[]): ReadonlyMap<string, readonly Pending[]> => {
  const byStream = new Map<string, Pending[]>()
  for (const pending of waiting) {
    if (pending.isSettled || !pending.mayStand || pending.expected !== 'any') continue
    const known = byStream.get(pending.stream) ?? []
    known.push(pending)
    byStream.set(pending.stream, known)
  }
  return byStream
}

const wasSent = (pending: Pending): boolean => pending.mayStand || pending.sentAt !== undefined
