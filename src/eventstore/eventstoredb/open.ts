/**
 * The event store on EventStoreDB: for clusters that outgrow one machine. Streams stand under a prefix, so that clusters
 * may share a server; positions are the server's commit positions, which are byte offsets: unique and ordered, with gaps.
 */
import { MAX_TIMER_MS, systemClock } from '../../platform/clock.ts'
import { AppError, messageOf } from '../../platform/errors.ts'
import { uuidV4 } from '../../platform/ids.ts'
import { silentLogger } from '../../platform/logger.ts'
import { systemRandom } from '../../platform/random.ts'
import type { EventStore, RecordedEvent, SubscriptionItem } from '../port.ts'
import type { EncodedAppend } from '../serde.ts'
import { closedError, encodeAppend, encodeBatch } from '../serde.ts'
import type { Submitted } from './append-queue.ts'
import { createAppender } from './appender.ts'
import { createChannelPool } from './channel-pool.ts'
import { createConnection } from './connection.ts'
import { keepNewest } from './keep-newest.ts'
import { createNames, decodeServerEvent, revisionOf } from './messages.ts'
import { type EventStoreDbOptions, settingsOf } from './options.ts'
import { loadProtocol } from './protocol.ts'
import { createReader } from './reader.ts'
import { followAll } from './subscription.ts'

/** How long opening tries to reach a server that may be starting. */
export const OPEN_TIMEOUT_MS = 5_000

/**
 * Opens the cluster's streams on an EventStoreDB. Throws CONFIG_INVALID for a url or file that cannot be,
 * STORE_UNAVAILABLE if no server answers in time, STORE_ACCESS_DENIED if it refuses the credentials, STORE_UNTRUSTED if
 * its certificate is not trusted or it speaks no TLS. The store never stops by itself: while the server is away, appends
 * fail within their deadline and subscriptions wait for it.
 */
export const openEventStoreDb = async (options: EventStoreDbOptions): Promise<EventStore> => {
  const settings = settingsOf(options)
  const { clock = systemClock, random = systemRandom } = options
  const logger = (options.logger ?? silentLogger).child({ component: 'event store' })
  const protocol = loadProtocol()
  const names = createNames(settings.prefix)
  const connection = createConnection(protocol, settings, clock, random)
  const around = { protocol, connection, names, clock, random, logger }
  const reader = createReader(around)
  const appender = createAppender({ ...around, reader })
  const channels = createChannelPool(() => createConnection(protocol, settings, clock, random))
  const subscriptions = new Set<AbortController>()
  // As with any store, a process that has one open goes on until it is closed; gRPC alone would let it end amid a call.
  const keepAlive = setInterval(() => {}, MAX_TIMER_MS)
  let closed: Promise<void> | undefined

  const release = (): void => {
    clearInterval(keepAlive)
    connection.close()
    channels.close()
  }
  const requireOpen = (attempted: string): void => {
    if (closed) throw closedError(attempted)
  }
  const submitted = ({ stream, expected, events, bytes }: EncodedAppend): Submitted => ({
    stream: names.onServer(stream),
    expected,
    events,
    bytes,
  })

  const store: EventStore = {
    append: async (stream, expected, events) => {
      requireOpen(`append to ${stream}`)
      const [result] = appender.submit([submitted(encodeAppend({ stream, expected, events }))])
      if (!result) throw new Error('invariant broken: one append has one result')
      return result
    },
    appendBatch: async appends => {
      requireOpen('append a batch')
      if (appends.length === 0) return []
      const settled = await Promise.allSettled(appender.submit(encodeBatch(appends).map(submitted)))
      const failures = settled.flatMap(one => (one.status === 'rejected' ? [one.reason as unknown] : []))
      if (failures.length > 0) throw batchFailure(failures, settled.length)
      return settled.flatMap(one => (one.status === 'fulfilled' ? [one.value] : []))
    },
    read: (stream, from = 0) => {
      const name = names.onServer(stream)
      // The end is looked at now, whenever iteration begins, and appends that are asked for after this wait for the look.
      const newest = closed ? Promise.reject(closedError(`read ${stream}`)) : reader.newestOf(name)
      newest.catch(() => {})
      appender.hold(name, newest)
      async function* events(): AsyncGenerator<RecordedEvent> {
        const last = await newest
        if (!last) return
        for await (const event of reader.stream(name, from, revisionOf(last))) {
          requireOpen(`read ${stream}`)
          yield decodeServerEvent(stream, event)
        }
      }
      return events()
    },
    subscribe: (after, filter, signal) => {
      async function* items(): AsyncGenerator<SubscriptionItem> {
        requireOpen('subscribe')
        const stop = new AbortController()
        const abort = (): void => stop.abort()
        signal.addEventListener('abort', abort)
        subscriptions.add(stop)
        if (signal.aborted) abort()
        try {
          yield* followAll({ ...around, channels, reader }, after, filter, stop.signal)
        } finally {
          signal.removeEventListener('abort', abort)
          subscriptions.delete(stop)
        }
      }
      return items()
    },
    keepNewest: async stream => {
      requireOpen(`keep the newest event of ${stream}`)
      await keepNewest({ appender, reader, newId: () => uuidV4(random) }, names.onServer(stream))
    },
    head: async () => {
      requireOpen('read the head')
      return reader.head()
    },
    close: () => {
      closed ??= (async () => {
        for (const subscription of subscriptions) subscription.abort()
        await appender.close()
        release()
      })()
      return closed
    },
  }

  try {
    await connection.ready('open the event store', OPEN_TIMEOUT_MS)
    await store.head()
    return store
  } catch (error) {
    release()
    throw error
  }
}

/** Appends of the batch may stand although others failed, which only "unknown" says. */
const batchFailure = (failures: readonly unknown[], count: number): unknown => {
  const unknown = failures.find(error => error instanceof AppError && error.code === 'STORE_OUTCOME_UNKNOWN')
  if (unknown || failures.length === count) return unknown ?? failures[0]
  return new AppError('STORE_OUTCOME_UNKNOWN', `a batch stands in part: ${messageOf(failures[0])}`, {
    hint: 'Read the streams to see what took effect.',
    cause: failures[0],
  })
}
