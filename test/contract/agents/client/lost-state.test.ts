import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findEngine } from '../../../../infra/demo/images.mjs'
import { type PrivateEngine, startPrivateEngine, whyNoPrivateEngine } from '../../../../scripts/docker-engine.mjs'
import { type ClientAgent, createClientAgent } from '../../../../src/agents/client/agent.ts'
import { createDiskDirectories } from '../../../../src/agents/client/directories.ts'
import { createDiskStateStore } from '../../../../src/agents/client/disk-state-store.ts'
import { createDockerDriver } from '../../../../src/agents/client/drivers/docker/docker-driver.ts'
import type { TaskDriver } from '../../../../src/agents/client/drivers/driver.ts'
import { createRawExecDriver } from '../../../../src/agents/client/drivers/raw-exec/raw-exec-driver.ts'
import { createFixedMachine } from '../../../../src/agents/client/fingerprint/machine.ts'
import { createNetworkProbe } from '../../../../src/agents/client/probe.ts'
import type { Restart } from '../../../../src/domain/jobspec/schema.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import { systemRandom } from '../../../../src/platform/random.ts'
import { buildDesired, buildNodeConfig, createFakeServer, type FakeServer } from '../../../support/agent-bench.ts'
import { buildTask } from '../../../support/builders.ts'
import { eventually } from '../../../support/eventually.ts'
import { busyboxImage } from '../../../support/images.ts'

/** What becomes of tasks that run when their agent is killed and its state is lost before the next one starts (F6). */

const refusal = await whyNoPrivateEngine()
if (refusal !== undefined && process.env['CI'] === 'true') throw new Error(`containers need a dockerd: ${refusal}`)
if (refusal !== undefined) console.warn(`NOT TESTED: containers whose agent lost its state, because ${refusal}`)

const atOnce: Restart = { attempts: 9, intervalMs: 1_800_000, delayMs: 10, mode: 'fail', rendersTemplates: false }
/** Notes its start, and whether another one ran at the time. */
const program = (shared: string): string =>
  `mkdir ${shared}/alone 2>/dev/null || echo twice >> ${shared}/starts; echo started >> ${shared}/starts; trap 'rmdir ${shared}/alone; exit 0' TERM INT; while :; do sleep 0.1; done`

let root: string
let engine: PrivateEngine | undefined
let image = ''
let number = 0
let server: FakeServer
let agent: ClientAgent | undefined

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'muster-lost-'))
  if (refusal !== undefined) return
  engine = await startPrivateEngine({ isBesideAnother: true })
  const found = await findEngine({ DOCKER_HOST: engine.endpoint })
  if (found.kind === 'none') throw new Error(found.reason)
  image = (await busyboxImage({ engine: found.engine }, 'lost')).tag
})
afterAll(async () => {
  await engine?.stop()
  await rm(root, { recursive: true, force: true })
})
afterEach(async () => {
  await agent?.stop({ endsTasks: true })
  agent = undefined
})

const kinds = [
  { name: 'raw_exec', isHere: true },
  { name: 'docker', isHere: refusal === undefined },
].filter(({ isHere }) => isHere)

describe.each(kinds)('tasks of $name whose agent was killed and lost its state', ({ name }) => {
  const createDriver = (place: string): TaskDriver => {
    const about = { clock: systemClock, logger: silentLogger, stateDir: join(place, name) }
    return name === 'docker'
      ? createDockerDriver({ ...about, options: { endpoint: engine?.endpoint ?? '' } })
      : createRawExecDriver({ ...about, options: { enabled: true } })
  }

  const place = (): string => join(root, `${name}-${number}`)
  const label = () => ({ 'dev.muster.place': place() })

  const open = async (): Promise<ClientAgent> => {
    const driver = createDriver(place())
    agent = createClientAgent({
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      dial: server.dial,
      drivers: [driver],
      state: createDiskStateStore(join(place(), 'state'), silentLogger),
      directories: createDiskDirectories(join(place(), 'alloc')),
      machine: createFixedMachine(),
      probe: createNetworkProbe(),
      node: buildNodeConfig(),
      labels: label(),
      removeLeftovers: async isNewNode => {
        if (isNewNode) await driver.sweep(label(), new Set())
      },
    })
    await agent.start()
    return agent
  }

  /** Runs a task through one restart, so that its start number is no beginner's, and kills its agent. */
  const runAndKill = async () => {
    number += 1
    server = createFakeServer(systemClock)
    const id = number
    const allocationOf = (over: object) => {
      const shared = name === 'docker' ? '/alloc/data' : '$NOMAD_ALLOC_DIR/data'
      const config =
        name === 'docker'
          ? { image, command: 'sh', args: ['-c', program(shared)] }
          : { command: '/bin/sh', args: ['-c', program(shared)] }
      const resources = { cpuMhz: 100, memoryMb: 32, memoryMaxMb: 0 }
      const task = buildTask({ name: 'web', driver: name, config, restart: atOnce, resources, killTimeoutMs: 20_000 })
      return buildDesired(id, { tasks: [task] }, over)
    }
    const desired = allocationOf({})
    const { allocationId } = desired
    const starts = (): readonly string[] => {
      const path = join(place(), 'alloc', allocationId, 'alloc/data/starts')
      return existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
    }
    const isRunning = (startNumber: number): Promise<true> =>
      eventually(`start ${startNumber} to run`, async () => {
        const task = server.task(allocationId, 'web')
        return task?.phase === 'running' && task.startNumber === startNumber && starts().length === startNumber
          ? true
          : undefined
      })
    const first = await open()
    await eventually('a link', async () => (server.isConnected() ? true : undefined))
    server.desire([desired], { isFull: true })
    await isRunning(1)
    const request = { kind: 'restart', requestId: 'again', task: 'web', startNumber: null } as const
    server.desire([], { requests: [{ ...request, allocationId, expiresAt: Number.MAX_SAFE_INTEGER }] })
    await isRunning(2)
    first.crash()
    return { desired, allocationId, starts, isRunning, nodeId: first.nodeId() }
  }

  const aliveStarts = async (labels: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const found: string[] = []
    const driver = createDriver(join(place(), 'looker'))
    await driver.sweep(labels, { has: id => found.push(id) > 0 })
    await driver.close()
    return [...new Set(found)]
  }

  it('run on where the servers want them still, under the same start', async () => {
    const { desired, allocationId, starts, isRunning, nodeId } = await runAndKill()
    for (const lost of ['allocations', 'report.json', 'checkpoint.json'])
      await rm(join(place(), 'state', lost), { recursive: true })
    server.welcomeWith(() => [desired])
    const before = server.reports().length
    const second = await open()
    expect(second.nodeId()).toBe(nodeId)
    await eventually('a report of it', async () =>
      server
        .reports()
        .slice(before)
        .some(report => report.allocations.some(one => one.allocationId === allocationId))
        ? true
        : undefined,
    )
    await isRunning(2)
    expect(await aliveStarts(label())).toEqual([`${allocationId}/web/2`])
    expect(starts()).toEqual(['started', 'started'])
    // It is looked after as before: its end is seen, and it starts again under the next number.
    server.desire([{ ...desired, job: null, desired: 'stop', stopReason: 'enough' }])
    await eventually('its end', async () => (server.task(allocationId, 'web')?.phase === 'dead' ? true : undefined))
    expect(await aliveStarts(label())).toEqual([])
  })

  it('begin again after the newest start that the servers know of, where they are gone as well', async () => {
    const { desired, allocationId, isRunning } = await runAndKill()
    await rm(join(place(), 'state/allocations'), { recursive: true })
    const driver = createDriver(join(place(), 'looker'))
    await driver.sweep(label(), new Set())
    await driver.close()
    // What was killed could not say that it runs no more.
    await rm(join(place(), 'alloc', allocationId, 'alloc/data/alone'), { recursive: true, force: true })
    server.welcomeWith(() => [{ ...desired, starts: { web: 2 } }])
    await open()
    await isRunning(3)
    expect(server.task(allocationId, 'web')).toMatchObject({ startNumber: 3, restarts: 2 })
  })

  it('are stopped where the servers want them no longer', async () => {
    await runAndKill()
    await rm(join(place(), 'state/allocations'), { recursive: true })
    server.welcomeWith(() => [])
    await open()
    await eventually('their end', async () => ((await aliveStarts(label())).length === 0 ? true : undefined))
  })

  it('are stopped before anything else starts where the agent is another node now', async () => {
    const { desired, nodeId } = await runAndKill()
    const old = await aliveStarts(label())
    expect(old).toHaveLength(1)
    await rm(join(place(), 'state'), { recursive: true })
    const successor = { ...desired, allocationId: desired.allocationId.replace(/^0/, '1') }
    server.welcomeWith(() => [successor])
    const seen: (readonly string[])[] = []
    const second = await open()
    expect(second.nodeId()).not.toBe(nodeId)
    await eventually('the successor', async () => {
      seen.push(await aliveStarts(label()))
      return server.task(successor.allocationId, 'web')?.phase === 'running' ? true : undefined
    })
    expect(await aliveStarts(label())).toEqual([`${successor.allocationId}/web/1`])
    expect(seen.filter(starts => starts.length > 1)).toEqual([])
  })
})
