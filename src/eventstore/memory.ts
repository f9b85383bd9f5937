/**
 * The event store in this process's memory: for tests, the simulation and a dev agent without a data directory. It
 * keeps every promise of the port but durability, and takes no time: nothing in it waits for anything but a microtask,
 * so that a simulation over it is repeatable.
 */
import { AppError } from '../platform/errors.ts'
import type { AppendDecision } from './decide-append.ts'
import { decideAppend } from './decide-append.ts'
import { createFeed, MAX_ITEM_BYTES } from './feed.ts'
import type { AppendResult, EventStore, Position, RecordedEvent, Revision, StreamFilter } from './port.ts'
import { categoryOf, MAX_SUBSCRIPTION_BATCH } from './port.ts'
import type { RecentIds } from './recent-ids.ts'
import { createRecentIds } from './recent-ids.ts'
import type { EncodedAppend } from './serde.ts'
import { closedError, decodeEvent, encodeAppend, encodeBatch } from './serde.ts'

export type MemoryStoreOptions = {
  /**
   * Decides the fate of one call of `count` appends (1 for `append`). `'all'`: it is carried out and answered. A number:
   * only the first so many appends take effect, and the call fails with STORE_OUTCOME_UNKNOWN, as a crash would have it.
   */
  readonly commitBatch?: (count: number) => number | 'all'
}

type Entry = { readonly event: RecordedEvent; readonly bytes: number; readonly category: string }

type Stream = {
  /** Kept events in order of revision, without gaps; the first stands at `firstRevision`. */
  entries: Entry[]
  firstRevision: Revision
  isKeepingNewest: boolean
}

type Memory = {
  readonly streams: Map<string, Stream>
  /** All kept events in order of position. */
  readonly log: Entry[]
  readonly recentIds: RecentIds
  nextPosition: Position
}

export const createMemoryStore = (options: MemoryStoreOptions = {}): EventStore => {
  const memory: Memory = { streams: new Map(), log: [], recentIds: createRecentIds(), nextPosition: 0 }
  let isClosed = false
  const feed = createFeed({
    head: -1,
    readPage: (after, filter) => readPage(memory.log, after, filter),
    pause: () => Promise.resolve(),
  })
  const requireOpen = (attempted: string): void => {
    if (isClosed) throw closedError(attempted)
  }

  const commit = (appends: readonly EncodedAppend[]): readonly AppendResult[] => {
    const fate = options.commitBatch?.(appends.length) ?? 'all'
    const effective = fate === 'all' ? appends : appends.slice(0, fate)
    const written: Entry[] = []
    const results = effective.map(append => appendTo(memory, append, written))
    if (written.length > 0) feed.publish(feed.hasSubscribers() ? written : [], memory.nextPosition - 1)
    if (fate === 'all') return results
    throw new AppError('STORE_OUTCOME_UNKNOWN', `an append to ${appends[0]?.stream ?? 'no stream'} was cut off`, {
      hint: 'Read the stream to see whether it took effect.',
    })
  }

  return {
    append: async (stream, expected, events) => {
      requireOpen(`append to ${stream}`)
      const [result] = commit([encodeAppend({ stream, expected, events })])
      if (!result) throw new Error('invariant broken: one append has one result')
      return result
    },
    appendBatch: async appends => {
      requireOpen('append a batch')
      return appends.length === 0 ? [] : commit(encodeBatch(appends))
    },
    read: (stream, from = 0) => {
      const kept = memory.streams.get(stream)
      const entries = kept ? kept.entries.slice(Math.max(0, from - kept.firstRevision)) : []
      return iterate(entries, () => requireOpen(`read ${stream}`))
    },
    subscribe: feed.subscribe,
    keepNewest: async stream => {
      requireOpen(`keep the newest event of ${stream}`)
      const kept = streamOf(memory, stream)
      kept.isKeepingNewest = true
      dropOlder(memory, kept)
    },
    head: async () => {
      requireOpen('read the head')
      return memory.nextPosition - 1
    },
    close: async () => {
      isClosed = true
      feed.end()
    },
  }
}

const streamOf = (memory: Memory, name: string): Stream => {
  const known = memory.streams.get(name)
  if (known) return known
  const created = { entries: [], firstRevision: 0, isKeepingNewest: false }
  memory.streams.set(name, created)
  return created
}

const appendTo = (memory: Memory, append: EncodedAppend, written: Entry[]): AppendResult => {
  const decision = decide(memory, append)
  if (decision.kind !== 'write') return decision
  const stream = streamOf(memory, append.stream)
  const category = categoryOf(append.stream)
  for (const [index, { id, type, body }] of append.events.entries()) {
    const place = { stream: append.stream, revision: decision.firstRevision + index, position: memory.nextPosition }
    const entry = { event: decodeEvent(place, id, type, body), bytes: body.length, category }
    stream.entries.push(entry)
    memory.recentIds.add({ id, stream: append.stream, revision: place.revision })
    memory.log.push(entry)
    written.push(entry)
    memory.nextPosition += 1
  }
  if (stream.isKeepingNewest) dropOlder(memory, stream)
  return {
    kind: 'appended',
    revision: decision.firstRevision + append.events.length - 1,
    position: memory.nextPosition - 1,
  }
}

const decide = (memory: Memory, append: EncodedAppend): AppendDecision => {
  const stream = memory.streams.get(append.stream)
  return decideAppend(
    {
      headOf: () => (stream ? stream.firstRevision + stream.entries.length - 1 : -1),
      eventAt: (_name, revision) => stream?.entries[revision - stream.firstRevision]?.event,
      revisionOf: (name, id) => memory.recentIds.revisionOf(name, id),
    },
    append,
  )
}

const dropOlder = (memory: Memory, stream: Stream): void => {
  const dropped = stream.entries.splice(0, Math.max(0, stream.entries.length - 1))
  stream.firstRevision += dropped.length
  for (const { event } of dropped) {
    memory.log.splice(indexAfter(memory.log, event.position) - 1, 1)
  }
}

/** The index of the first entry of `log` beyond `position`. */
const indexAfter = (log: readonly Entry[], position: Position): number => {
  let low = 0
  let high = log.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((log[middle]?.event.position ?? Infinity) > position) high = middle
    else low = middle + 1
  }
  return low
}

const readPage = (log: readonly Entry[], after: Position, filter: StreamFilter) => {
  const events: RecordedEvent[] = []
  let position = after
  let bytes = 0
  for (let index = indexAfter(log, after); index < log.length; index++) {
    const entry = log[index]
    if (!entry || events.length >= MAX_SUBSCRIPTION_BATCH || bytes >= MAX_ITEM_BYTES) break
    position = entry.event.position
    if (filter !== 'all' && !filter.categories.includes(entry.category)) continue
    events.push(entry.event)
    bytes += entry.bytes
  }
  return { events, position }
}

async function* iterate(entries: readonly Entry[], check: () => void): AsyncGenerator<RecordedEvent> {
  check()
  for (const { event } of entries) yield event
}
