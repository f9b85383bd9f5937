import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeTree } from '../../src/platform/mounts.ts'
import {
  type ConfiguredAgent,
  copyBuild,
  isRunning,
  nodeReady,
  nodesOf,
  startConfigured,
  writeTicker,
} from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { freePort, startAgent } from '../support/muster.ts'

/** One server and three clients on one machine, each a process with a file of configuration, as they come and go. */
const folder = mkdtempSync(join(tmpdir(), 'muster-cluster-'))
const agents = new Map<string, ConfiguredAgent>()
const ports = new Map<string, number>()

const portOf = async (name: string): Promise<number> => {
  const port = ports.get(name) ?? (await freePort())
  ports.set(name, port)
  return port
}

const write = (name: string, text: string): string => {
  const path = join(folder, `${name}.hcl`)
  writeFileSync(path, text)
  return path
}

const shared = async (name: string): Promise<string> => `name     = "${name}"
data_dir = "${join(folder, name)}"
ports {
  http = ${await portOf(name)}
}
`

const start = async (name: string, role: string, program?: string): Promise<ConfiguredAgent> => {
  const config = write(name, `${await shared(name)}${role}`)
  const port = await portOf(name)
  const agent = startConfigured({ config, port, ...(program === undefined ? {} : { program }) })
  agents.set(name, agent)
  return agent
}

const startServer = (): Promise<ConfiguredAgent> => start('server', 'server {\n  enabled = true\n}\n')

const clientRole = async (): Promise<string> => `client {
  enabled = true
  servers = ["127.0.0.1:${await portOf('server')}"]
}
plugin "raw_exec" {
  config {
    enabled = true
  }
}
`

const startClient = async (name: string, program?: string): Promise<ConfiguredAgent> =>
  start(name, await clientRole(), program)

const end = async (name: string, signal: NodeJS.Signals) => {
  const agent = agents.get(name)
  agents.delete(name)
  agent?.send(signal)
  return agent?.ended
}

const get = (name: string): ConfiguredAgent => {
  const agent = agents.get(name)
  if (agent === undefined) throw new Error(`no agent ${name} runs`)
  return agent
}

const ticker = writeTicker(folder, { name: 'ticker', node: 'one' })
let pid: string | undefined

beforeAll(async () => {
  // The first client is there before its server.
  const one = await startClient('one')
  await one.logged('link to the server is down')
  await startServer()
  await startClient('two')
  await nodeReady(get('server'), 'one')
  await nodeReady(get('server'), 'two')
  const run = await one.muster(['job', 'run', ticker.file])
  expect(run, run.stdout + run.stderr).toMatchObject({ code: 0 })
  pid = ticker.starts()[0]
})

afterAll(async () => {
  await agents.get('server')?.muster(['job', 'stop', '-purge', 'ticker'])
  await Promise.all([...agents.keys()].map(name => end(name, 'SIGTERM')))
  await removeTree(folder)
})

describe('one server and clients', () => {
  it('answers through whichever agent is asked, and each names itself', async () => {
    for (const name of ['server', 'one', 'two'])
      expect([...(await nodesOf(get(name))).keys()].toSorted()).toEqual(['one', 'two'])
    const self = await get('two').muster(['node', 'status', '-self', '-short'])
    expect(self.stdout).toMatch(/Name += two/)
    const none = await get('server').muster(['node', 'status', '-self'])
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('runs no client')])
    const health = await fetch(`http://127.0.0.1:${await portOf('one')}/v1/agent/health`)
    expect(await health.json()).toEqual({ client: { ok: true, message: 'ok' } })
  })

  it('takes in a client that comes late', async () => {
    await startClient('three')
    expect(await nodeReady(get('one'), 'three')).toMatchObject({ name: 'three' })
    expect(await end('three', 'SIGTERM')).toEqual({ code: 0, signal: null })
  })

  it('knows a client again that was killed, and its task runs on', async () => {
    const before = (await nodesOf(get('server'))).get('one')
    await end('one', 'SIGKILL')
    expect(isRunning(pid)).toBe(true)
    const again = await startClient('one')
    await again.logged('Node is ready')
    expect((await nodeReady(get('server'), 'one')).id).toBe(before?.id)
    const logs = await get('two').muster(['alloc', 'logs', '-job', 'ticker'])
    expect(logs.stdout).toBe('started\n')
    expect(ticker.starts()).toEqual([pid])
  })

  it('goes on with a task through an upgrade in place', async () => {
    expect(await end('one', 'SIGTERM')).toEqual({ code: 0, signal: null })
    expect(isRunning(pid)).toBe(true)
    const upgraded = await startClient('one', copyBuild(folder))
    await upgraded.logged('Node is ready')
    await nodeReady(get('server'), 'one')
    const restarted = await get('two').muster(['alloc', 'restart', await allocationOf('ticker')])
    expect(restarted, restarted.stdout + restarted.stderr).toMatchObject({ code: 0 })
    // The new build has the task in hand: it ends the old process and starts another.
    await eventually('the restart', async () => (ticker.starts().length === 2 ? true : undefined))
    expect(isRunning(pid)).toBe(false)
    pid = ticker.starts()[1]
  })

  it('lets tasks run on while the server is away, and takes its clients back when it returns', async () => {
    await end('server', 'SIGKILL')
    await get('one').logged('"kind":"served"')
    const asked = await get('one').muster(['job', 'status'])
    expect([asked.code, asked.stderr]).toEqual([1, expect.stringContaining('no server answers it')])
    expect(isRunning(pid)).toBe(true)
    await startServer()
    await eventually('the clients to be back', async () => {
      const health = await get('server').query<{ readonly nodes: { readonly nodes: readonly object[] } }>(
        '{ nodes { nodes { id } } }',
      )
      const links = await Promise.all(
        ['one', 'two'].map(async name => fetch(`http://127.0.0.1:${await portOf(name)}/v1/agent/health`)),
      )
      return health !== undefined && links.every(({ status }) => status === 200) ? true : undefined
    })
    expect((await get('one').muster(['job', 'status', 'ticker'])).stdout).toMatch(/run {6}running/)
    expect(ticker.starts()).toHaveLength(2)
  })

  it('reads its configuration again on SIGHUP, as far as that can be', async () => {
    const two = get('two')
    const base = `${await shared('two')}${await clientRole()}`
    write('two', `${base}log_level = "debug"\ndatacenter = "elsewhere"\n`)
    two.send('SIGHUP')
    await two.logged('"level":"debug","msg":"configuration read again"')
    await two.logged('"names":["datacenter"],"msg":"changes of the configuration wait for a restart"')
    write('two', `${base}log_levle = "info"\n`)
    two.send('SIGHUP')
    await two.logged(`first at ${join(folder, 'two.hcl')}:`)
    await two.logged('configuration could not be read again, the old one stays')
    expect((await nodesOf(two)).size).toBe(3)
  })

  it('ends a server and clients in order', async () => {
    const [two, server] = [get('two'), get('server')]
    expect(await end('two', 'SIGINT')).toEqual({ code: 0, signal: null })
    expect(await end('server', 'SIGTERM')).toEqual({ code: 0, signal: null })
    for (const agent of [two, server]) expect(agent.log()).toContain('==> Stopping the agent')
    await get('one').logged('the server stops')
    await startServer()
    await nodeReady(get('server'), 'one')
  })

  it('leaves at once at a second signal', async () => {
    const agent = await startAgent()
    const slow = join(folder, 'slow.nomad.hcl')
    writeFileSync(
      slow,
      'job "slow" {\n  group "g" {\n    task "t" {\n      driver = "mock"\n      kill_timeout = "20s"\n      config {\n        run_for = "10m"\n        kill_after = "10m"\n      }\n    }\n  }\n}\n',
    )
    await agent.muster(['job', 'run', '-detach', slow])
    await eventually('the task', async () =>
      (await agent.muster(['job', 'allocs', 'slow'])).stdout.includes('running') ? true : undefined,
    )
    const gone = new Promise(resolve => {
      agent.process.once('exit', (code, signal) => resolve([code, signal]))
    })
    agent.process.kill('SIGTERM')
    await eventually('the agent to begin to stop', async () =>
      agent.log().includes('==> Stopping the agent') ? true : undefined,
    )
    agent.process.kill('SIGINT')
    expect(await gone).toEqual([null, 'SIGINT'])
  })
})

const allocationOf = async (job: string): Promise<string> => {
  const { stdout } = await get('server').muster(['job', 'allocs', job])
  return /^([0-9a-f]{8}) /m.exec(stdout)?.[1] ?? ''
}
