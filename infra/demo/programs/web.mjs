/**
 * The company's web page: the budget and who is online, read from redis at each request.
 *
 *   GET /                 the page, which refreshes itself every REFRESH_INTERVAL milliseconds
 *   GET /employees.json   { isConnected, problem?, budget, employees: [{ id, type, doing, tasksDone, onlineForS }] }
 *   GET /health           200 when redis answers, 503 with the reason when it does not
 *
 * Listens on FLASK_HOST (127.0.0.1 when not set) and port NOMAD_PORT_web (5000 when not set). Without redis it stays up,
 * says so on the page and keeps trying; SIGTERM and SIGINT end it at once.
 */
import { createServer } from 'node:http'
import { BUDGET_KEY, listEmployees } from './company.mjs'
import { renderPage } from './page.mjs'
import { openRedis, redisAddress } from './redis.mjs'

const DEFAULT_PORT = 5_000
const DEFAULT_REFRESH_MS = 1_000
const REFRESH_LIMITS_MS = [100, 60_000]
const RETRY_EVERY_MS = 500
/** What was read is shown again for this long, so that many open pages ask redis no more often than a few. */
const FRESH_MS = 100

const host = process.env.FLASK_HOST || '127.0.0.1'
const port = readNumber('NOMAD_PORT_web', DEFAULT_PORT, [0, 65_535])
const refreshMs = readNumber('REFRESH_INTERVAL', DEFAULT_REFRESH_MS, REFRESH_LIMITS_MS)
const address = redisAddress(process.env)
const database = createDatabaseLink(address)
const company = createCompanyReader(database)

const server = createServer((request, response) => {
  const respond = ROUTES[request.url?.split('?')[0] ?? '']
  if (respond === undefined || !['GET', 'HEAD'].includes(request.method ?? ''))
    return send(response, 404, 'text/plain', 'There is no such page.\n')
  respond(response).catch(error => send(response, 500, 'text/plain', `${error.message}\n`))
})

const ROUTES = {
  '/': async response => send(response, 200, 'text/html', renderPage(await company.read(), refreshMs)),
  '/employees.json': async response =>
    send(response, 200, 'application/json', `${JSON.stringify(await company.read())}\n`),
  '/health': async response => {
    const { isConnected, problem } = await company.read()
    send(response, isConnected ? 200 : 503, 'text/plain', isConnected ? 'ok\n' : `${problem}\n`)
  },
}

server.on('error', error => {
  console.error(`web: cannot listen on ${host}:${port}: ${error.message}`)
  process.exit(1)
})
server.listen(port, host, () => console.log(`web: listening on http://${host}:${server.address().port}`))

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    console.log(`web: ${signal}, ending`)
    database.close()
    server.close()
    server.closeAllConnections()
  })
}

function send(response, status, type, body) {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'no-store' })
  response.end(body)
}

function readNumber(name, fallback, [least, most]) {
  const text = process.env[name] || String(fallback)
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= most) return value
  console.error(`web: ${name} is "${text}"; it must be a whole number from ${least} to ${most}`)
  process.exit(1)
}

/** Keeps one connection to redis, making it anew when it was lost, at most every RETRY_EVERY_MS. */
function createDatabaseLink(address) {
  let redis
  let opening
  let problem = address.problem ?? 'redis has not answered yet'
  let nextTryAt = 0
  let lastSaid = ''
  const say = text => {
    if (text !== lastSaid) console.log(`web: ${text}`)
    lastSaid = text
  }

  const open = async () => {
    nextTryAt = Date.now() + RETRY_EVERY_MS
    try {
      redis = await openRedis(address)
      say(`connected to redis at ${address.host}:${address.port}`)
    } catch (error) {
      problem = error.message
      say(`${problem}; trying again`)
    }
    opening = undefined
  }
  return {
    /** The connection, or `{ problem }`. */
    async use() {
      if (redis?.isOpen()) return { redis }
      problem = redis?.problem() ?? problem
      redis = undefined
      if (address.problem === undefined && (opening !== undefined || Date.now() >= nextTryAt))
        await (opening ??= open())
      return redis?.isOpen() ? { redis } : { problem }
    },
    close: () => redis?.close(),
  }
}

/** Reads the company, sharing one reading among requests that come within FRESH_MS. */
function createCompanyReader(database) {
  let reading
  let freshUntil = 0
  const readNow = async () => {
    const { redis, problem } = await database.use()
    if (redis === undefined) return { isConnected: false, problem, budget: null, employees: [] }
    try {
      const budget = await redis.command('GET', BUDGET_KEY)
      const now = Date.now()
      const employees = (await listEmployees(redis)).map(({ since, ...rest }) => ({
        ...rest,
        onlineForS: Math.max(0, Math.round((now - since) / 1_000)),
      }))
      return { isConnected: true, budget: budget === null ? null : Number(budget), employees }
    } catch (error) {
      return { isConnected: false, problem: error.message, budget: null, employees: [] }
    }
  }
  return {
    read() {
      if (Date.now() >= freshUntil || reading === undefined) {
        freshUntil = Date.now() + FRESH_MS
        reading = readNow()
      }
      return reading
    },
  }
}
