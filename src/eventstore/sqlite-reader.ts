/** All that is read from the sqlite adapter's file, on the thread of whoever asks, in bounded pages. */
import type { Database } from 'better-sqlite3'
import { AppError, messageOf, systemCodeOf } from '../platform/errors.ts'
import type { StandingEvent } from './decide-append.ts'
import type { Page } from './feed.ts'
import { MAX_ITEM_BYTES } from './feed.ts'
import type { Position, RecordedEvent, Revision, StreamFilter } from './port.ts'
import { MAX_SUBSCRIPTION_BATCH } from './port.ts'
import type { RememberedEvent } from './recent-ids.ts'
import { decodeEvent } from './serde.ts'
import { checksumOf, corruptError, isCorruption } from './sqlite-schema.ts'

/** Positions that one page of a subscription looks at, so that a rare category cannot hold up the thread. */
export const MAX_POSITIONS_SCANNED = 8_192
/** Newest events whose checksums are looked at when the log is opened; all others are whenever they are read. */
export const EVENTS_VERIFIED_AT_OPEN = 1_000

export type StreamRow = { readonly key: number; readonly isKeepingNewest: boolean; readonly head: Revision }

export type Reader = {
  readonly head: () => Position
  readonly streamRow: (name: string) => StreamRow | undefined
  readonly newestStreamKey: () => number
  readonly typeKeys: () => Map<string, number>
  readonly eventAt: (streamKey: number, revision: Revision) => StandingEvent | undefined
  /** The ids of the newest events, oldest first. */
  readonly newestIds: (limit: number) => readonly RememberedEvent[]
  /** The next events after `after`, up to `upTo` (inclusive, beyond `after`) at most. */
  readonly page: (after: Position, upTo: Position, filter: StreamFilter) => Page
  /** The next events of a stream with revisions `from` to `upTo`, both inclusive; empty only if there are none. */
  readonly streamPage: (streamKey: number, from: Revision, upTo: Revision) => readonly RecordedEvent[]
  /** Throws STORE_CORRUPT if the newest events are not as they were written. */
  readonly verifyNewest: () => void
}

type Row = [
  position: number,
  stream: string | null,
  revision: number,
  id: string,
  type: string | null,
  body: string,
  checksum: number,
]

const columns = 'e.position, s.name, e.revision, hex(e.id), t.name, e.body, e.checksum'
const joined = 'event e LEFT JOIN stream s ON s.key = e.stream LEFT JOIN type t ON t.key = e.type'

const uuidOf = (hex: string): string => {
  const lower = hex.toLowerCase()
  return `${lower.slice(0, 8)}-${lower.slice(8, 12)}-${lower.slice(12, 16)}-${lower.slice(16, 20)}-${lower.slice(20)}`
}

export const hexOf = (uuid: string): string => uuid.replaceAll('-', '')

const prepare = (database: Database) => {
  const byPosition = 'WHERE e.position > ? AND e.position <= ?'
  return {
    head: database.prepare<[], number | null>('SELECT max(position) FROM event').pluck(),
    newestStream: database.prepare<[], number | null>('SELECT max(key) FROM stream').pluck(),
    types: database.prepare<[], [string, number]>('SELECT name, key FROM type').raw(),
    stream: database
      .prepare<[string], [number, number, number | null]>(
        'SELECT key, keeps_newest, (SELECT max(revision) FROM event WHERE stream = key) FROM stream WHERE name = ?',
      )
      .raw(),
    eventAt: database
      .prepare<[number, number], [string, number]>(
        'SELECT hex(id), position FROM event WHERE stream = ? AND revision = ?',
      )
      .raw(),
    newestIds: database
      .prepare<[number], [string, string, number]>(
        `SELECT hex(e.id), s.name, e.revision FROM event e JOIN stream s ON s.key = e.stream
         ORDER BY e.position DESC LIMIT ?`,
      )
      .raw(),
    page: database
      .prepare<[number, number, number], Row>(
        `SELECT ${columns} FROM ${joined} ${byPosition} ORDER BY e.position LIMIT ?`,
      )
      .raw(),
    pageBytes: database
      .prepare<[number, number, number], number | null>(
        `SELECT sum(octet_length(body)) FROM (SELECT body FROM event e ${byPosition} ORDER BY e.position LIMIT ?)`,
      )
      .pluck(),
    pageOf: database
      .prepare<[number, number, string, number], Row>(
        `SELECT ${columns} FROM ${joined} ${byPosition}
       AND (s.category IS NULL OR s.category IN (SELECT value FROM json_each(?))) ORDER BY e.position LIMIT ?`,
      )
      .raw(),
    streamPage: database
      .prepare<[number, number, number, number], Row>(
        `SELECT ${columns} FROM ${joined} WHERE e.stream = ? AND e.revision BETWEEN ? AND ? ORDER BY e.revision LIMIT ?`,
      )
      .raw(),
    newest: database.prepare<[number], Row>(`SELECT ${columns} FROM ${joined} ORDER BY e.position DESC LIMIT ?`).raw(),
  }
}

export const createReader = (database: Database, path: string): Reader => {
  const statements = prepare(database)
  const guarded = <T>(query: () => T): T => {
    try {
      return query()
    } catch (error) {
      throw readError(path, error)
    }
  }
  const collect = (rows: Iterable<Row>): { readonly events: RecordedEvent[]; readonly isCut: boolean } => {
    const events: RecordedEvent[] = []
    let bytes = 0
    for (const row of rows) {
      events.push(decodeRow(path, row))
      bytes += row[5].length
      if (bytes >= MAX_ITEM_BYTES) return { events, isCut: true }
    }
    return { events, isCut: events.length >= MAX_SUBSCRIPTION_BATCH }
  }

  /** A page of usual size is read at once, which is half as fast again as row by row; a large one up to the limit only. */
  const rowsAfter = (after: Position, last: Position): Iterable<Row> => {
    const bytes = statements.pageBytes.get(after, last, MAX_SUBSCRIPTION_BATCH) ?? 0
    return bytes <= MAX_ITEM_BYTES
      ? statements.page.all(after, last, MAX_SUBSCRIPTION_BATCH)
      : statements.page.iterate(after, last, MAX_SUBSCRIPTION_BATCH)
  }

  return {
    head: () => guarded(() => statements.head.get() ?? -1),
    newestStreamKey: () => guarded(() => statements.newestStream.get() ?? 0),
    typeKeys: () => guarded(() => new Map(statements.types.all())),
    streamRow: name =>
      guarded(() => {
        const row = statements.stream.get(name)
        return row && { key: row[0], isKeepingNewest: row[1] === 1, head: row[2] ?? -1 }
      }),
    eventAt: (streamKey, revision) =>
      guarded(() => {
        const row = statements.eventAt.get(streamKey, revision)
        return row && { id: uuidOf(row[0]), position: row[1] }
      }),
    newestIds: limit =>
      guarded(() => {
        const rows = statements.newestIds.all(limit).toReversed()
        return rows.map(([hex, stream, revision]) => ({ id: uuidOf(hex), stream, revision }))
      }),
    page: (after, upTo, filter) =>
      guarded(() => {
        const last = Math.min(upTo, after + MAX_POSITIONS_SCANNED)
        const { events, isCut } = collect(
          filter === 'all'
            ? rowsAfter(after, last)
            : statements.pageOf.iterate(after, last, JSON.stringify(filter.categories), MAX_SUBSCRIPTION_BATCH),
        )
        return { events, position: isCut ? (events.at(-1)?.position ?? last) : last }
      }),
    streamPage: (streamKey, from, upTo) =>
      guarded(() => collect(statements.streamPage.iterate(streamKey, from, upTo, MAX_SUBSCRIPTION_BATCH)).events),
    verifyNewest: () =>
      guarded(() => {
        for (const row of statements.newest.iterate(EVENTS_VERIFIED_AT_OPEN)) verifyRow(path, row)
      }),
  }
}

const readError = (path: string, error: unknown): unknown => {
  if (isCorruption(error)) return corruptError(path, 'a page of it cannot be read', error)
  if (!systemCodeOf(error)?.startsWith('SQLITE_')) return error
  return new AppError('STORE_UNAVAILABLE', `could not read the event log ${path}: ${messageOf(error)}`, {
    hint: 'Check the disk that the log is on.',
    cause: error,
  })
}

/** Throws STORE_CORRUPT, naming the position, unless the row is as it was written. */
const verifyRow = (path: string, row: Row): { readonly stream: string; readonly type: string; readonly id: string } => {
  const [position, stream, revision, hex, type, body, checksum] = row
  const id = uuidOf(hex)
  const isIntact =
    stream !== null && type !== null && checksumOf({ stream, revision, position }, id, type, body) === checksum
  if (!isIntact) throw corruptError(path, `the event at position ${position} does not match its checksum`)
  return { stream, type, id }
}

const decodeRow = (path: string, row: Row): RecordedEvent => {
  const { stream, type, id } = verifyRow(path, row)
  const [position, , revision, , , body] = row
  return decodeEvent({ stream, revision, position }, id, type, body)
}

/** Events of one stream in pages, up to the revision that was its newest at the time of the call. Gaps are damage. */
export const readStream = (reader: Reader, path: string, stream: string, from: Revision) => {
  const row = reader.streamRow(stream)
  async function* pages(): AsyncGenerator<RecordedEvent> {
    if (!row) return
    let next = from
    while (next <= row.head) {
      const events = reader.streamPage(row.key, next, row.head)
      for (const event of events) {
        const isGap = event.revision !== next && !row.isKeepingNewest
        if (isGap) throw missingEvent(path, stream, next)
        next = event.revision + 1
        yield event
      }
      if (events.length > 0) continue
      if (row.isKeepingNewest || reader.streamRow(stream)?.isKeepingNewest) return
      throw missingEvent(path, stream, next)
    }
  }
  return pages()
}

const missingEvent = (path: string, stream: string, revision: Revision): AppError =>
  corruptError(path, `revision ${revision} of stream ${stream} is missing`)
