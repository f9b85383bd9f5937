import type { Json } from '../../../../domain/json.ts'
import { parseGoDuration } from '../../../../lang/goflags/duration.ts'
import { type Clock, sleep } from '../../../../platform/clock.ts'
import { AppError } from '../../../../platform/errors.ts'
import type {
  DriverContext,
  ExitResult,
  StartResult,
  TaskDriver,
  TaskHandle,
  TaskMeasurement,
  TaskStart,
} from '../driver.ts'
import { appendOutput } from '../output-files.ts'
import { exitCodeOfSignal, parseSignal, signalNumber } from '../signals.ts'
import {
  booleanOption,
  checkOptions,
  numberOption,
  type OptionTable,
  stringOption,
  type TaskConfig,
} from '../task-config.ts'
import type { MockTaskPlan, MockWorld } from './mock-world.ts'

/**
 * A driver that only pretends: how long a task runs, how it ends and what goes wrong come from its job file. Time comes
 * from the context's clock alone, so the simulation runs it; files are touched only where the job asks for output.
 */

const DEFAULT_KILL_SIGNAL = 'SIGTERM'
const SIGKILL = 9
const BYTES_PER_MB = 1_048_576

/** Durations are Go's. `run_for` absent or 0: the task ends at once. */
const options: OptionTable = {
  run_for: 'string',
  exit_code: 'number',
  exit_signal: 'number',
  exit_err_msg: 'string',
  oom_killed: 'boolean',
  start_error: 'string',
  start_error_recoverable: 'boolean',
  start_block_for: 'string',
  kill_after: 'string',
  ignore_stop: 'boolean',
  signal_error: 'string',
  stdout_string: 'string',
  stderr_string: 'string',
  usage_cpu_percent: 'number',
  usage_memory_mb: 'number',
}

const durationOptions = ['run_for', 'start_block_for', 'kill_after'] as const

const validate = (config: TaskConfig): readonly string[] => [
  ...checkOptions('mock', options, config),
  ...durationOptions.flatMap(name => {
    const text = config[name]
    if (typeof text !== 'string') return []
    const ms = parseGoDuration(text)
    if (ms !== null && ms >= 0) return []
    return [`mock option ${JSON.stringify(name)} must be a duration such as "10s", not ${JSON.stringify(text)}`]
  }),
]

const durationMs = (config: TaskConfig, name: (typeof durationOptions)[number]): number =>
  parseGoDuration(stringOption(config, name) || '0') ?? 0

const planOf = (config: TaskConfig): MockTaskPlan => {
  const signal = numberOption(config, 'exit_signal')
  const error = stringOption(config, 'exit_err_msg')
  const exit: ExitResult = {
    exitCode: signal === 0 ? numberOption(config, 'exit_code') : exitCodeOfSignal(signal),
    signal,
    isOomKilled: booleanOption(config, 'oom_killed'),
    ...(error === '' ? {} : { error }),
  }
  return {
    runForMs: durationMs(config, 'run_for'),
    exit,
    endsAfterSignalMs: booleanOption(config, 'ignore_stop')
      ? Number.POSITIVE_INFINITY
      : durationMs(config, 'kill_after'),
  }
}

const handleOf = (task: TaskStart): TaskHandle => ({
  driver: 'mock',
  id: task.id,
  state: {
    signalError: stringOption(task.config, 'signal_error'),
    usage: {
      usage_cpu_percent: numberOption(task.config, 'usage_cpu_percent'),
      usage_memory_mb: numberOption(task.config, 'usage_memory_mb'),
    },
  },
})

const fieldsOf = (value: Json | undefined): Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {}

const signalErrorOf = (handle: TaskHandle): string => stringOption(fieldsOf(handle.state), 'signalError')

/** A task uses the same all the time: `usage_cpu_percent` of one core and `usage_memory_mb`. */
const measure = (world: MockWorld, clock: Clock, handle: TaskHandle): TaskMeasurement | undefined => {
  const runningMs = world.runningForMs(handle.id)
  if (runningMs === undefined) return undefined
  const usage = fieldsOf(fieldsOf(handle.state)['usage'])
  const bytes = numberOption(usage, 'usage_memory_mb') * BYTES_PER_MB
  return {
    atMs: clock.monotonicMs(),
    cpuMs: (numberOption(usage, 'usage_cpu_percent') / 100) * runningMs,
    userMs: null,
    systemMs: null,
    throttledPeriods: null,
    throttledMs: null,
    memory: { rss: bytes, cache: null, swap: null, usage: null, maxUsage: null },
  }
}

const writeOutput = async (task: TaskStart): Promise<void> => {
  if (task.logs.isDisabled) return
  const stdout = stringOption(task.config, 'stdout_string')
  const stderr = stringOption(task.config, 'stderr_string')
  if (stdout !== '') await appendOutput(task.paths.stdoutPath, Buffer.from(stdout), task.logs)
  if (stderr !== '') await appendOutput(task.paths.stderrPath, Buffer.from(stderr), task.logs)
}

const start = async (world: MockWorld, clock: Clock, task: TaskStart, signal: AbortSignal): Promise<StartResult> => {
  if (world.has(task.id)) return { kind: 'started', handle: handleOf(task) }
  const problems = validate(task.config)
  if (problems.length > 0) return { kind: 'failed', message: problems.join('; '), isRecoverable: false }
  const blockMs = durationMs(task.config, 'start_block_for')
  if (blockMs > 0) await sleep(clock, blockMs, signal)
  signal.throwIfAborted()
  const startError = stringOption(task.config, 'start_error')
  if (startError !== '') {
    return { kind: 'failed', message: startError, isRecoverable: booleanOption(task.config, 'start_error_recoverable') }
  }
  world.start(task.id, task.labels, planOf(task.config))
  await writeOutput(task)
  return { kind: 'started', handle: handleOf(task) }
}

const waitFor = (world: MockWorld, id: string, signal: AbortSignal): Promise<ExitResult> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const onAbort = (): void => {
      stopListening()
      reject(signal.reason)
    }
    const stopListening = world.onExit(id, exit => {
      signal.removeEventListener('abort', onAbort)
      resolve(exit)
    })
    if (world.isRunning(id)) signal.addEventListener('abort', onAbort, { once: true })
  })

const stop = async (
  world: MockWorld,
  clock: Clock,
  id: string,
  killSignal: string,
  timeoutMs: number,
): Promise<void> => {
  if (!world.isRunning(id)) return
  const ended = new AbortController()
  const stopListening = world.onExit(id, () => ended.abort())
  world.signal(id, signalNumber(parseSignal(killSignal)))
  if (!ended.signal.aborted) await sleep(clock, timeoutMs, ended.signal)
  stopListening()
  world.signal(id, SIGKILL)
}

/** Tasks run in `world`; two drivers over one world are an agent before and after its restart. */
export const createMockDriver = (context: Pick<DriverContext, 'clock'>, world: MockWorld): TaskDriver => {
  const { clock } = context
  return {
    name: 'mock',
    capabilities: {
      sendsSignals: true,
      parentGroup: () => null,
      fileSystem: 'none',
      network: 'host',
      usage: { measure: async handle => measure(world, clock, handle) },
    },
    fingerprint: async () => ({
      isDetected: true,
      isHealthy: true,
      message: 'Healthy',
      attributes: { 'driver.mock': '1' },
    }),
    validate,
    start: (task, _onEvent, signal) => start(world, clock, task, signal),
    recover: async handle => (world.has(handle.id) ? 'running' : 'gone'),
    wait: (handle, signal) => waitFor(world, handle.id, signal),
    stop: (handle, killSignal, timeoutMs) =>
      stop(world, clock, handle.id, killSignal ?? DEFAULT_KILL_SIGNAL, timeoutMs),
    signal: async (handle, name) => {
      const refusal = signalErrorOf(handle)
      if (refusal !== '') throw new AppError('DRIVER_FAILED', `cannot signal mock task ${handle.id}: ${refusal}`)
      const number = signalNumber(parseSignal(name))
      if (!world.isRunning(handle.id)) {
        throw new AppError('DRIVER_FAILED', `cannot signal mock task ${handle.id}: it does not run`)
      }
      world.signal(handle.id, number)
    },
    destroy: async handle => world.remove(handle.id),
    sweep: async (labels, keep) => {
      const removed = world.withLabels(labels).filter(id => !keep.has(id))
      for (const id of removed) world.remove(id)
      return removed.length
    },
    close: async () => {},
  }
}
