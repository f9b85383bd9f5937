import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { AppError, messageOf, systemCodeOf } from './errors.ts'
import { makeDirectories } from './make-directory.ts'

export type FileLock = { readonly release: () => void }

/**
 * Takes the lock that `path` stands for, for this process, until `release` or the process's end, however it ends: it is
 * a lock of the operating system (an exclusive SQLite transaction that is never committed), so `kill -9` frees it.
 * The holder's process id stands in `<path>.pid`, for the message only.
 *
 * Hazard: such locks belong to the process. Nothing else in it may open and close the file at `path`.
 *
 * Throws DATA_DIR_LOCKED, naming the holder where it is known, and DATA_DIR_UNUSABLE if the file cannot be made.
 */
export const lockFile = (path: string): FileLock => {
  const holderPath = `${path}.pid`
  let database: Database.Database | undefined
  try {
    makeDirectories(dirname(path), 0o700)
    database = new Database(path, { timeout: 0 })
    database.pragma('journal_mode = MEMORY')
    database.exec('BEGIN EXCLUSIVE')
    writeFileSync(holderPath, `${process.pid}\n`)
  } catch (error) {
    database?.close()
    throw refusal(path, holderPath, error)
  }
  const held = database
  return {
    release: () => {
      if (!held.open) return
      rmSync(holderPath, { force: true })
      held.close()
    },
  }
}

const refusal = (path: string, holderPath: string, error: unknown): AppError => {
  if (!systemCodeOf(error)?.startsWith('SQLITE_BUSY')) {
    return new AppError('DATA_DIR_UNUSABLE', `could not make the lock ${path}: ${messageOf(error)}`, {
      hint: 'Check that the directory exists, is writable, and that its disk has room.',
      cause: error,
    })
  }
  const holder = holderOf(holderPath)
  return new AppError('DATA_DIR_LOCKED', `could not lock ${path}: ${holder} uses this data directory`, {
    hint: 'Stop the other agent, or give this one a data directory of its own.',
  })
}

const holderOf = (holderPath: string): string => {
  try {
    const pid = Number.parseInt(readFileSync(holderPath, 'utf8'), 10)
    return Number.isNaN(pid) ? 'another process' : `process ${pid}`
  } catch {
    return 'another process'
  }
}
