import { describe, expect, it } from 'vitest'
import type { AgentOptions } from '../../../../src/cli/agent-options.ts'
import { runCli } from '../../../../src/cli/run-cli.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { AppError } from '../../../../src/platform/errors.ts'
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
      stop: async () => {
        calls.push('stop')
      },
    },
  }
}

/** The options that a command line starts an agent with. */
const optionsOf = async (args: readonly string[]): Promise<AgentOptions> => {
  let seen: AgentOptions | null = null
  await runCli(['agent', ...args], {
    io: {
      stdout: async () => {},
      stderr: () => {},
      readStdin: async () => '',
      ask: async () => '',
      isInteractive: false,
      interruption: () => new AbortController().signal,
      termination: () => new AbortController().signal,
      cwd: '/work',
    },
    env: {},
    clock: systemClock,
    loadAgent: async () => ({
      startAgent: options => {
        seen = options
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
    expect(stdout).toContain('    API        = http://127.0.0.1:4646\n')
    expect(stderr).toContain('==> Stopping the agent')
    expect(calls).toEqual(['stop'])
  })

  it('fails when the agent cannot go on', async () => {
    const { agent, calls } = agentThat(Promise.resolve(1))
    expect((await runFakeCli(['agent', '-dev'], { agent })).code).toBe(1)
    expect(calls).toEqual(['stop'])
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
    expect(await optionsOf(args)).toEqual({
      isDev: true,
      dataDir: '/work/data',
      bindAddress: null,
      httpPort: 0,
      networkInterface: null,
      region: null,
      datacenter: 'dc2',
      nodeName: null,
      nodeClass: null,
      nodePool: null,
      meta: { a: '1', b: '2' },
      logLevel: 'debug',
    })
    expect((await optionsOf(['-dev', '-port', '5000'])).httpPort).toBe(5_000)
    expect((await optionsOf(['-dev'])).httpPort).toBe(null)
  })

  it.each([
    [[], 'an agent needs -dev or -data-dir'],
    [['-dev', '-port', '1', '-http-port', '2'], 'mean the same'],
    [['-dev', '-port', '70000'], '-port is 70000, which is no port'],
    [['-dev', '-log-level', 'loud'], 'there is no log level "loud"'],
  ])('refuses %j', async (args, expected) => {
    const { code, stderr } = await runFakeCli(['agent', ...args])
    expect(code).toBe(1)
    expect(stderr).toContain(expected)
  })
})
