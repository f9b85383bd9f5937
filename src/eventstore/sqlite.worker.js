// The writer's thread of the sqlite adapter: runs each group of statements as one transaction and answers when it is on
// disk. It decides nothing, and is plain JavaScript so that a worker can start from the sources as they stand.
//
// In:  { kind: 'commit', steps: [{ index, width, values }] } — `values` are the parameters of all rows, one after another;
//      { kind: 'close' }
// Out: { kind: 'committed' } | { kind: 'failed', code, message, isRolledBack } | { kind: 'closed' }
/* oxlint-disable unicorn/require-post-message-target-origin -- a worker's port, not a window: there is no origin. */
import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

const database = new Database(workerData.path, { fileMustExist: true })
for (const pragma of workerData.pragmas) database.pragma(pragma)
const statements = workerData.statements.map(sql => database.prepare(sql))
const begin = database.prepare('BEGIN IMMEDIATE')
const commit = database.prepare('COMMIT')
const rollback = database.prepare('ROLLBACK')

const run = steps => {
  begin.run()
  for (const { index, width, values } of steps) {
    const statement = statements[index]
    for (let at = 0; at < values.length; at += width) statement.run(...values.slice(at, at + width))
  }
  commit.run()
}

const undo = () => {
  try {
    if (database.inTransaction) rollback.run()
    return true
  } catch {
    return false
  }
}

parentPort.on('message', message => {
  if (message.kind === 'close') {
    database.close()
    parentPort.postMessage({ kind: 'closed' })
    parentPort.close()
    return
  }
  try {
    run(message.steps)
    parentPort.postMessage({ kind: 'committed' })
  } catch (error) {
    const isRolledBack = undo()
    parentPort.postMessage({ kind: 'failed', code: String(error.code), message: String(error.message), isRolledBack })
  }
})
