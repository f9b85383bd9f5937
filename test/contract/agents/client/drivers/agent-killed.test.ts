import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDockerDriver } from '../../../../../src/agents/client/drivers/docker/docker-driver.ts'
import type { DriverContext, TaskDriver } from '../../../../../src/agents/client/drivers/driver.ts'
import { processesWithVariables } from '../../../../../src/agents/client/drivers/raw-exec/process-identity.ts'
import { createRawExecDriver } from '../../../../../src/agents/client/drivers/raw-exec/raw-exec-driver.ts'
import type { TaskConfig } from '../../../../../src/agents/client/drivers/task-config.ts'
import type { Json } from '../../../../../src/domain/json.ts'
import { systemClock } from '../../../../../src/platform/clock.ts'
import { silentLogger } from '../../../../../src/platform/logger.ts'
import { startInAgentProcess } from '../../../../support/agent-process.ts'
import { dockerEngine } from '../../../../support/docker.ts'
import { eventually } from '../../../../support/eventually.ts'
import { busyboxImage } from '../../../../support/images.ts'
import { readOutput } from '../../../../support/task-output.ts'
import { makeTaskStart } from '../../../../support/task-start.ts'
import { shellProgram } from '../../../shell-program.ts'

/** A real process starts a task and is killed with SIGKILL; another driver takes over (I8, F5). */

type Case = {
  readonly name: string
  readonly options: Readonly<Record<string, Json>>
  readonly create: (context: DriverContext) => TaskDriver
  readonly config: (program: string) => TaskConfig
  readonly isImage: boolean
}

const cases: Case[] = [
  {
    name: 'raw_exec',
    options: { enabled: true },
    create: createRawExecDriver,
    config: program => ({ command: 'sh', args: ['-c', program] }),
    isImage: false,
  },
]

const found = await dockerEngine('docker tasks of a killed agent')
const image = found === undefined ? undefined : await busyboxImage(found, 'killed')
if (found !== undefined && image !== undefined) {
  cases.push({
    name: 'docker',
    options: { endpoint: found.endpoint },
    create: createDockerDriver,
    config: program => ({ image: image.tag, command: 'sh', args: ['-c', program], init: true }),
    isImage: true,
  })
}

/** Of this run alone: sweeps must not reach what another run on the machine has. */
const cluster = `killed-${process.pid}`
const nobody = new AbortController().signal
let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'muster-killed-'))
})

afterAll(async () => {
  for (const { name, options, create } of cases) {
    const driver = create({ stateDir: join(root, name), options, clock: systemClock, logger: silentLogger })
    await driver.sweep({ cluster }, new Set())
    await driver.close()
  }
  await image?.remove()
  await rm(root, { recursive: true, force: true })
})

describe.each(cases)('tasks of $name', ({ name, options, create, config, isImage }) => {
  const labels = { cluster, node: `${name}-${process.pid}` }
  const open = (): TaskDriver =>
    create({ stateDir: join(root, name), options, clock: systemClock, logger: silentLogger })

  it('run on when their agent is killed, and their output goes on without loss or repeat', async () => {
    const task = await makeTaskStart({ root, labels, isImage, config: config(shellProgram({ kind: 'tick' })) })
    const agent = await startInAgentProcess(name, join(root, name), options, task)
    const ticks = async (): Promise<readonly string[]> =>
      (await readOutput(task.paths.stdoutPath)).split('\n').slice(0, -1)
    const moreThan = (count: number) => async (): Promise<true | undefined> =>
      (await ticks()).length > count ? true : undefined
    await eventually('some output', moreThan(5))
    await agent.kill()
    const driver = open()
    expect(await driver.recover(agent.handle)).toBe('running')
    await eventually('more output', moreThan((await ticks()).length + 50))
    await driver.stop(agent.handle, 'SIGTERM', 20_000)
    expect(await driver.wait(agent.handle, nobody)).toMatchObject({ exitCode: 143 })
    expect(await ticks()).toEqual((await ticks()).map((_, index) => `tick ${index + 1}`))
    await driver.destroy(agent.handle)
    await driver.close()
  })

  it('leave their exit status and all their output to the next agent', async () => {
    const program = 'while [ ! -e "$NOMAD_ALLOC_DIR/go" ]; do sleep 0.05; done; echo last words; exit 9'
    const task = await makeTaskStart({ root, labels, isImage, config: config(program) })
    const agent = await startInAgentProcess(name, join(root, name), options, task)
    await agent.kill()
    await writeFile(join(task.paths.allocDir, 'go'), '')
    const driver = open()
    expect(await driver.recover(agent.handle)).toBe('running')
    expect(await driver.wait(agent.handle, nobody)).toMatchObject({ exitCode: 9, signal: 0 })
    expect(await readOutput(task.paths.stdoutPath)).toBe('last words\n')
    await driver.destroy(agent.handle)
    await driver.close()
  })

  it('are swept away by a later agent that has lost all state of the former one', async () => {
    const task = await makeTaskStart({ root, labels, isImage, config: config(shellProgram({ kind: 'run' })) })
    const agent = await startInAgentProcess(name, join(root, `${name}-lost`), options, task)
    await agent.kill()
    await rm(join(root, `${name}-lost`), { recursive: true })
    const driver = open()
    expect(await driver.sweep(labels, new Set([task.id]))).toBe(0)
    expect(await driver.sweep(labels, new Set())).toBe(1)
    expect(await driver.sweep(labels, new Set())).toBe(0)
    expect(await driver.recover(agent.handle)).toBe('gone')
    await driver.close()
  })
})

describe('the broker of raw_exec', () => {
  const stateDir = (): string => join(root, 'broker')
  const open = (): TaskDriver =>
    createRawExecDriver({ stateDir: stateDir(), options: { enabled: true }, clock: systemClock, logger: silentLogger })
  const run = { command: 'sh', args: ['-c', 'sleep 1000'] }

  it('may be killed: tasks run on, and the next start has a new one', async () => {
    const labels = { cluster, node: `broker-${process.pid}` }
    const driver = open()
    const first = await driver.start(
      await makeTaskStart({ root, labels, isImage: false, config: run }),
      () => {},
      nobody,
    )
    const pid = Number(await readFile(join(stateDir(), 'raw_exec/broker.pid'), 'utf8'))
    process.kill(pid, 'SIGKILL')
    const second = await driver.start(
      await makeTaskStart({ root, labels, isImage: false, config: run }),
      () => {},
      nobody,
    )
    if (first.kind === 'failed' || second.kind === 'failed') throw new Error('a start failed')
    expect(await driver.recover(first.handle)).toBe('running')
    expect(await driver.recover(second.handle)).toBe('running')
    await driver.stop(first.handle, 'SIGTERM', 10_000)
    expect(await driver.wait(first.handle, nobody)).toMatchObject({ signal: 15 })
    expect(await driver.sweep(labels, new Set())).toBe(2)
    await driver.close()
    expect(
      (await processesWithVariables('MUSTER_TASK_LABELS')).filter(({ values }) =>
        values.get('MUSTER_TASK_LABELS')?.includes(labels.node),
      ),
    ).toEqual([])
  })

  it("is ended by the next sweep when its agent is dead and its directory is not the sweeper's", async () => {
    const brokers = async (): Promise<readonly string[]> =>
      (await processesWithVariables('MUSTER_BROKER'))
        .map(({ values }) => values.get('MUSTER_BROKER') ?? '')
        .filter(value => value.includes(join(root, 'forsaken')))
    const labels = { cluster, node: `forsaken-${process.pid}` }
    const forsaken = join(root, 'forsaken')
    const task = await makeTaskStart({ root, labels, isImage: false, config: run })
    const agent = await startInAgentProcess('raw_exec', forsaken, { enabled: true }, task)
    const driver = open()
    expect(await driver.sweep(labels, new Set([task.id]))).toBe(0)
    expect(await brokers()).toHaveLength(1)
    await agent.kill()
    expect(await driver.sweep(labels, new Set())).toBe(1)
    expect(await brokers()).toEqual([])
    await driver.close()
  })
})
