import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'

const PROGRAMS = join(import.meta.dirname, '../../infra/demo/programs')
const DEADLINE_MS = 15_000
const POLL_MS = 50

type Program = { readonly child: ChildProcess; readonly output: () => string; readonly exit: Promise<number | null> }
type Company = {
  readonly isConnected: boolean
  readonly problem?: string
  readonly budget: number | null
  readonly employees: readonly { readonly id: string; readonly type: string; readonly tasksDone: number }[]
}

const started: Program[] = []

afterEach(async () => {
  for (const { child } of started) child.kill('SIGKILL')
  await Promise.all(started.splice(0).map(({ exit }) => exit))
})

/** Starts a program with nothing of this process' environment but PATH. */
function start(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const child = spawn(command, args, {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const exit = once(child, 'close').then(([code]) => (typeof code === 'number' ? code : null))
  const program = { child, output: () => output, exit }
  started.push(program)
  return program
}

const runNode = (name: string, env: Readonly<Record<string, string>>, ...args: string[]) =>
  start(process.execPath, [join(PROGRAMS, `${name}.mjs`), ...args], env)

async function until<T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS
  for (;;) {
    const seen = await look()
    if (seen !== undefined) return seen
    if (Date.now() > deadline) throw new Error(`${what}: not within ${DEADLINE_MS} ms`)
    await new Promise(resolve => setTimeout(resolve, POLL_MS))
  }
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise(resolve => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('the test server has no port')
  return String(address.port)
}

const getCompany = (port: string) =>
  fetch(`http://127.0.0.1:${port}/employees.json`).then(
    async response => (await response.json()) as Company,
    () => undefined,
  )

function findRedisServer(): string | undefined {
  try {
    return execFileSync('sh', ['-c', 'command -v redis-server'], { encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

const redisServer = findRedisServer()
if (redisServer === undefined && process.env['CI'] === 'true')
  throw new Error('redis-server is not installed; with CI=true it must be')
if (redisServer === undefined)
  console.warn('NOT TESTED: the demo programs against the real redis-server, which is not installed')

const databases: readonly (readonly [string, (port: string) => Program])[] = [
  ['the stand-in', port => runNode('redis-stand-in', {}, '--port', port, '--bind', '127.0.0.1')],
  ...(redisServer === undefined
    ? []
    : [
        [
          'redis-server',
          (port: string) => start(redisServer, [join(PROGRAMS, 'redis.conf'), '--port', port], {}),
        ] as const,
      ]),
]

describe.each(databases)('with %s', (_, startDatabase) => {
  async function openCompany() {
    const [redisPort, webPort] = [await freePort(), await freePort()]
    const env = { REDIS_HOST: '127.0.0.1', REDIS_PORT: redisPort }
    const database = startDatabase(redisPort)
    const web = runNode('web', { ...env, FLASK_HOST: '127.0.0.1', REFRESH_INTERVAL: '500', NOMAD_PORT_web: webPort })
    const setup = runNode('setup', { ...env, PTC_BUDGET: '200' })
    expect(await setup.exit, setup.output()).toBe(0)
    return { env, database, web, webPort }
  }

  test('an employee works off the budget, is on the page, and is gone after the day', async () => {
    const { env, webPort } = await openCompany()
    const employee = runNode('employee', { ...env, PTC_EMPLOYEE_ID: 'a1b2c3d4' }, '--employee-type', 'sales_engineer')
    const seen = await until('a task done', async () => {
      const company = await getCompany(webPort)
      return company?.employees.some(({ tasksDone }) => tasksDone > 0) ? company : undefined
    })
    expect(seen).toMatchObject({ isConnected: true, employees: [{ id: 'a1b2c3d4', type: 'sales_engineer' }] })
    expect(seen.budget).toBeLessThan(200)
    const page = await fetch(`http://127.0.0.1:${webPort}/`)
    expect(await page.text()).toContain('<td>a1b2c3d4</td><td>sales_engineer</td>')
    expect(await employee.exit, employee.output()).toBe(0)
    expect((await getCompany(webPort))?.employees).toEqual([])
  })

  test('employees that come at once all log off when they are told to end', async () => {
    const { env, webPort } = await openCompany()
    const employees = ['one', 'two', 'three'].map(id => runNode('employee', { ...env, PTC_EMPLOYEE_ID: id }))
    await until('three employees', async () => ((await getCompany(webPort))?.employees.length === 3 ? true : undefined))
    for (const { child } of employees) child.kill('SIGTERM')
    expect(await Promise.all(employees.map(({ exit }) => exit))).toEqual([0, 0, 0])
    await until('nobody online', async () => ((await getCompany(webPort))?.employees.length === 0 ? true : undefined))
  })

  test('setup sends everybody home and sets the new budget', async () => {
    const { env, webPort } = await openCompany()
    const employee = runNode('employee', { ...env, PTC_EMPLOYEE_ID: 'early' })
    await until('an employee', async () => ((await getCompany(webPort))?.employees.length === 1 ? true : undefined))
    employee.child.kill('SIGKILL')
    await employee.exit
    expect((await getCompany(webPort))?.employees).toHaveLength(1)
    const setup = runNode('setup', { ...env, PTC_BUDGET: '500' })
    expect(await setup.exit, setup.output()).toBe(0)
    const company = await until('the reset', async () => {
      const now = await getCompany(webPort)
      return now?.budget === 500 ? now : undefined
    })
    expect(company.employees).toEqual([])
  })

  test('the page survives the loss of the database, and all end at once on SIGTERM', async () => {
    const { env, database, web, webPort } = await openCompany()
    await until('the page', async () => ((await getCompany(webPort))?.isConnected ? true : undefined))
    database.child.kill('SIGTERM')
    expect(await database.exit).toBe(0)
    const without = await until('the loss', async () => {
      const company = await getCompany(webPort)
      return company?.isConnected === false ? company : undefined
    })
    expect(without.problem).toMatch(/redis at 127\.0\.0\.1/)
    expect((await fetch(`http://127.0.0.1:${webPort}/health`)).status).toBe(503)
    startDatabase(env.REDIS_PORT)
    await until('the return', async () => ((await getCompany(webPort))?.isConnected ? true : undefined))
    web.child.kill('SIGTERM')
    expect(await web.exit).toBe(0)
  })
})

/** Sends the commands over one connection and answers every byte that came back. */
async function converse(port: string, commands: readonly (readonly string[])[]): Promise<string> {
  const end = 'the-last-command'
  const socket = connect(Number(port), '127.0.0.1')
  let replies = ''
  socket.on('data', (chunk: Buffer) => (replies += chunk.toString()))
  await once(socket, 'connect')
  for (const words of [...commands, ['ECHO', end]]) {
    socket.write(`*${words.length}\r\n${words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`)
  }
  await until('the last reply', () => (replies.includes(`${end}\r\n`) ? true : undefined))
  socket.destroy()
  return replies
}

const CONVERSATION = [
  'PING|PING hello|FLUSHALL|GET a|SET a 1|GET a|INCRBY a 41|DECRBY a 2|DECR a|INCR a|SET a x|INCRBY a 1|INCRBY n ten',
  'HSET h f 1 g 2|HSET h f 3|HGET h f|HGET h nope|HGETALL h|HDEL h g nope|HGETALL h|HGETALL none|HSET h odd|HSET a f 1|GET h',
  'EXISTS a h none|TTL a|EXPIRE a 100|TTL a|EXPIRE none 5|TTL none|SET a y|TTL a|SET b z EX 50|TTL b|SET c|SET c d XX1 5|PX',
  'EXPIRE b 0|GET b|KEYS h*|SET long v|KEYS l?n*|KEYS *zz*|SCAN 0 MATCH h* COUNT 100|SCAN 0 MATCH|DBSIZE|DEL a none h|DBSIZE|SELECT 0',
].flatMap(line => line.split('|').map(command => command.split(' ')))

test.runIf(redisServer !== undefined)(
  'the stand-in answers as redis-server does, byte for byte but for the words of errors',
  async () => {
    const replies = []
    for (const [, startDatabase] of databases) {
      const port = await freePort()
      const database = startDatabase(port)
      await until('the database', () => (/ready/i.test(database.output()) ? true : undefined))
      replies.push((await converse(port, CONVERSATION)).replaceAll(/^-([A-Z]+) .*$/gm, '-$1'))
    }
    expect(replies[0]).toBe(replies[1])
  },
)

describe('without redis', () => {
  test.each([
    ['employee', { PTC_EMPLOYEE_ID: 'a1' }, /REDIS_HOST is not set/],
    ['setup', { PTC_BUDGET: '1' }, /REDIS_HOST is not set/],
    [
      'employee',
      { PTC_EMPLOYEE_ID: 'a1', REDIS_HOST: '127.0.0.1', REDIS_PORT: '1' },
      /redis at 127\.0\.0\.1:1 cannot be reached/,
    ],
    ['employee', { REDIS_HOST: '127.0.0.1', REDIS_PORT: '1' }, /PTC_EMPLOYEE_ID/],
    ['setup', { PTC_BUDGET: 'lots', REDIS_HOST: '127.0.0.1' }, /PTC_BUDGET is "lots"/],
    ['setup', { REDIS_HOST: '127.0.0.1' }, /PTC_BUDGET is not set/],
  ])('%s with %j exits 1 and says why', async (name, env, message) => {
    const program = runNode(name, env)
    expect(await program.exit).toBe(1)
    expect(program.output()).toMatch(message)
  })

  test('an employee of an unknown type exits 1 and names the known ones', async () => {
    const program = runNode('employee', {}, '--employee-type', 'astronaut')
    expect(await program.exit).toBe(1)
    expect(program.output()).toMatch(/no employee type "astronaut".*sales_engineer/)
  })

  test('the page is served and says what it waits for', async () => {
    const port = await freePort()
    runNode('web', { NOMAD_PORT_web: port })
    const company = await until('the page', () => getCompany(port))
    expect(company).toMatchObject({ isConnected: false, employees: [] })
    expect(company.problem).toContain('REDIS_HOST is not set')
  })
})
