import { encode } from '../../src/app/codec.ts'
import type { Recorded } from '../../src/domain/events.ts'
import { createMemoryStore } from '../../src/eventstore/memory.ts'
import type { AppendResult, EventStore, Position, RecordedEvent, SubscriptionItem } from '../../src/eventstore/port.ts'
import { type ExportFacts, exportLog } from '../../src/logfile/export-log.ts'
import type { LogFile } from '../../src/logfile/format.ts'
import { follow } from './eventstore.ts'

/** What tests of exported logs share: stores with a history, files in memory. */

export const exportFacts: ExportFacts = { madeAt: 1, muster: '0.0.0', region: 'global', server: 'test', keys: {} }

export const fillStore = async (store: EventStore, events: readonly Recorded[]): Promise<EventStore> => {
  for (const event of events) {
    const provenance = {
      actor: event.actor,
      correlationId: event.correlationId,
      causationId: event.causationId,
      at: event.at,
    }
    await store.append(event.stream, event.revision === 0 ? 'no-stream' : event.revision - 1, [
      encode(event.id, event, provenance),
    ])
  }
  return store
}

export const storeOf = (events: readonly Recorded[]): Promise<EventStore> => fillStore(createMemoryStore(), events)

/** Positions of a store that has holes between them, in uneven steps, as EventStoreDB's are. */
const spread = (position: Position): Position => (position < 0 ? -1 : 1_000 + position * 100 + (position % 7))
const gather = (position: Position): Position => Math.floor((position - 1_000) / 100)

/** The same store with other positions. */
export const withHoles = (inner: EventStore): EventStore => {
  const moved = (event: RecordedEvent): RecordedEvent => ({ ...event, position: spread(event.position) })
  const movedResult = (result: AppendResult): AppendResult =>
    result.kind === 'appended' ? { ...result, position: spread(result.position) } : result
  const movedItem = (item: SubscriptionItem): SubscriptionItem => {
    if (item.kind === 'events') return { kind: 'events', events: item.events.map(moved) }
    return item.kind === 'lost' ? item : { kind: 'caught-up', position: spread(item.position) }
  }
  return {
    ...inner,
    append: async (...args) => movedResult(await inner.append(...args)),
    appendBatch: async appends => (await inner.appendBatch(appends)).map(movedResult),
    read: async function* (stream, from) {
      for await (const event of inner.read(stream, from)) yield moved(event)
    },
    subscribe: async function* (after, filter, signal) {
      for await (const item of inner.subscribe(after < 0 ? -1 : gather(after), filter, signal)) yield movedItem(item)
    },
    head: async () => spread(await inner.head()),
  }
}

/** Everything in a store, marks of imports included. */
export const eventsOf = async (store: EventStore): Promise<readonly RecordedEvent[]> => {
  const following = follow(store)
  const { events } = await following.untilCaughtUp()
  following.abort()
  return events
}

export const exportToBytes = async (store: EventStore): Promise<Buffer> => {
  const chunks: Uint8Array[] = []
  for await (const chunk of exportLog(store, exportFacts, new AbortController().signal)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

export const chunksOf = async function* (bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

export const fileOf = (bytes: Uint8Array, name = 'log'): LogFile => ({ name, open: () => chunksOf(bytes) })

export const linesIn = (bytes: Buffer): readonly string[] => bytes.toString('utf8').split('\n').slice(0, -1)

export const bytesOf = (lines: readonly string[]): Buffer => Buffer.from(lines.map(line => `${line}\n`).join(''))
