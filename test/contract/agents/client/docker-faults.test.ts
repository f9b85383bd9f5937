import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { findEngine } from '../../../../infra/demo/images.mjs'
import { type PrivateEngine, startPrivateEngine, whyNoPrivateEngine } from '../../../../scripts/docker-engine.mjs'
import { type ClientAgent, createClientAgent } from '../../../../src/agents/client/agent.ts'
import { createDiskDirectories } from '../../../../src/agents/client/directories.ts'
import { createDiskStateStore } from '../../../../src/agents/client/disk-state-store.ts'
import { createDockerDriver } from '../../../../src/agents/client/drivers/docker/docker-driver.ts'
import { createFixedMachine } from '../../../../src/agents/client/fingerprint/machine.ts'
import { createNetworkProbe } from '../../../../src/agents/client/probe.ts'
import type { Restart } from '../../../../src/domain/jobspec/schema.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import { systemRandom } from '../../../../src/platform/random.ts'
import { buildDesired, buildNodeConfig, createFakeServer, type FakeServer } from '../../../support/agent-bench.ts'
import { buildTask } from '../../../support/builders.ts'
import { type DockerProxy, type Meddling, startDockerProxy } from '../../../support/docker-proxy.ts'
import { eventually } from '../../../support/eventually.ts'
import { busyboxImage } from '../../../support/images.ts'
import { shellProgram } from '../../shell-program.ts'

/** What an agent makes of a Docker engine that fails: restarts (F7), answers that are not true (F8), want of memory (F26). */

const refusal = await whyNoPrivateEngine()
if (refusal !== undefined && process.env['CI'] === 'true')
  throw new Error(`faults of Docker need a dockerd: ${refusal}`)
if (refusal !== undefined) console.warn(`NOT TESTED: faults of the Docker engine, because ${refusal}`)

const atOnce: Restart = { attempts: 2, intervalMs: 1_800_000, delayMs: 10, mode: 'fail', rendersTemplates: false }

describe.skipIf(refusal !== undefined).each([true, false])('an agent whose engine fails, live-restore %s', keeps => {
  let root: string
  let engine: PrivateEngine
  let proxy: DockerProxy
  let docker: Docker
  let image: string
  let server: FakeServer
  let agent: ClientAgent | undefined
  let number = 0

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'muster-faults-'))
    engine = await startPrivateEngine({ isBesideAnother: true, keepsContainers: keeps })
    proxy = await startDockerProxy(engine.socketPath, join(root, 'proxy.sock'))
    docker = new Docker({ socketPath: engine.socketPath, host: undefined })
    const found = await findEngine({ DOCKER_HOST: engine.endpoint })
    if (found.kind === 'none') throw new Error(found.reason)
    image = (await busyboxImage({ engine: found.engine }, 'faults')).tag
  })

  afterAll(async () => {
    await proxy?.close()
    await engine?.stop()
    await rm(root, { recursive: true, force: true })
  })

  afterEach(async () => {
    proxy.meddleWith(() => 'pass')
    await agent?.stop({ endsTasks: true })
    agent = undefined
  })

  /** Starts an agent with one allocation of one task; answers how the task stands, and its containers. */
  const begin = async (program: string, restart: Restart = atOnce) => {
    number += 1
    const place = join(root, `agent-${number}`)
    const options = { endpoint: proxy.endpoint, recover_timeout: '60s' }
    server = createFakeServer(systemClock)
    agent = createClientAgent({
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      dial: server.dial,
      drivers: [
        createDockerDriver({ stateDir: join(place, 'docker'), options, clock: systemClock, logger: silentLogger }),
      ],
      state: createDiskStateStore(join(place, 'state'), silentLogger),
      directories: createDiskDirectories(join(place, 'alloc')),
      machine: createFixedMachine(),
      probe: createNetworkProbe(),
      node: buildNodeConfig(),
    })
    await agent.start()
    await eventually('a link', async () => (server.isConnected() ? true : undefined))
    const config = { image, command: 'sh', args: ['-c', program], init: true }
    const resources = { cpuMhz: 100, memoryMb: 32, memoryMaxMb: 0 }
    const { allocationId, ...desired } = buildDesired(number, {
      tasks: [buildTask({ name: 'web', driver: 'docker', config, restart, resources })],
    })
    server.desire([{ allocationId, ...desired }], { isFull: true })
    const containers = (status: readonly string[] = []) =>
      docker.listContainers({
        all: true,
        filters: {
          label: [`dev.muster.alloc_id=${allocationId}`],
          ...(status.length === 0 ? {} : { status: [...status] }),
        },
      })
    return {
      task: () => server.task(allocationId, 'web'),
      events: () => server.eventTypes(allocationId, 'web'),
      messages: () => server.eventMessages(allocationId, 'web'),
      running: async () => (await containers(['running'])).map(({ Id }) => Id),
      all: async () => (await containers()).map(({ Id }) => Id),
    }
  }

  type Subject = Awaited<ReturnType<typeof begin>>

  const runs = (subject: Subject, restarts: number) =>
    eventually(`the task to run after ${restarts} restarts`, async () => {
      const task = subject.task()
      return task?.phase === 'running' && task.restarts === restarts && (await subject.running()).length === 1
        ? true
        : undefined
    })

  it('keeps a container that outlived its daemon, or restarts the task once, and says why', async () => {
    const subject = await begin(shellProgram({ kind: 'run' }))
    await runs(subject, 0)
    const before = await subject.running()
    await engine.stopDaemon('SIGTERM')
    await engine.start()
    if (keeps) {
      await runs(subject, 0)
      expect(await subject.running()).toEqual(before)
      process.kill((await docker.getContainer(before[0] ?? '').inspect()).State.Pid, 'SIGKILL')
    }
    await runs(subject, 1)
    expect(await subject.all()).toHaveLength(1)
    expect(await subject.running()).not.toEqual(before)
    const events = subject.events()
    expect(events.filter(type => type === 'Terminated')).toHaveLength(1)
    expect(events.filter(type => type === 'Restarting')).toHaveLength(1)
    expect(events.filter(type => type === 'Started')).toHaveLength(2)
  })

  it('says that a task ended while its daemon was away', async () => {
    const subject = await begin(shellProgram({ kind: 'run' }))
    await runs(subject, 0)
    const [id = ''] = await subject.running()
    const pid = (await docker.getContainer(id).inspect()).State.Pid
    await engine.stopDaemon('SIGKILL')
    process.kill(pid, 'SIGKILL')
    await engine.start()
    await runs(subject, 1)
    const ends = subject.messages().filter(message => message.startsWith('Exit Code'))
    expect(ends).toEqual([expect.stringContaining('Exit Message: "it ended while the Docker daemon was away"')])
  })

  if (!keeps) return

  /** Spoils requests that match, so many times each. */
  const spoil = (rules: readonly { readonly pattern: RegExp; readonly how: Meddling; readonly times: number }[]) => {
    const left = rules.map(rule => ({ ...rule }))
    proxy.meddleWith(asked => {
      const rule = left.find(each => each.times > 0 && each.pattern.test(asked))
      if (rule === undefined) return 'pass'
      rule.times -= 1
      return rule.how
    })
    return () => left.map(({ times }) => times)
  }

  it('removes a container that was started though the engine says 500, and starts another', async () => {
    const left = spoil([{ pattern: /^POST .*\/start$/, how: 'lie', times: 1 }])
    const subject = await begin(shellProgram({ kind: 'run' }))
    await runs(subject, 1)
    expect(left()).toEqual([0])
    expect(await subject.all()).toHaveLength(1)
    expect(subject.events()).toContain('Driver Failure')
  })

  it('replaces such a container where it could not be removed at first', async () => {
    const left = spoil([
      { pattern: /^POST .*\/start$/, how: 'lie', times: 1 },
      { pattern: /^DELETE /, how: 'refuse', times: 1 },
    ])
    const subject = await begin(shellProgram({ kind: 'run' }))
    await runs(subject, 1)
    expect(left()).toEqual([0, 0])
    expect(await subject.all()).toHaveLength(1)
  })

  it('leaves none behind that was created though the engine says 500', async () => {
    const left = spoil([{ pattern: /^POST .*\/containers\/create$/, how: 'lie', times: 1 }])
    const subject = await begin(shellProgram({ kind: 'run' }))
    await runs(subject, 1)
    expect(left()).toEqual([0])
    expect(await subject.all()).toHaveLength(1)
  })

  it('finds what came of a start whose answer was lost, and starts nothing twice', async () => {
    const left = spoil([
      { pattern: /^POST .*\/start$/, how: 'cut', times: 1 },
      { pattern: /^POST .*\/containers\/create$/, how: 'pass', times: 9 },
    ])
    const subject = await begin(shellProgram({ kind: 'run' }))
    await runs(subject, 0)
    expect(left()).toEqual([0, 8])
    expect(await subject.all()).toHaveLength(1)
    expect(subject.events().filter(type => type === 'Started')).toHaveLength(1)
  })

  const halfStarted = 'task 81b1898d58611321156810d84ac43b51e99774275eb76d786f5d8ff8ddc78e89: already exists'

  it('takes another container for a start that the engine died amid, which counts as none', async () => {
    const left = spoil([{ pattern: /^POST .*\/start$/, how: { refuse: halfStarted }, times: 2 }])
    const subject = await begin(shellProgram({ kind: 'run' }))
    await runs(subject, 0)
    expect(left()).toEqual([0])
    expect(await subject.all()).toHaveLength(1)
    expect(subject.events()).not.toContain('Driver Failure')
  })

  it('gives such a start up after three containers', async () => {
    const left = spoil([{ pattern: /^POST .*\/start$/, how: { refuse: halfStarted }, times: 3 }])
    const subject = await begin(shellProgram({ kind: 'run' }))
    await runs(subject, 1)
    expect(left()).toEqual([0])
    expect(await subject.all()).toHaveLength(1)
    expect(subject.messages()).toContainEqual(expect.stringContaining('by halves'))
  })

  it('tells of a want of memory, restarts the task by its policy, and gives up after that', async () => {
    const subject = await begin(shellProgram({ kind: 'eat-memory' }), { ...atOnce, attempts: 1 })
    await eventually('the end', async () => (subject.task()?.phase === 'dead' ? true : undefined))
    expect(subject.task()).toMatchObject({ isFailed: true, exitCode: 137, restarts: 1 })
    const ends = subject.messages().filter(message => message.startsWith('Exit Code'))
    expect(ends).toEqual([
      'Exit Code: 137, Signal: 9, Exit Message: "OOM Killed"',
      'Exit Code: 137, Signal: 9, Exit Message: "OOM Killed"',
    ])
    expect(subject.events().slice(-2)).toEqual(['Terminated', 'Not Restarting'])
    expect(await subject.running()).toEqual([])
  })
})
