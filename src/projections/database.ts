import { existsSync, renameSync, rmSync } from 'node:fs'
import Sqlite, { type Database } from 'better-sqlite3'
import { AppError, systemCodeOf } from '../platform/errors.ts'
import { createTables, schemaVersion } from './schema.ts'

export const IN_MEMORY = ':memory:'

const schemaOf = (db: Database): string | null => {
  const table = db.prepare<[], string>("SELECT name FROM sqlite_master WHERE name = 'checkpoint'").pluck().get()
  if (table === undefined) return null
  return db.prepare<[], string>('SELECT schema FROM checkpoint').pluck().get() ?? null
}

const connect = (path: string): Database => {
  try {
    const db = new Sqlite(path)
    // A cache of the log: it must be whole after a crash, but may be behind, since what is missing is folded again.
    db.pragma('journal_mode = WAL')
    db.pragma('synchronous = NORMAL')
    return db
  } catch (cause) {
    throw new AppError('DATA_DIR_UNUSABLE', 'the read model cannot be opened', {
      cause,
      hint: 'it holds nothing that the log does not: remove its files and start again',
    })
  }
}

const initialise = (db: Database): void => {
  if (schemaOf(db) !== null) return
  db.transaction(() => {
    db.exec(createTables)
    db.prepare("INSERT INTO checkpoint (id, schema, position, event_id) VALUES (1, ?, -1, '')").run(schemaVersion)
  })()
}

/** A page of the file is not as SQLite wrote it, whoever met it. */
export const isDamage = (error: unknown): boolean =>
  /^SQLITE_(CORRUPT|NOTADB)/.test(systemCodeOf(error) ?? '') ||
  (error instanceof Error && error.cause !== undefined && isDamage(error.cause))

/** Where one of another version's form is built. */
const besideOf = (path: string): string => `${path}.next`

const removeFiles = (path: string): void => {
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true })
}

/** Removes the read model at `path`, and one that is being built beside it. */
export const removeReadModel = (path: string): void => {
  removeFiles(path)
  removeFiles(besideOf(path))
}

const positionOf = (db: Database): number =>
  db.prepare<[], number>('SELECT position FROM checkpoint').pluck().get() ?? -1

/**
 * Opens the read model at `path`. One whose rows mean something else (an older version's) stays where it is while the new
 * one is built beside it; the first start that finds the new one as far as the old one puts it in its place.
 */
export const openDatabase = (path: string): Database => {
  if (path === IN_MEMORY || !existsSync(path)) return openHere(path)
  const inPlace = connect(path)
  const found = schemaOf(inPlace)
  if (found === null || found === schemaVersion) {
    initialise(inPlace)
    return inPlace
  }
  const goal = positionOf(inPlace)
  inPlace.close()
  return openBeside(path, goal)
}

const openHere = (path: string): Database => {
  const db = connect(path)
  initialise(db)
  return db
}

const openBeside = (path: string, goal: number): Database => {
  const beside = besideOf(path)
  const begun = connect(beside)
  if (schemaOf(begun) !== schemaVersion) {
    begun.close()
    removeFiles(beside)
    return openHere(beside)
  }
  if (positionOf(begun) < goal) return begun
  begun.pragma('wal_checkpoint(TRUNCATE)')
  begun.close()
  removeFiles(path)
  renameSync(beside, path)
  return openHere(path)
}
