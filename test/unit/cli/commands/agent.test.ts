import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runCli } from '../../../../src/cli/run-cli.ts'
import type { AgentConfig } from '../../../../src/config/agent-config.ts'
import { systemClock, untilAborted } from '../../../../src/platform/clock.ts'
import { AppError } from '../../../../src/platform/errors.ts'
import { eventually } from '../../../support/eventually.ts'
import { runFakeCli } from '../../../support/fake-cli.ts'

const never = new Promise<never>(() => {})
const agentThat = (failed: Promise<number>) => {
  const calls: string[] = []
  return {
    calls,
    agent: {
      address: 'http://127.0.0.1:4646',
      nodeId: 'n',
      ready: Promise.resolve(),
      failed,
      reload: async (read: () => Promise<AgentConfig>) => {
        const { name } = await read()
        calls.push(`reload ${name}`)
      },
      stop: async () => {
        calls.push('stop')
      },
    },
  }
}

/** What a command line starts an agent with. */
const configOf = async (args: readonly string[]): Promise<AgentConfig> => {
  let seen: AgentConfig | null = null
  await runCli(['agent', ...args], {
    io: {
      stdout: async () => {},
      stderr: () => {},
      readStdin: async () => '',
      ask: async () => '',
      isInteractive: false,
      interruption: () => new AbortController().signal,
      termination: () => new AbortController().signal,
      onHangup: () => {},
      cwd: '/home/nobody',
    },
    env: {},
    clock: systemClock,
    loadOperator: () => Promise.reject(new Error('not expected')),
    loadAgent: async () => ({
      startAgent: config => {
        seen = config
        throw new AppError('ADDRESS_IN_USE', 'enough seen')
      },
    }),
  })
  if (seen === null) throw new Error('no agent was started')
  return seen
}

describe('muster agent', () => {
  it('says where its API is, and stops when it is told to', async () => {
    const termination = new AbortController()
    const { agent, calls } = agentThat(never)
    const running = runFakeCli(['agent', '-dev'], { agent, termination })
    termination.abort()
    const { code, stdout, stderr } = await running
    expect(code).toBe(0)
    expect(stdout).toContain('    API         = http://127.0.0.1:4646\n')
    expect(stderr).toContain('==> Stopping the agent')
    expect(calls).toEqual(['stop'])
  })

  it('ends at the first word of it while the agent is still starting', async () => {
    const termination = new AbortController()
    const started: string[] = []
    const running = runFakeCli(['agent', '-dev'], {
      termination,
      startAgent: async (_, stopping) => {
        started.push('begun')
        termination.abort()
        await untilAborted(stopping)
        return null
      },
    })
    expect(await running).toEqual({ code: 0, stdout: '', stderr: '==> Stopping the agent\n' })
    expect(started).toEqual(['begun'])
  })

  it('fails when the agent cannot go on', async () => {
    const { agent, calls } = agentThat(Promise.resolve(1))
    expect((await runFakeCli(['agent', '-dev'], { agent })).code).toBe(1)
    expect(calls).toEqual(['stop'])
  })

  it('reads its files again on SIGHUP, and ends on it when it has none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-agent-'))
    const path = join(folder, 'agent.hcl')
    writeFileSync(path, 'name = "before"')
    const { agent, calls } = agentThat(never)
    const termination = new AbortController()
    let hangUp = (): void => {}
    /** Runs the command until its agent is started. */
    const begin = async (
      args: readonly string[],
      termination = new AbortController(),
    ): Promise<{ readonly ended: ReturnType<typeof runFakeCli> }> => {
      let ended: ReturnType<typeof runFakeCli> | undefined
      await new Promise<void>(resolve => {
        const startAgent = async () => {
          setImmediate(resolve)
          return agent
        }
        ended = runFakeCli(args, { startAgent, termination, onHangup: send => void (hangUp = send) })
      })
      if (ended === undefined) throw new Error('the command was not run')
      return { ended }
    }
    const withFiles = await begin(['agent', '-dev', '-config', path], termination)
    writeFileSync(path, 'name = "after"')
    hangUp()
    await eventually('the files to be read again', async () => (calls.length > 0 ? calls : undefined))
    termination.abort()
    expect((await withFiles.ended).code).toBe(0)
    expect(calls).toEqual(['reload after', 'stop'])
    const withoutFiles = await begin(['agent', '-dev'])
    hangUp()
    expect((await withoutFiles.ended).code).toBe(0)
    rmSync(folder, { recursive: true })
  })

  it('hands its flags on', async () => {
    const args = [
      '-dev',
      '-data-dir',
      'data',
      '-http-port',
      '0',
      '-meta',
      'a=1',
      '-meta',
      'b=2',
      '-dc',
      'dc2',
      '-log-level',
      'DEBUG',
    ]
    expect(await configOf(args)).toEqual({
      isDev: true,
      dataDir: '/home/nobody/data',
      name: hostname(),
      region: 'global',
      datacenter: 'dc2',
      http: { host: '127.0.0.1', port: 0, advertised: null },
      leavesOn: [],
      log: { level: 'debug', format: 'json' },
      server: { dataDir: null, eventStore: { kind: 'sqlite' }, heartbeats: {}, collection: {} },
      client: {
        servers: [],
        stateDir: null,
        allocDir: null,
        nodeClass: '',
        nodePool: 'default',
        meta: { a: '1', b: '2' },
        networkInterface: null,
        resources: {},
        reserved: { cpuMhz: 0, memoryMb: 0, diskMb: 0 },
        reservedPorts: [],
        dynamicPorts: { min: 20_000, max: 32_000 },
        limits: {},
        drivers: { allowed: null, denied: [], options: { raw_exec: { enabled: true } } },
      },
    })
    expect((await configOf(['-dev', '-port', '5000'])).http.port).toBe(5_000)
    expect((await configOf(['-dev'])).http.port).toBe(4_646)
  })

  it('is a server, a client, or both, as its flags say', async () => {
    const server = await configOf(['-server', '-data-dir', '/d', '-bind', '10.0.0.1'])
    expect(server).toMatchObject({
      client: null,
      server: { eventStore: { kind: 'sqlite' } },
      http: { host: '10.0.0.1' },
    })
    const client = await configOf(['-client', '-data-dir', '/d', '-servers', 'a,b:5000', '-servers', '[::1]'])
    expect(client.server).toBe(null)
    expect(client.client).toMatchObject({
      servers: ['http://a:4646', 'http://b:5000', 'http://[::1]:4646'],
      drivers: { options: {} },
    })
    const both = await configOf(['-server', '-client', '-data-dir', '/d', '-alloc-dir', 'allocs', '-log-json=false'])
    expect(both).toMatchObject({ server: {}, client: { allocDir: '/home/nobody/allocs' }, log: { format: 'text' } })
    expect((await configOf(['-dev', '-client=false'])).client).toBe(null)
  })

  it.each([
    [[], 'an agent is a server, a client, or both; an agent needs a data directory'],
    [['-data-dir', '/d'], 'an agent is a server, a client, or both'],
    [['-server'], 'an agent needs a data directory'],
    [['-client', '-data-dir', '/d'], 'a client without a server beside it needs the addresses of servers'],
    [['-client', '-data-dir', '/d', '-servers', 'a:70000'], '"a:70000" is no address of a server'],
    [['-client', '-data-dir', '/d', '-servers', 'https://a'], '"https://a" is no address of a server'],
    [['-dev', '-port', '1', '-http-port', '2'], 'mean the same'],
    [['-dev', '-port', '70000'], '-port is 70000, which is no port'],
    [['-dev', '-log-level', 'loud'], 'there is no log level "loud"'],
  ])('refuses %j', async (args, expected) => {
    const { code, stderr } = await runFakeCli(['agent', ...args])
    expect(code).toBe(1)
    expect(stderr).toContain(expected)
  })
})
