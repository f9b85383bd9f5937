// Loaded into an agent by the crash program (`--require`), into its threads too: kills the process at a named point. Points
// lie where the product meets what outlives it, the file system, SQLite and the network, so the code that runs is the code
// that is shipped. The file that MUSTER_TEST_CRASH names holds lines `POINT COUNT`: the COUNT-th time that the first line's
// POINT is reached in one process, the line is removed and the process dies. Without the file nothing happens.
const { promises, readFileSync, unlinkSync, writeFileSync } = require('node:fs')
const { ServerResponse } = require('node:http')
const { syncBuiltinESMExports } = require('node:module')
const Sqlite = require('better-sqlite3')

const control = process.env.MUSTER_TEST_CRASH

const readOrders = () => {
  try {
    return readFileSync(control, 'utf8').trim().split('\n')
  } catch {
    return []
  }
}

let current
let left = 0
const reached = point => {
  const [order, ...rest] = readOrders()
  if (order !== current) left = Number(order?.split(' ')[1])
  current = order
  if (order?.split(' ')[0] !== point) return
  left -= 1
  if (left > 0) return
  if (rest.length > 0) writeFileSync(control, rest.join('\n'))
  else unlinkSync(control)
  process.kill(process.pid, 'SIGKILL')
}

const around = async (before, act, after) => {
  if (before !== undefined) reached(before)
  const result = await act()
  if (after !== undefined) reached(after)
  return result
}

/** The server's files: the log is written by a thread of its own, the views by the main one. */
const hookSqlite = () => {
  const prepare = Reflect.get(Sqlite.prototype, 'prepare')
  const placeOf = path => (path.endsWith('events.db') ? 'append' : path.endsWith('views.db') ? 'views' : undefined)
  Sqlite.prototype.prepare = function prepareHooked(sql) {
    const statement = prepare.call(this, sql)
    const place = placeOf(this.name)
    if (sql !== 'COMMIT' || place === undefined) return statement
    return {
      run: () => {
        reached(`${place}-before-commit`)
        statement.run()
        reached(`${place}-after-commit`)
      },
    }
  }
}

const phasesIn = text => JSON.parse(text).records.map(record => record.phase.kind)

/** The points before and after a file of the client's state gets its new content. */
const pointsOf = (from, to) => {
  if (to.endsWith('/allocation.json')) return { after: 'client-allocation-saved' }
  if (to.endsWith('/report.json')) {
    const { report } = JSON.parse(readFileSync(from, 'utf8'))
    return report === null ? {} : { before: 'client-report-made', after: 'client-report-saved' }
  }
  if (!to.endsWith('/progress.json')) return {}
  const phases = phasesIn(readFileSync(from, 'utf8'))
  if (phases.includes('starting')) return { after: 'client-intent-saved' }
  if (phases.includes('running')) return { before: 'client-effect-done', after: 'client-handle-saved' }
  if (phases.includes('ended')) return { before: 'client-end-seen', after: 'client-end-saved' }
  return {}
}

const hookFiles = () => {
  const { open, rename } = promises
  promises.rename = (from, to) => {
    const { before, after } = pointsOf(String(from), String(to))
    return around(before, () => rename(from, to), after)
  }
  promises.open = async (path, ...rest) => {
    const file = await open(path, ...rest)
    if (!String(path).endsWith('/broker.fifo')) return file
    const write = file.write.bind(file)
    file.write = (data, ...more) =>
      String(data).startsWith('start ')
        ? around('client-start-made', () => write(data, ...more), 'client-start-asked')
        : write(data, ...more)
    return file
  }
  syncBuiltinESMExports()
}

const hookAnswers = () => {
  const end = Reflect.get(ServerResponse.prototype, 'end')
  ServerResponse.prototype.end = function endHooked(...args) {
    const isAnswer = this.req?.method === 'POST'
    if (isAnswer) reached('answer-before-sent')
    return end.apply(this, args)
  }
}

if (control !== undefined) {
  hookSqlite()
  hookFiles()
  hookAnswers()
}
