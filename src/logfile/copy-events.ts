import { createHash, type Hash } from 'node:crypto'
import { newestPositionIn, translatePositions } from '../domain/positions.ts'
import type { Append, EventStore, Position, RecordedEvent } from '../eventstore/port.ts'
import { AppError } from '../platform/errors.ts'
import type { LogFile } from './format.ts'
import { createPositionMap, type PositionMap } from './position-map.ts'
import { readLog } from './read-log.ts'

/** Events and bytes that are appended at once; both are below what a store takes in one batch. */
export const BATCH_EVENTS = 512
const BATCH_BYTES = 4_000_000
/** Streams that keep their newest event alone: each is held back until the end. */
export const MAX_CUT_STREAMS = 1_000

export type Copied = {
  /** What the file's last line says, and which line that is. */
  readonly sha256: string
  readonly line: number
  /** Over all that was written, with the places that the store gave it. */
  readonly digest: string
  /** Streams whose past was dropped: only the newest event of each was written, at the end. */
  readonly cutStreams: ReadonlySet<string>
}

/** What the digest of a copy covers of each event, in the order of the log. */
export const digestEvent = (hash: Hash, event: RecordedEvent): void => {
  const { stream, revision, position, id, type, data, metadata } = event
  hash.update(JSON.stringify([stream, revision, position, id, type, data, metadata]))
}

type Entry = { readonly event: RecordedEvent; readonly newEvent: RecordedEvent }

/** An append of one event each: its answer is then the event's own position. */
const appendOf = ({ newEvent: { stream, revision, id, type, data, metadata } }: Entry): Append => ({
  stream,
  expected: revision === 0 ? 'no-stream' : revision - 1,
  events: [{ id, type, data, metadata }],
})

const foreign = ({ stream, revision }: RecordedEvent): AppError =>
  new AppError('STORE_NOT_EMPTY', `another event stands at revision ${revision} of stream ${stream}`, {
    hint: 'somebody else writes to this store: stop them, and import into an empty store',
  })

/** Gathers events and appends them in batches, each as soon as it is full. */
const createBatch = (store: EventStore, positions: PositionMap) => {
  const hash = createHash('sha256')
  const cut = new Map<string, RecordedEvent>()
  let entries: Entry[] = []
  let bytes = 0

  const settle = (entry: Entry, position: Position): void => {
    positions.add(entry.event.position, position)
    digestEvent(hash, { ...entry.newEvent, position })
  }

  /** The stream is shorter than the event's revision says: its past was dropped, and only its newest event counts. */
  const holdBack = ({ newEvent }: Entry): void => {
    cut.set(newEvent.stream, newEvent)
    if (cut.size <= MAX_CUT_STREAMS) return
    throw new AppError('STORE_CORRUPT', `more than ${MAX_CUT_STREAMS} streams do not begin with their first event`)
  }

  const flush = async (): Promise<void> => {
    const written = entries
    entries = []
    bytes = 0
    const results = await store.appendBatch(written.map(appendOf))
    for (const [index, result] of results.entries()) {
      const entry = written[index]
      if (entry === undefined) continue
      if (result.kind === 'appended') settle(entry, result.position)
      else if (result.actual === 'no-stream' || result.actual < entry.event.revision - 1) holdBack(entry)
      else throw foreign(entry.event)
    }
  }

  return {
    flush,
    digest: () => hash.digest('hex'),
    cut,
    /** Positions in an event can be translated once what they name has its place. */
    add: async (event: RecordedEvent, lineBytes: number): Promise<void> => {
      const oldest = entries[0]?.event.position ?? Infinity
      const isFull = entries.length >= BATCH_EVENTS || bytes >= BATCH_BYTES
      if (isFull || newestPositionIn(event.type, event.data) >= oldest) await flush()
      const data = translatePositions(event.type, event.data, positions.translate)
      entries.push({ event, newEvent: { ...event, data } })
      bytes += lineBytes
    },
  }
}

/** Writes a file's events into a store that holds nothing else but, perhaps, a beginning of the same. */
export const copyEvents = async (store: EventStore, file: LogFile): Promise<Copied> => {
  const batch = createBatch(store, createPositionMap())
  let sha256 = ''
  let line = 0
  for await (const items of readLog(file.name, file.open())) {
    for (const item of items) {
      if (item.kind === 'event') await batch.add(item.event, item.bytes)
      if (item.kind === 'footer')
        ({
          line,
          footer: { sha256 },
        } = item)
    }
  }
  await batch.flush()
  for (const [stream, { id, type, data, metadata }] of batch.cut) {
    await store.append(stream, 'any', [{ id, type, data, metadata }])
    await store.keepNewest(stream)
  }
  return { sha256, line, digest: batch.digest(), cutStreams: new Set(batch.cut.keys()) }
}
