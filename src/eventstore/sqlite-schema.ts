/**
 * The file of the sqlite adapter: its tables, how it is opened, and which of its errors mean what. Names of streams and
 * types stand once and are referred to by integer keys. The revision of a stream's newest event is not kept apart: it
 * is the largest one under the stream's key, and the newest event of a stream is never deleted.
 */
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import Database from 'better-sqlite3'
import { AppError, messageOf, systemCodeOf } from '../platform/errors.ts'
import { makeDirectories } from '../platform/make-directory.ts'
import type { EventPlace } from './serde.ts'

/** "Must" in ASCII: marks the file as one of ours. */
const APPLICATION_ID = 0x4d_75_73_74
const SCHEMA_VERSION = 1

const schema = `
  CREATE TABLE stream (
    key INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    category TEXT NOT NULL,
    keeps_newest INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE type (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE event (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    id BLOB NOT NULL,
    type INTEGER NOT NULL,
    body TEXT NOT NULL,
    checksum INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX event_by_stream ON event (stream, revision);
`

/** What the writer's thread runs, by index; its file knows no SQL of its own. */
export const writerStatements = {
  insertStream: { index: 0, width: 3, sql: 'INSERT INTO stream (key, name, category) VALUES (?, ?, ?)' },
  insertType: { index: 1, width: 2, sql: 'INSERT INTO type (key, name) VALUES (?, ?)' },
  insertEvent: {
    index: 2,
    width: 7,
    sql: 'INSERT INTO event (position, stream, revision, id, type, body, checksum) VALUES (?, ?, ?, unhex(?), ?, ?, ?)',
  },
  keepNewest: { index: 3, width: 1, sql: 'UPDATE stream SET keeps_newest = 1 WHERE key = ?' },
  deleteOlder: { index: 4, width: 2, sql: 'DELETE FROM event WHERE stream = ? AND revision < ?' },
} as const

export const writerPragmas = ['synchronous = FULL', 'wal_autocheckpoint = 1000', 'foreign_keys = OFF'] as const

/** Opens the file for reading, made first if it is not there. Throws DATA_DIR_UNUSABLE or STORE_CORRUPT. */
export const openDatabase = (path: string): Database.Database => {
  let database: Database.Database | undefined
  try {
    makeDirectories(dirname(path), 0o700)
    database = new Database(path)
    prepareFile(database, path)
    database.pragma('query_only = ON')
    return database
  } catch (error) {
    database?.close()
    throw isCorruption(error) ? corruptError(path, 'it is no readable database', error) : unusable(path, error)
  }
}

const prepareFile = (database: Database.Database, path: string): void => {
  database.pragma('synchronous = FULL')
  const version = Number(database.pragma('user_version', { simple: true }))
  if (version === SCHEMA_VERSION && database.pragma('application_id', { simple: true }) === APPLICATION_ID) return
  const tables = Number(database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get())
  if (version !== 0 || tables > 0) {
    throw new AppError('DATA_DIR_UNUSABLE', `${path} is no event log of this version of Muster (schema ${version})`, {
      hint: `This version reads schema ${SCHEMA_VERSION}. Use the version that wrote the file, or another directory.`,
    })
  }
  database.pragma('journal_mode = WAL')
  database.transaction(() => {
    database.exec(schema)
    database.pragma(`application_id = ${APPLICATION_ID}`)
    database.pragma(`user_version = ${SCHEMA_VERSION}`)
  })()
}

const unusable = (path: string, error: unknown): AppError =>
  error instanceof AppError
    ? error
    : new AppError('DATA_DIR_UNUSABLE', `could not open the event log ${path}: ${messageOf(error)}`, {
        hint: 'Check that the directory is writable and that its disk has room.',
        cause: error,
      })

export const isCorruption = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(systemCodeOf(error) ?? '')

/** The log cannot be trusted: `what` names the place. */
export const corruptError = (path: string, what: string, cause?: unknown): AppError =>
  new AppError('STORE_CORRUPT', `the event log ${path} is damaged: ${what}`, {
    hint: 'Keep the file for examination, check the disk, and restore the log from a backup.',
    ...(cause === undefined ? {} : { cause }),
  })

/** What `checksum` covers: the body and everything that says whose event it is and where it stands. */
export const checksumOf = (place: EventPlace, id: string, type: string, body: string): number =>
  crc32(`${place.position} ${place.revision} ${id} ${type} ${place.stream} ${body}`)
