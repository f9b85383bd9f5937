import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type {
  DriverEvent,
  StartResult,
  TaskDriver,
  TaskHandle,
  TaskMeasurement,
  TaskStart,
} from '../../src/agents/client/drivers/driver.ts'
import { outputBase, outputNumbers } from '../../src/agents/client/drivers/output-files.ts'
import type { TaskConfig } from '../../src/agents/client/drivers/task-config.ts'
import { eventually } from '../support/eventually.ts'
import { readOutput } from '../support/task-output.ts'
import { makeTaskStart } from '../support/task-start.ts'

/**
 * What every driver must do, whatever it runs tasks with. A harness says how to write a program for its driver; a program
 * that a driver cannot run (`undefined`) leaves out only the cases that need it.
 */

export type Program =
  | { readonly kind: 'exit'; readonly code: number }
  /** Runs until it is stopped and ends at SIGTERM. */
  | { readonly kind: 'run' }
  | { readonly kind: 'ignore-term' }
  /** Sends itself this signal. */
  | { readonly kind: 'die-by'; readonly signal: number }
  | { readonly kind: 'print'; readonly stdout: string; readonly stderr: string }
  /** Prints the value of each variable, one a line. */
  | { readonly kind: 'print-env'; readonly names: readonly string[] }
  /** Copies `in` of the task's local directory to `out` of the shared and of the secrets directory. */
  | { readonly kind: 'copy-files' }
  /** Answers connections on $NOMAD_PORT_http with "hello". */
  | { readonly kind: 'serve-hello' }
  | { readonly kind: 'eat-memory' }
  /** Prints so many numbered lines of 100 bytes. */
  | { readonly kind: 'flood'; readonly lines: number }
  /** Prints "tick 1", "tick 2" … every few milliseconds until it is stopped. */
  | { readonly kind: 'tick' }
  /** Starts children that ignore SIGTERM, one of them in a session of its own, then runs until it is stopped. */
  | { readonly kind: 'run-with-children' }
  /** Prints so many bytes by chance, or letters without the end of a line, and leaves them in `printed` of the shared directory. */
  | { readonly kind: 'print-bytes'; readonly count: number; readonly content: 'binary' | 'line' }
  /** Keeps a processor busy, in a child with a session of its own where it has children, until it is stopped. */
  | { readonly kind: 'burn' }

export type DriverHarness = {
  readonly config: (program: Program) => TaskConfig | undefined
  /** A driver as a new agent would make it over the same machine and state directory. */
  readonly open: (stateDir: string) => TaskDriver
  /** A driver whose daemon does not answer, where there is one. */
  readonly openUnreachable: ((stateDir: string) => TaskDriver) | undefined
  /** A start that cannot succeed however often it is tried, and a word that its message must have. */
  readonly impossible: { readonly config: TaskConfig; readonly message: string }
  /** An option that is refused by name. */
  readonly refusedOption: string
  /** What carries the labels on the machine: containers, processes. */
  readonly remains: (driver: TaskDriver, labels: Readonly<Record<string, string>>) => Promise<readonly string[]>
  readonly leakRuns: number
  /** Output that is no UTF-8 is kept as it is. */
  readonly isBinarySafe: boolean
  /** What a published port of a task that serves says, by the machine's own address. */
  readonly hostIp: string
  readonly freePort: () => Promise<number>
  readonly connect: (ip: string, port: number) => Promise<string>
}

type Fixture = {
  readonly root: string
  readonly driver: TaskDriver
  readonly labels: Readonly<Record<string, string>>
  readonly taskFor: (config: TaskConfig, overrides?: Partial<TaskStart>) => Promise<TaskStart>
  readonly start: (task: TaskStart, by?: TaskDriver) => Promise<TaskHandle>
}

/** Of this run alone: sweeps must not reach what another run on the machine has. */
const cluster = `contract-${process.pid}`

/** `it` where `condition` holds, else nothing: a case that a driver cannot have is not a skipped one. */
const when = (condition: boolean): ((title: string, run: () => Promise<void>) => void) => (condition ? it : () => {})

const nobody = new AbortController().signal
/** What a flood of output may add to this process: buffers in flight, and what the collector of garbage leaves lying about. */
const MAX_FLOOD_MEMORY_BYTES = 150_000_000
const ignoreEvent = (_event: DriverEvent): void => {}

const handleOf = (result: StartResult): TaskHandle => {
  if (result.kind === 'failed') throw new Error(`start failed: ${result.message}`)
  return result.handle
}

const startCases = (harness: DriverHarness, fixture: () => Fixture): void => {
  const need = (program: Program): TaskConfig => harness.config(program) ?? {}
  const can = (program: Program): boolean => harness.config(program) !== undefined

  it.each([0, 3])('answers exit code %i of a task that ends by itself, again and again', async code => {
    const { driver, taskFor, start } = fixture()
    const handle = await start(await taskFor(need({ kind: 'exit', code })))
    const exit = await driver.wait(handle, nobody)
    expect(exit).toEqual({ exitCode: code, signal: 0, isOomKilled: false })
    expect(await driver.wait(handle, nobody)).toEqual(exit)
    await driver.destroy(handle)
  })

  it('says which signal ended a task', async () => {
    const { driver, taskFor, start } = fixture()
    const handle = await start(await taskFor(need({ kind: 'die-by', signal: 10 })))
    expect(await driver.wait(handle, nobody)).toMatchObject({ exitCode: 138, signal: 10 })
    await driver.destroy(handle)
  })

  it('starts a task once, however often it is told to', async () => {
    const { driver, taskFor, start } = fixture()
    const task = await taskFor(need({ kind: 'run' }))
    const [first, second] = await Promise.all([start(task), start(task)])
    expect(second).toEqual(first)
    expect(await start(task)).toEqual(first)
    expect(await start(task, harness.open(join(fixture().root, 'state')))).toEqual(first)
    await driver.destroy(first)
  })

  it('fails for good, and says why, where trying again cannot help', async () => {
    const { driver, taskFor } = fixture()
    const labels = { cluster, node: `impossible-${process.pid}` }
    const task = await taskFor(harness.impossible.config, { labels })
    const result = await driver.start(task, ignoreEvent, nobody)
    expect(result).toMatchObject({ kind: 'failed', isRecoverable: false })
    expect(result.kind === 'failed' ? result.message : '').toContain(harness.impossible.message)
    expect(await harness.remains(driver, labels)).toEqual([])
  })

  it('refuses an option that it does not have by its name', () => {
    const problems = fixture().driver.validate({ ...need({ kind: 'run' }), [harness.refusedOption]: 'x' })
    expect(problems.join()).toContain(JSON.stringify(harness.refusedOption))
  })

  it('takes the options of its own programs', () => {
    expect(fixture().driver.validate(need({ kind: 'run' }))).toEqual([])
  })

  when(can({ kind: 'print-env', names: [] }))('gives the task its environment to the letter', async () => {
    const { driver, taskFor, start } = fixture()
    const env = { PLAIN: 'a value', QUOTED: `it's "so" $HOME \\ \`x\``, LINES: 'one\ntwo', 'NOMAD_META_a-b': 'odd' }
    const task = await taskFor(need({ kind: 'print-env', names: ['PLAIN', 'QUOTED', 'LINES'] }), { env: { ...env } })
    const handle = await start(task)
    await driver.wait(handle, nobody)
    expect(await readOutput(task.paths.stdoutPath)).toBe(`a value\n${env.QUOTED}\none\ntwo\n`)
    await driver.destroy(handle)
  })

  when(can({ kind: 'copy-files' }))('shows the task its local, secrets and shared directories', async () => {
    const { driver, taskFor, start } = fixture()
    const task = await taskFor(need({ kind: 'copy-files' }))
    await writeFile(join(task.paths.localDir, 'in'), 'from the agent')
    const handle = await start(task)
    expect(await driver.wait(handle, nobody)).toMatchObject({ exitCode: 0 })
    expect(await readFile(join(task.paths.allocDir, 'out'), 'utf8')).toBe('from the agent')
    expect(await readFile(join(task.paths.secretsDir, 'out'), 'utf8')).toBe('from the agent')
    await driver.destroy(handle)
  })

  when(can({ kind: 'serve-hello' }))('lets a published port be reached', async () => {
    const { driver, taskFor, start } = fixture()
    const hostPort = await harness.freePort()
    const containerPort = driver.capabilities.network === 'mapped' ? 8080 : hostPort
    const task = await taskFor(need({ kind: 'serve-hello' }), {
      ports: [{ label: 'http', hostIp: harness.hostIp, hostPort, containerPort }],
      env: { NOMAD_PORT_http: String(containerPort) },
    })
    const handle = await start(task)
    const answer = await eventually('the task to answer on its port', async () => {
      const text = await harness.connect(harness.hostIp, hostPort).catch(() => '')
      return text === '' ? undefined : text
    })
    expect(answer).toContain('hello')
    await driver.destroy(handle)
  })

  when(can({ kind: 'eat-memory' }))('says that a task was killed for want of memory', async () => {
    const { driver, taskFor, start } = fixture()
    const handle = await start(await taskFor(need({ kind: 'eat-memory' })))
    expect(await driver.wait(handle, nobody)).toMatchObject({ exitCode: 137, signal: 9, isOomKilled: true })
    await driver.destroy(handle)
  })
}

const outputCases = (harness: DriverHarness, fixture: () => Fixture): void => {
  const need = (program: Program): TaskConfig => harness.config(program) ?? {}
  const can = (program: Program): boolean => harness.config(program) !== undefined

  it('puts standard output and standard error into their files', async () => {
    const { driver, taskFor, start } = fixture()
    const task = await taskFor(need({ kind: 'print', stdout: 'to out\n', stderr: 'to err\n' }))
    const handle = await start(task)
    await driver.wait(handle, nobody)
    expect(await readOutput(task.paths.stdoutPath)).toBe('to out\n')
    expect(await readOutput(task.paths.stderrPath)).toBe('to err\n')
    await driver.destroy(handle)
  })

  it('keeps no output where logs are disabled', async () => {
    const { driver, taskFor, start } = fixture()
    const task = await taskFor(need({ kind: 'print', stdout: 'to out\n', stderr: 'to err\n' }), {
      logs: { maxFileBytes: 1_000_000, maxFiles: 5, isDisabled: true },
    })
    const handle = await start(task)
    await driver.wait(handle, nobody)
    expect(await readOutput(task.paths.stdoutPath)).toBe('')
    await driver.destroy(handle)
  })

  when(can({ kind: 'flood', lines: 1 }))('loses and repeats nothing when output files fill up', async () => {
    const { driver, taskFor, start } = fixture()
    const lines = 4_000
    const task = await taskFor(need({ kind: 'flood', lines }), {
      logs: { maxFileBytes: 100_000, maxFiles: 20, isDisabled: false },
    })
    const handle = await start(task)
    await driver.wait(handle, nobody)
    const printed = (await readOutput(task.paths.stdoutPath)).split('\n').filter(line => line !== '')
    expect(printed.map(line => Number.parseInt(line, 10))).toEqual(
      Array.from({ length: lines }, (_, index) => index + 1),
    )
    expect((await outputNumbers(outputBase(task.paths.stdoutPath))).length).toBeGreaterThan(1)
    await driver.destroy(handle)
  })

  when(can({ kind: 'flood', lines: 1 }))('keeps no more output files than it may', async () => {
    const { driver, taskFor, start } = fixture()
    const task = await taskFor(need({ kind: 'flood', lines: 8_000 }), {
      logs: { maxFileBytes: 50_000, maxFiles: 2, isDisabled: false },
    })
    const handle = await start(task)
    await driver.wait(handle, nobody)
    expect(await outputNumbers(outputBase(task.paths.stdoutPath))).toHaveLength(2)
    expect(await readOutput(task.paths.stdoutPath)).toContain('\n8000 ')
    await driver.destroy(handle)
  })

  when(can({ kind: 'tick' }))(
    'goes on with the output after the agent was killed, without loss or repeat',
    async () => {
      const { root, taskFor, start } = fixture()
      const first = harness.open(join(root, 'state'))
      const task = await taskFor(need({ kind: 'tick' }))
      const handle = await start(task, first)
      const hasTick = (number: number) => async (): Promise<true | undefined> =>
        (await readOutput(task.paths.stdoutPath)).includes(`tick ${number}\n`) ? true : undefined
      await eventually('the first output', hasTick(3))
      await first.close()
      const second = harness.open(join(root, 'state'))
      expect(await second.recover(handle)).toBe('running')
      const before = (await readOutput(task.paths.stdoutPath)).trim().split('\n').length
      await eventually('output after the restart', hasTick(before + 20))
      await second.stop(handle, undefined, 1_000)
      const ticks = (await readOutput(task.paths.stdoutPath)).trim().split('\n')
      expect(ticks).toEqual(ticks.map((_, index) => `tick ${index + 1}`))
      await second.destroy(handle)
      await second.close()
    },
  )
}

const bytesCases = (harness: DriverHarness, fixture: () => Fixture): void => {
  const need = (program: Program): TaskConfig => harness.config(program) ?? {}
  const can = harness.config({ kind: 'print-bytes', count: 1, content: 'line' }) !== undefined

  const keepsAll = async (count: number, content: 'binary' | 'line'): Promise<void> => {
    const { driver, taskFor, start } = fixture()
    const task = await taskFor(need({ kind: 'print-bytes', count, content }), {
      logs: { maxFileBytes: 3_000_000, maxFiles: 10, isDisabled: false },
    })
    const handle = await start(task)
    await driver.wait(handle, nobody)
    const printed = await readFile(join(task.paths.allocDir, 'printed'))
    const base = outputBase(task.paths.stdoutPath)
    const files = (await outputNumbers(base)).map(number => readFile(`${base}.${number}`))
    const kept = Buffer.concat(await Promise.all(files))
    expect([kept.length, kept.equals(printed)]).toEqual([count, true])
    await driver.destroy(handle)
  }

  when(can)('keeps a line of ten megabytes that does not end (F25)', () => keepsAll(10_000_000, 'line'))

  when(can && harness.isBinarySafe)('keeps binary output byte for byte (F25)', () => keepsAll(1_000_000, 'binary'))

  when(can)('bounds what a flood costs, in files and in memory, and lets the task go on (F25)', async () => {
    const { driver, taskFor, start } = fixture()
    const task = await taskFor(need({ kind: 'print-bytes', count: 40_000_000, content: 'binary' }), {
      logs: { maxFileBytes: 1_000_000, maxFiles: 3, isDisabled: false },
    })
    const before = process.memoryUsage().rss
    let most = before
    const watching = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss)
    }, 20)
    const handle = await start(task)
    expect(await driver.wait(handle, nobody)).toMatchObject({ exitCode: 0 })
    clearInterval(watching)
    expect(most - before).toBeLessThan(MAX_FLOOD_MEMORY_BYTES)
    const base = outputBase(task.paths.stdoutPath)
    const numbers = await outputNumbers(base)
    expect(numbers.length).toBeLessThanOrEqual(3)
    const sizes = await Promise.all(numbers.map(async number => (await stat(`${base}.${number}`)).size))
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000_000)
    expect(numbers.at(-1)).toBeGreaterThan(3)
    await driver.destroy(handle)
  })
}

const stopCases = (harness: DriverHarness, fixture: () => Fixture): void => {
  const need = (program: Program): TaskConfig => harness.config(program) ?? {}
  const can = (program: Program): boolean => harness.config(program) !== undefined

  it('stops a task by its kill signal', async () => {
    const { driver, taskFor, start } = fixture()
    const handle = await start(await taskFor(need({ kind: 'run' })))
    await driver.stop(handle, 'SIGTERM', 20_000)
    expect(await driver.wait(handle, nobody)).toMatchObject({ exitCode: 143, signal: 15 })
    await driver.stop(handle, 'SIGTERM', 20_000)
    await driver.destroy(handle)
  })

  it('kills a task that ignores its kill signal when the timeout is over', async () => {
    const { driver, taskFor, start } = fixture()
    const task = await taskFor(need({ kind: 'ignore-term' }))
    const handle = await start(task)
    await eventually('the task to ignore the signal', async () => {
      const isReady = harness.config({ kind: 'tick' }) === undefined
      return isReady || (await readOutput(task.paths.stdoutPath)).includes('ready') ? true : undefined
    })
    const before = performance.now()
    await driver.stop(handle, 'SIGTERM', 300)
    expect(performance.now() - before).toBeGreaterThanOrEqual(290)
    expect(await driver.wait(handle, nobody)).toMatchObject({ exitCode: 137, signal: 9, isOomKilled: false })
    await driver.destroy(handle)
  })

  when(can({ kind: 'run-with-children' }))(
    'takes the children of a task along, those in another session too',
    async () => {
      const { driver, taskFor, start } = fixture()
      const task = await taskFor(need({ kind: 'run-with-children' }))
      const handle = await start(task)
      await eventually('the children to run', async () =>
        (await readOutput(task.paths.stdoutPath)).includes('ready') ? true : undefined,
      )
      await driver.stop(handle, 'SIGTERM', 300)
      await driver.destroy(handle)
      expect(await harness.remains(driver, task.labels)).toEqual([])
    },
  )

  it('sends a signal to a running task and refuses one that does not exist', async () => {
    const { driver, taskFor, start } = fixture()
    const handle = await start(await taskFor(need({ kind: 'run' })))
    await expect(driver.signal(handle, 'SIGNOPE')).rejects.toMatchObject({ code: 'DRIVER_FAILED' })
    await driver.signal(handle, 'SIGUSR1')
    expect(await driver.wait(handle, nobody)).toMatchObject({ signal: 10 })
    await expect(driver.signal(handle, 'SIGUSR1')).rejects.toMatchObject({ code: 'DRIVER_FAILED' })
    await driver.destroy(handle)
  })

  it('stops waiting when it is told to', async () => {
    const { driver, taskFor, start } = fixture()
    const handle = await start(await taskFor(need({ kind: 'run' })))
    const abort = new AbortController()
    const waiting = driver.wait(handle, abort.signal)
    abort.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await driver.destroy(handle)
  })

  it('destroys a task twice without complaint, running or not', async () => {
    const { driver, labels, taskFor, start } = fixture()
    const handle = await start(await taskFor(need({ kind: 'run' })))
    await driver.destroy(handle)
    await driver.destroy(handle)
    expect(await driver.recover(handle)).toBe('gone')
    expect(await harness.remains(driver, labels)).toEqual([])
  })
}

const usageCases = (harness: DriverHarness, fixture: () => Fixture): void => {
  const need = (program: Program): TaskConfig => harness.config(program) ?? {}
  /** A driver without the ability has no such program. */
  const canMeasure = harness.config({ kind: 'burn' }) !== undefined
  const measureBy = (driver: TaskDriver, handle: TaskHandle): Promise<TaskMeasurement | undefined> => {
    const { usage } = driver.capabilities
    if (usage === null) throw new Error(`driver ${driver.name} does not measure its tasks`)
    return usage.measure(handle)
  }

  when(canMeasure)(
    'measures what a running task uses, its children included, also after a restart of the agent',
    async () => {
      const { root, driver, taskFor, start } = fixture()
      const handle = await start(await taskFor(need({ kind: 'burn' })))
      const first = await eventually('some use of the processor', async () => {
        const measured = await measureBy(driver, handle)
        return measured !== undefined && measured.cpuMs > 0 ? measured : undefined
      })
      expect(first.memory.rss ?? first.memory.usage).toBeGreaterThan(0)
      const next = harness.open(join(root, 'state'))
      const later = await eventually('more use of the processor', async () => {
        const measured = await measureBy(next, handle)
        return measured !== undefined && measured.cpuMs - first.cpuMs > 50 ? measured : undefined
      })
      expect(later.atMs).toBeGreaterThan(first.atMs)
      // No more than a machine with these processors can do, up to the grain of the kernel's clock.
      expect(later.cpuMs - first.cpuMs).toBeLessThan((later.atMs - first.atMs) * cpus().length + 50)
      await next.close()
      await driver.destroy(handle)
    },
  )

  when(canMeasure)('measures nothing of a task that has ended, or that is not there any more', async () => {
    const { driver, taskFor, start } = fixture()
    const handle = await start(await taskFor(need({ kind: 'exit', code: 0 })))
    await driver.wait(handle, nobody)
    expect(await measureBy(driver, handle)).toBeUndefined()
    await driver.destroy(handle)
    expect(await measureBy(driver, handle)).toBeUndefined()
  })
}

const restartCases = (harness: DriverHarness, fixture: () => Fixture): void => {
  const need = (program: Program): TaskConfig => harness.config(program) ?? {}

  it('finds a running task again after the agent was killed', async () => {
    const { root, taskFor, start } = fixture()
    const first = harness.open(join(root, 'state'))
    const handle = await start(await taskFor(need({ kind: 'run' })), first)
    await first.close()
    const stored: TaskHandle = JSON.parse(JSON.stringify(handle))
    const second = harness.open(join(root, 'state'))
    expect(await second.recover(stored)).toBe('running')
    await second.stop(stored, 'SIGTERM', 20_000)
    expect(await second.wait(stored, nobody)).toMatchObject({ signal: 15 })
    await second.destroy(stored)
    expect(await second.recover(stored)).toBe('gone')
    await second.close()
  })

  it('knows how a task ended while there was no agent', async () => {
    const { root, taskFor, start, driver } = fixture()
    const first = harness.open(join(root, 'state'))
    const handle = await start(await taskFor(need({ kind: 'exit', code: 7 })), first)
    await first.close()
    await driver.wait(handle, nobody)
    const second = harness.open(join(root, 'state'))
    expect(await second.recover(handle)).toBe('running')
    expect(await second.wait(handle, nobody)).toMatchObject({ exitCode: 7 })
    await second.destroy(handle)
    await second.close()
  })

  it('sweeps away what carries the labels, and only that', async () => {
    const { driver, taskFor, start } = fixture()
    const mine = { cluster, node: 'swept' }
    const kept = await taskFor(need({ kind: 'run' }), { labels: mine })
    const orphan = await taskFor(need({ kind: 'run' }), { labels: { ...mine, extra: 'label' } })
    const foreign = await taskFor(need({ kind: 'run' }), { labels: { cluster, node: 'swept too' } })
    const handles = await Promise.all([kept, orphan, foreign].map(task => start(task)))
    expect(await driver.sweep(mine, new Set([kept.id]))).toBe(1)
    const states = await Promise.all(handles.map(handle => driver.recover(handle)))
    expect(states).toEqual(['running', 'gone', 'running'])
    expect(await driver.sweep(mine, new Set())).toBe(1)
    expect(await driver.sweep({ cluster, node: 'swept too' }, new Set())).toBe(1)
  })

  when(harness.openUnreachable !== undefined)('says so when its daemon cannot be reached', async () => {
    const { root, driver, taskFor, start } = fixture()
    const lost = harness.openUnreachable?.(join(root, 'lost'))
    if (lost === undefined) throw new Error('the harness has no unreachable driver')
    expect(await lost.fingerprint()).toMatchObject({ isHealthy: false })
    const task = await taskFor(need({ kind: 'run' }))
    await expect(lost.start(task, ignoreEvent, nobody)).rejects.toMatchObject({ code: 'DRIVER_UNREACHABLE' })
    const handle = await start(task)
    const { usage } = lost.capabilities
    if (usage !== null) await expect(usage.measure(handle)).rejects.toMatchObject({ code: 'DRIVER_UNREACHABLE' })
    await expect(lost.recover(handle)).rejects.toMatchObject({ code: 'DRIVER_UNREACHABLE' })
    await expect(lost.stop(handle, undefined, 10)).rejects.toMatchObject({ code: 'DRIVER_UNREACHABLE' })
    await driver.destroy(handle)
    await lost.close()
  })

  it(`leaves nothing behind after ${harness.leakRuns} tasks`, async () => {
    const { driver, labels, taskFor, start } = fixture()
    const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length
    const before = await openFiles()
    for (let done = 0; done < harness.leakRuns; done += 5) {
      const tasks = await Promise.all([1, 2, 3, 4, 5].map(() => taskFor(need({ kind: 'exit', code: 0 }))))
      const handles = await Promise.all(tasks.map(task => start(task)))
      await Promise.all(handles.map(handle => driver.wait(handle, nobody)))
      await Promise.all(handles.map(handle => driver.destroy(handle)))
    }
    expect(await harness.remains(driver, labels)).toEqual([])
    expect((await openFiles()) - before).toBeLessThan(20)
  })
}

export const driverContract = (name: string, harness: DriverHarness): void => {
  describe(`driver ${name}`, () => {
    const labels = { cluster, node: `${name}-${process.pid}` }
    let root: string
    let driver: TaskDriver

    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), `muster-contract-${name}-`))
      driver = harness.open(join(root, 'state'))
    })

    afterAll(async () => {
      await driver.sweep({ cluster }, new Set())
      await driver.close()
      await rm(root, { recursive: true, force: true })
    })

    const fixture = (): Fixture => ({
      root,
      driver,
      labels,
      taskFor: (config, overrides = {}) =>
        makeTaskStart({ root, labels, config, isImage: driver.capabilities.fileSystem === 'image' }, overrides),
      start: async (task, by = driver) => handleOf(await by.start(task, ignoreEvent, nobody)),
    })

    it('finds its machine healthy', async () => {
      expect(await driver.fingerprint()).toMatchObject({
        isDetected: true,
        isHealthy: true,
        attributes: { [`driver.${name}`]: '1' },
      })
    })

    startCases(harness, fixture)
    outputCases(harness, fixture)
    bytesCases(harness, fixture)
    stopCases(harness, fixture)
    usageCases(harness, fixture)
    restartCases(harness, fixture)
  })
}
