import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type ClientAgent, createClientAgent } from '../../../../src/agents/client/agent.ts'
import { createDiskDirectories } from '../../../../src/agents/client/directories.ts'
import { createDiskStateStore } from '../../../../src/agents/client/disk-state-store.ts'
import type { TaskDriver } from '../../../../src/agents/client/drivers/driver.ts'
import { createRawExecDriver } from '../../../../src/agents/client/drivers/raw-exec/raw-exec-driver.ts'
import { createThisMachine } from '../../../../src/agents/client/fingerprint/this-machine.ts'
import { createNetworkProbe } from '../../../../src/agents/client/probe.ts'
import type { Task, Template } from '../../../../src/domain/jobspec/schema.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import { systemRandom } from '../../../../src/platform/random.ts'
import type { LinkAnswer, LinkRequest } from '../../../../src/protocol/client-link.ts'
import { buildDesired, buildNodeConfig, createFakeServer, type FakeServer } from '../../../support/agent-bench.ts'
import { buildPort, buildTask } from '../../../support/builders.ts'
import { eventually } from '../../../support/eventually.ts'
import { freePort } from '../../../support/ports.ts'

/** The agent with its real disk, clock and processes; only the server is played. */

let root = ''
let server: FakeServer
let agent: ClientAgent
let driver: TaskDriver

const AGENT = { version: '0.1.0', revision: '', advertised: '127.0.0.1:4646' }

const allocDir = (): string => join(root, 'alloc')

const startAgent = async (): Promise<void> => {
  driver = createRawExecDriver({
    stateDir: join(root, 'raw_exec'),
    options: { enabled: true },
    clock: systemClock,
    logger: silentLogger,
  })
  agent = createClientAgent({
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    dial: server.dial,
    drivers: [driver],
    state: createDiskStateStore(join(root, 'state'), silentLogger),
    directories: createDiskDirectories(allocDir()),
    machine: createThisMachine({ allocDir: allocDir(), networkInterface: null, agent: AGENT }),
    probe: createNetworkProbe(),
    node: buildNodeConfig(),
  })
  await agent.start()
  await eventually('a link', async () => (server.isConnected() ? true : undefined))
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'muster-agent-'))
  server = createFakeServer(systemClock)
  await startAgent()
  server.desire([], { isFull: true })
})

afterEach(async () => {
  await agent.stop({ endsTasks: true })
  await driver.sweep({ 'dev.muster.cluster': 'test' }, new Set())
  await rm(root, { recursive: true, force: true })
})

const shell = (script: string, overrides: Partial<Task> = {}): Task =>
  buildTask({ name: 'web', driver: 'raw_exec', config: { command: '/bin/sh', args: ['-c', script] }, ...overrides })

const phaseOf = (id: string, phase: string) =>
  eventually(`task ${phase}`, async () => (server.task(id, 'web')?.phase === phase ? true : undefined))

const ask = async (request: LinkRequest): Promise<readonly LinkAnswer[]> => {
  const requestId = Math.floor(Math.random() * 1e9)
  server.send({ kind: 'request', requestId, request })
  return eventually('an answer', async () => {
    const answers = server.messages.flatMap(message =>
      message.kind === 'answer' && message.requestId === requestId ? [message.answer] : [],
    )
    return answers.some(({ kind }) => kind !== 'data') ? answers : undefined
  })
}

const textOf = (answers: readonly LinkAnswer[]): string =>
  answers.map(answer => (answer.kind === 'data' ? Buffer.from(answer.data, 'base64').toString() : '')).join('')

const envTemplate: Template = {
  data: { sealed: 'x', digest: 'env' },
  sourcePath: '',
  destination: '${NOMAD_SECRETS_DIR}/app.env',
  changeMode: 'noop',
  changeSignal: '',
  splayMs: 0,
  perms: '0600',
  leftDelimiter: '',
  rightDelimiter: '',
  isEnv: true,
  isOnce: false,
  errorsOnMissingKey: false,
}

describe('a client agent on this machine', () => {
  it('registers what it finds, its drivers too where they answer later', async () => {
    const hello = server.messages.find(message => message.kind === 'hello')
    if (hello?.kind !== 'hello') return expect.fail('no hello')
    expect(hello.node.attributes).toMatchObject({
      'kernel.name': 'linux',
      'nomad.version': expect.stringMatching(/^\d+\.\d+\.\d+$/),
      'nomad.advertise.address': AGENT.advertised,
      'numa.node.count': expect.stringMatching(/^[1-9]\d*$/),
      'unique.network.ip-address': expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/),
    })
    expect(hello.node.resources.memoryMb).toBeGreaterThan(100)
    await eventually('the driver', async () => {
      const told = server.messages.flatMap(message => {
        if (message.kind === 'hello') return [message.node.drivers]
        return message.kind === 'fingerprint' ? [message.changes.drivers ?? {}] : []
      })
      return told.some(drivers => drivers['raw_exec']?.isHealthy === true) ? true : undefined
    })
  })

  it('runs a command with its environment and templates, and shows its logs and files', async () => {
    const task = shell(
      'echo "$NOMAD_TASK_NAME $GREETING $FROM_TEMPLATE $0 $#"; echo oops >&2; echo kept > "$NOMAD_TASK_DIR/out"',
      {
        env: { GREETING: { sealed: 'x', digest: 'greeting' } },
        templates: [envTemplate],
      },
    )
    const clear = { greeting: 'hi-${node.datacenter}', env: 'FROM_TEMPLATE={{ env "NOMAD_JOB_ID" | toUpper }}' }
    const desired = buildDesired(1, { tasks: [task] }, { clear }, { type: 'batch' })
    const { allocationId } = desired
    server.desire([desired])
    await phaseOf(allocationId, 'dead')
    expect(server.task(allocationId, 'web')).toMatchObject({ isFailed: false, exitCode: 0 })
    const logs = { kind: 'logs', allocationId, task: 'web', origin: 'start', offset: 0, follows: true } as const
    expect(textOf(await ask({ ...logs, type: 'stdout' }))).toBe('web hi-dc1 WEB /bin/sh 0\n')
    expect(textOf(await ask({ ...logs, type: 'stderr' }))).toBe('oops\n')
    const read = { kind: 'read', allocationId, origin: 'start', offset: 0, limitBytes: 0, follows: false } as const
    expect(textOf(await ask({ ...read, path: 'web/local/out' }))).toBe('kept\n')
    expect(await ask({ ...read, path: 'web/secrets/app.env' })).toMatchObject([{ code: 'REQUEST_REFUSED' }])
    expect(await ask({ ...read, path: 'web/local/none' })).toMatchObject([{ code: 'NOT_FOUND' }])
    expect(await ask({ kind: 'list', allocationId, path: 'web/local' })).toMatchObject([{ entries: [{ name: 'out' }] }])
    expect(await readFile(join(allocDir(), allocationId, 'web/secrets/app.env'), 'utf8')).toBe('FROM_TEMPLATE=WEB')
  })

  it('tells a task the control group that its own is below', async ({ skip }) => {
    if (process.getuid?.() !== 0) return skip()
    const task = shell('grep -o ":$NOMAD_PARENT_CGROUP/" /proc/self/cgroup | sort -u; echo ${NOMAD_PARENT_CGROUP}')
    const desired = buildDesired(1, { tasks: [task] }, {}, { type: 'batch' })
    server.desire([desired])
    await phaseOf(desired.allocationId, 'dead')
    const { allocationId } = desired
    const logs = { kind: 'logs', allocationId, task: 'web', type: 'stdout', origin: 'start', offset: 0 } as const
    expect(textOf(await ask({ ...logs, follows: true }))).toBe(':/muster/\n/muster\n')
  })

  it('finds its running task again after a crash, and sees how it ended', async () => {
    const desired = buildDesired(1, { tasks: [shell('sleep 300')] })
    server.desire([desired])
    await phaseOf(desired.allocationId, 'running')
    agent.crash()
    await driver.close()
    await startAgent()
    server.desire([desired], { isFull: true })
    await agent.ready
    expect(server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'running', startNumber: 1 })
    server.desire([{ ...desired, job: null, desired: 'stop' }])
    await phaseOf(desired.allocationId, 'dead')
    expect(server.eventTypes(desired.allocationId, 'web').slice(-3)).toEqual(['Killing', 'Terminated', 'Killed'])
  })

  it('names the holder of a static port that is taken, fails without a restart, and marks the port', async () => {
    const port = await freePort()
    const holder = await new Promise<Server>(resolve => {
      const listening = createServer().listen(port, '0.0.0.0', () => resolve(listening))
    })
    const network = { mode: 'host', ports: [buildPort('http', port)] } as const
    const desired = buildDesired(1, { tasks: [shell('sleep 300')], network }, { ports: [port] })
    server.desire([desired])
    await phaseOf(desired.allocationId, 'dead')
    holder.close()
    expect(server.task(desired.allocationId, 'web')).toMatchObject({ isFailed: true, restarts: 0 })
    expect(server.eventMessages(desired.allocationId, 'web').join('\n')).toContain(
      `address already in use: port ${port} ("http") is held by process ${process.pid}`,
    )
    const marks = server.messages.flatMap(message =>
      message.kind === 'fingerprint' ? (message.changes.foreignPorts ?? []) : [],
    )
    expect(marks).toContain(port)
  })

  it('says that a command does not exist', async () => {
    const missing = buildTask({ name: 'web', driver: 'raw_exec', config: { command: 'no-such-command-here' } })
    const desired = buildDesired(1, { tasks: [missing] })
    server.desire([desired])
    await phaseOf(desired.allocationId, 'dead')
    expect(server.eventMessages(desired.allocationId, 'web').join('\n')).toContain('no-such-command-here')
    expect(server.task(desired.allocationId, 'web')).toMatchObject({ isFailed: true, restarts: 0 })
  })

  it('measures the machine and its tasks when it is asked', async () => {
    const desired = buildDesired(1, { tasks: [shell('while :; do :; done')] })
    server.desire([desired])
    await phaseOf(desired.allocationId, 'running')
    const use = await eventually('a busy task', async () => {
      const [answer] = await ask({ kind: 'stats', allocationId: desired.allocationId })
      const usage = answer?.kind === 'stats' ? answer.tasks['web'] : undefined
      return usage !== undefined && usage.cpuMhz > 0 && usage.memoryBytes > 0 ? usage : undefined
    })
    expect(use.userPercent).toBeGreaterThan(0)
    const [answer] = await ask({ kind: 'node-stats' })
    if (answer?.kind !== 'node-stats' || answer.host === null) return expect.fail('the machine was not measured')
    const { cores, memory, disk, uptimeSeconds } = answer.host
    for (const core of cores) {
      expect(core.userPercent + core.systemPercent + core.idlePercent).toBeCloseTo(100, 5)
    }
    expect(memory.usedBytes).toBeGreaterThan(0)
    expect(memory.usedBytes).toBeLessThan(memory.totalBytes)
    expect(root.startsWith(disk.mountPoint)).toBe(true)
    expect(disk.usedBytes + disk.availableBytes).toBeLessThanOrEqual(disk.sizeBytes)
    expect(uptimeSeconds).toBeGreaterThan(0)
  })
})
