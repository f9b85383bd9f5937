// The writer's thread of the sqlite adapter with faults: `<path>.fault` names what goes wrong from then on.
//   full       the file may not grow (SQLite's own refusal, SQLITE_FULL)
//   fsync      the commit reaches the file, but the sync is reported as failed
//   hold       the commit waits until the file says something else
//   exit       the thread ends amid the transaction
import { readFileSync } from 'node:fs'
import { workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

const faultPath = `${workerData.path}.fault`
const fault = () => {
  try {
    return readFileSync(faultPath, 'utf8')
  } catch {
    return 'none'
  }
}
const pauseMs = 2
const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs)

const { prototype } = Database
const prepare = Reflect.get(prototype, 'prepare')
Database.prototype.prepare = function prepareFaulty(sql) {
  const statement = prepare.call(this, sql)
  if (sql === 'BEGIN IMMEDIATE') return { run: () => (limitSize(this), statement.run()) }
  return sql === 'COMMIT' ? { run: () => commit(statement) } : statement
}

const limitSize = database => {
  const pages = fault() === 'full' ? database.pragma('page_count', { simple: true }) : 1_000_000
  database.pragma(`max_page_count = ${pages}`)
}

const commit = statement => {
  while (fault() === 'hold') pause()
  if (fault() === 'exit') process.exit(3)
  statement.run()
  if (fault() === 'fsync') throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC')
}

await import('../../src/eventstore/sqlite.worker.js')
