import { readdir, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Clock, sleep } from '../../../../platform/clock.ts'
import { AppError, messageOf } from '../../../../platform/errors.ts'
import type {
  DriverContext,
  DriverFingerprint,
  Kept,
  StartResult,
  TaskDriver,
  TaskHandle,
  TaskMeasurement,
  TaskStart,
} from '../driver.ts'
import { shareByKey } from '../share-by-key.ts'
import { parseSignal } from '../signals.ts'
import { booleanOption, checkOptions, type OptionTable, stringOption, type TaskConfig } from '../task-config.ts'
import { BROKER_VARIABLE, type Broker, createBroker, endForsakenBrokers } from './broker.ts'
import { type ControlGroups, createControlGroups } from './control-groups.ts'
import { createEndWatch, type EndWatch } from './end-watch.ts'
import { findExecutable } from './find-executable.ts'
import { createLeftovers, type Leftovers } from './leftovers.ts'
import {
  createProcessLook,
  isAlive,
  killProcesses,
  type LabelledProcess,
  readBootId,
  sendSignal,
} from './process-identity.ts'
import { measureProcesses } from './process-usage.ts'
import { readRecord, workDirectory, writeStartFiles } from './start-files.ts'
import { environmentOf, LABELS_VARIABLE, START_VARIABLE } from './task-environment.ts'
import { placeOf, processesOf, readProcesses, type StartedProcesses } from './task-state.ts'
import { createTaskWatch, type TaskWatch } from './task-watch.ts'

/**
 * Runs commands of the machine as the agent's user, without isolation. Tasks hang on a holder of their own (see
 * shell-scripts.ts), so agent and broker may be killed at any time. Intent → act → record: the start's files are on disk
 * before the broker is asked, and a start is claimed by exactly one holder, so asking again is harmless.
 */

const DEFAULT_KILL_SIGNAL = 'SIGINT'

/** A holder that has not said who its task is after this long is not going to. */
const START_TIMEOUT_MS = 10_000
/** A request to a broker that died in between is lost; it is repeated this often. */
const ASK_AGAIN_MS = 1_000
const FIRST_LOOK_MS = 2
const LONGEST_LOOK_MS = 50
/** A group that is empty for so long belongs to no start that is under way. */
const FORSAKEN_AFTER_MS = 600_000
/** What is killed and still there after this long is stuck in the kernel. */
const KILL_TIMEOUT_MS = 10_000

const options: OptionTable = {
  command: 'string',
  args: 'strings',
  work_dir: 'string',
  cgroup_v1_override: 'unsupported',
  cgroup_v2_override: 'unsupported',
  oom_score_adj: 'unsupported',
  denied_envvars: 'unsupported',
}

const validate = (config: TaskConfig): readonly string[] => [
  ...checkOptions('raw_exec', options, config),
  ...(stringOption(config, 'command') === '' ? ['raw_exec needs the option "command"'] : []),
]

type Parts = {
  readonly root: string
  readonly clock: Clock
  readonly broker: Broker
  readonly ends: EndWatch
  readonly watch: TaskWatch
  readonly groups: ControlGroups
  readonly look: () => Promise<readonly LabelledProcess[]>
  readonly leftovers: Leftovers
  readonly bootId: () => Promise<string>
}

const failed = (message: string): StartResult => ({ kind: 'failed', message, isRecoverable: false })

const handleOf = (id: string, processes: StartedProcesses): TaskHandle => ({ driver: 'raw_exec', id, state: processes })

const isDirectory = (path: string): Promise<boolean> =>
  stat(path).then(
    found => found.isDirectory(),
    () => false,
  )

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Writes the start's files, or says why the task can never start. */
const prepare = async (parts: Parts, task: TaskStart, directory: string): Promise<string | undefined> => {
  const problems = validate(task.config)
  if (problems.length > 0) return problems.join('; ')
  if (task.user !== '') return `raw_exec cannot run a task as user ${JSON.stringify(task.user)} yet`
  const command = stringOption(task.config, 'command')
  const places = {
    taskDir: task.paths.taskDir,
    localDir: task.paths.localDir,
    path: environmentOf(task, process.env)['PATH'] ?? '',
  }
  const executable = await findExecutable(command, places)
  if (executable === undefined) {
    return `command ${JSON.stringify(command)} was not found, or is not executable, in the task's directory, its local directory or PATH`
  }
  const directoryOfWork = workDirectory(task)
  if (!(await isDirectory(directoryOfWork))) return `work_dir ${JSON.stringify(directoryOfWork)} is not a directory`
  await writeStartFiles(directory, task, { executable, controlGroup: await parts.groups.make(task.id) })
  return undefined
}

/** Asks the broker until the holder has said who its task is. */
const askForStart = async (parts: Parts, task: TaskStart, signal: AbortSignal): Promise<StartedProcesses> => {
  const place = placeOf(parts.root, task.id)
  const bootId = await parts.bootId()
  const deadlineMs = parts.clock.monotonicMs() + START_TIMEOUT_MS
  let askAtMs = 0
  let delayMs = FIRST_LOOK_MS
  for (;;) {
    signal.throwIfAborted()
    const nowMs = parts.clock.monotonicMs()
    if (nowMs >= askAtMs) {
      await parts.broker.requestStart(place.key)
      askAtMs = parts.clock.monotonicMs() + ASK_AGAIN_MS
    }
    const processes = await readProcesses(place, bootId)
    if (processes !== undefined) return processes
    if (nowMs > deadlineMs) {
      throw new AppError(
        'DRIVER_UNREACHABLE',
        `raw_exec task ${task.id} was not started within ${START_TIMEOUT_MS} ms`,
        {
          hint: 'the machine may be overloaded; the start is tried again',
        },
      )
    }
    await sleep(parts.clock, delayMs, signal)
    delayMs = Math.min(delayMs * 2, LONGEST_LOOK_MS)
  }
}

const start = async (parts: Parts, task: TaskStart, signal: AbortSignal): Promise<StartResult> => {
  const place = placeOf(parts.root, task.id)
  const already = await readProcesses(place, await parts.bootId())
  if (already !== undefined) return { kind: 'started', handle: handleOf(task.id, already) }
  await parts.broker.ensure()
  const isClaimed = await isThere(join(place.directory, 'claimed'))
  const problem = isClaimed ? undefined : await prepare(parts, task, place.directory)
  if (problem !== undefined) return failed(problem)
  return { kind: 'started', handle: handleOf(task.id, await askForStart(parts, task, signal)) }
}

const signalTask = async (parts: Parts, handle: TaskHandle, name: string, isForGroup: boolean): Promise<boolean> => {
  const signal = parseSignal(name)
  const processes = processesOf(handle)
  if (processes === undefined || !(await parts.watch.isRunning(handle))) return false
  const { pid } = processes.task
  // Between its fork and its own session a task leads no group yet.
  return (isForGroup && sendSignal(-pid, signal)) || sendSignal(pid, signal)
}

/** Whether the task ended within `timeoutMs`. */
const endsWithin = async (parts: Parts, handle: TaskHandle, timeoutMs: number): Promise<boolean> => {
  const abort = new AbortController()
  const cancel = parts.clock.after(timeoutMs, () => abort.abort(new Error('the time is over')))
  try {
    await parts.watch.waitForEnd(handle, abort.signal)
    return true
  } catch (error) {
    if (abort.signal.aborted) return false
    throw error
  } finally {
    cancel()
  }
}

const killTask = async (parts: Parts, handle: TaskHandle): Promise<void> => {
  await signalTask(parts, handle, 'SIGKILL', true)
  if (await endsWithin(parts, handle, KILL_TIMEOUT_MS)) return
  throw new AppError('DRIVER_FAILED', `raw_exec task ${handle.id} does not end though it was killed`, {
    hint: 'it is probably stuck in the kernel (state D in ps), for instance on a file system that does not answer',
  })
}

const stop = async (parts: Parts, handle: TaskHandle, killSignal: string, timeoutMs: number): Promise<void> => {
  const wasSent = await signalTask(parts, handle, killSignal, true)
  if (wasSent && !(await endsWithin(parts, handle, timeoutMs))) await killTask(parts, handle)
  await parts.leftovers.killOfStart(handle.id)
}

/** Ends the holder, which may still wait for output, and deletes the start's files. */
const removeStart = async (parts: Parts, id: string): Promise<void> => {
  const place = placeOf(parts.root, id)
  const processes = await readProcesses(place, await parts.bootId())
  // A holder that went on would write the end of its task after the files were deleted.
  if (processes !== undefined && (await isAlive(processes.holder))) {
    await killProcesses([processes.holder.pid], parts.clock)
  }
  await parts.groups.kill(id)
  await parts.groups.remove(id)
  await rm(place.directory, { recursive: true, force: true })
  await rm(place.endFile, { force: true })
}

const destroy = async (parts: Parts, handle: TaskHandle): Promise<void> => {
  if (await parts.watch.isRunning(handle)) await killTask(parts, handle)
  await parts.leftovers.killOfStart(handle.id)
  await removeStart(parts, handle.id)
}

const sweep = async (parts: Parts, labels: Readonly<Record<string, string>>, keep: Kept): Promise<number> => {
  await endForsakenBrokers(parts.root, await parts.look(), parts.clock)
  const removed = new Set(await parts.leftovers.killByLabels(labels, keep))
  const starts = join(parts.root, 'starts')
  for (const key of await readdir(starts).catch(() => [])) {
    const record = await readRecord(join(starts, key))
    if (record === undefined) continue
    if (!Object.entries(labels).every(([name, value]) => record.labels[name] === value)) continue
    if (keep.has(record.id)) continue
    await removeStart(parts, record.id)
    removed.add(record.id)
  }
  await parts.groups.removeForsaken(FORSAKEN_AFTER_MS)
  return removed.size
}

const measure = async (parts: Parts, handle: TaskHandle): Promise<TaskMeasurement | undefined> => {
  if (!(await parts.watch.isRunning(handle))) return undefined
  const pids = await parts.leftovers.pidsOfStart(handle.id)
  const times = await parts.groups.timesOf(handle.id)
  return measureProcesses([...pids], times, parts.clock.monotonicMs())
}

const fingerprint = async (parts: Parts, isEnabled: boolean): Promise<DriverFingerprint> => {
  if (!isEnabled) {
    const message = 'raw_exec is off; the driver option enabled = true turns it on'
    return { isDetected: false, isHealthy: false, message, attributes: {} }
  }
  try {
    await Promise.all([parts.broker.ensure(), parts.groups.prepare()])
    return { isDetected: true, isHealthy: true, message: 'Healthy', attributes: { 'driver.raw_exec': '1' } }
  } catch (error) {
    return { isDetected: true, isHealthy: false, message: messageOf(error), attributes: {} }
  }
}

/**
 * Options: `enabled` (false), `no_cgroups` (false: tasks get control groups where the agent may make them). State is kept
 * in `<stateDir>/raw_exec`; give the same directory after a restart.
 */
export const createRawExecDriver = (context: DriverContext): TaskDriver => {
  const { clock } = context
  const root = resolve(context.stateDir, 'raw_exec')
  const ends = createEndWatch(join(root, 'ends'), clock)
  let boot: Promise<string> | undefined
  const bootId = (): Promise<string> => {
    boot ??= readBootId()
    return boot
  }
  const shareStart = shareByKey<StartResult>()
  const groups = createControlGroups(clock, booleanOption(context.options, 'no_cgroups'))
  const look = createProcessLook(BROKER_VARIABLE, LABELS_VARIABLE, START_VARIABLE)
  const leftovers = createLeftovers(clock, groups, look)
  const watch = createTaskWatch({ root, bootId, clock, ends, leftovers })
  const parts: Parts = {
    root,
    clock,
    broker: createBroker(root, clock),
    ends,
    watch,
    groups,
    look,
    leftovers,
    bootId,
  }
  const isEnabled = booleanOption(context.options, 'enabled')
  // Ready when it is asked for, while the agent goes on starting; whether it can be had is for the fingerprint to tell.
  if (isEnabled) void parts.broker.ensure().catch(() => undefined)
  return {
    name: 'raw_exec',
    capabilities: {
      sendsSignals: true,
      fileSystem: 'none',
      network: 'host',
      usage: { measure: handle => measure(parts, handle) },
      parentGroup: groups.parent,
    },
    fingerprint: () => fingerprint(parts, isEnabled),
    validate,
    start: (task, _onEvent, signal) => shareStart(task.id, () => start(parts, task, signal)),
    recover: async handle => ((await watch.isKnown(handle)) ? 'running' : 'gone'),
    wait: (handle, signal) => watch.waitForEnd(handle, signal),
    stop: (handle, killSignal, timeoutMs) => stop(parts, handle, killSignal ?? DEFAULT_KILL_SIGNAL, timeoutMs),
    signal: async (handle, name) => {
      if (await signalTask(parts, handle, name, false)) return
      throw new AppError('DRIVER_FAILED', `cannot send ${name} to raw_exec task ${handle.id}: it does not run`)
    },
    destroy: handle => destroy(parts, handle),
    sweep: (labels, keep) => sweep(parts, labels, keep),
    close: async () => {
      ends.close()
      await parts.broker.quit()
    },
  }
}
