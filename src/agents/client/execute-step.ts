import { sleep } from '../../platform/clock.ts'
import { type AppError, errorCatalogue, isAppError, messageOf } from '../../platform/errors.ts'
import { buildTaskStart, labelsOfTask } from './build-task-start.ts'
import type { StartResult, TaskHandle } from './drivers/driver.ts'
import { MAX_KILL_TIMEOUT_MS } from './limits.ts'
import type { Step } from './next-step.ts'
import { decideRestart, restartsOnSuccess, type StopCause } from './restart-tracker.ts'
import type { StepContext } from './task-context.ts'
import * as notes from './task-events.ts'
import type { Ending, TaskPhase } from './task-record.ts'

/** One executor for every step that does something; a step without one does not compile. */
export type StepExecutors = {
  readonly [K in Exclude<Step['kind'], 'wait'>]: (context: StepContext) => Promise<void>
}

const KILL_RETRY_FIRST_MS = 5_000
const KILL_RETRY_FACTOR = 4
const KILL_RETRY_MAX_MS = 120_000
const DISCARD_ATTEMPTS = 5
const DISCARD_AGAIN_MS = 1_000

const endedWithout = (message: string, isRecoverable: boolean): { readonly phase: TaskPhase } => ({
  phase: { kind: 'ended', ending: { kind: 'start-failed', message, isRecoverable }, handle: null },
})

/** A full disk may have room later; a path that leads outside will not come back in. */
const mayPass = (error: unknown): boolean =>
  isAppError(error) && (errorCatalogue[error.code].retry || error.code === 'DATA_DIR_UNUSABLE')

const payloadOf = (context: StepContext): { readonly path: string; readonly content: Buffer } | null => {
  const { owner } = context
  const file = owner.task().dispatchPayloadFile
  const { payload } = owner.held()
  return file === '' || payload === null ? null : { path: `local/${file}`, content: Buffer.from(payload, 'base64') }
}

const setUp = async (context: StepContext): Promise<void> => {
  const { owner, services } = context
  const { allocationId } = owner.held()
  const task = owner.task()
  await services.directories.build(allocationId, task.name)
  const payload = payloadOf(context)
  if (payload !== null) {
    await services.directories.write({ allocationId, task: task.name, path: payload.path }, payload.content, 0o644)
  }
  await context.templates.prepare(context.signal)
}

const prepare = async (context: StepContext): Promise<void> => {
  const isRunning = context.record().phase.kind === 'running'
  if (context.record().phase.kind === 'waiting') await context.commit({}, [notes.taskSetup])
  try {
    await setUp(context)
  } catch (error) {
    if (context.signal.aborted) return
    if (!isAppError(error)) throw error
    // What runs goes on with what was rendered before.
    if (isRunning) await context.commit({}, [notes.templateFailure(error.message)])
    else {
      await context.commit(endedWithout(error.message, mayPass(error)), [notes.setupFailure(error.message)])
      return
    }
  }
  if (!context.signal.aborted) context.setPrepared()
}

const begin = async (context: StepContext): Promise<void> => {
  const { phase, startNumber } = context.record()
  await context.commit({
    phase: { kind: 'starting' },
    startNumber: phase.kind === 'waiting' ? startNumber + 1 : startNumber,
  })
}

const PORT_TAKEN = /address already in use|port is already allocated|bind for .* failed|EADDRINUSE/i

/** A port that a start could not have is named, whatever the driver's words for it are. */
const explainFailure = (context: StepContext, message: string): string => {
  const { ports } = context.owner.held()
  if (!PORT_TAKEN.test(message) || ports.length === 0) return message
  const labels = context.owner.group().network?.ports ?? []
  const list = ports.map((port, position) => `${port} (${labels[position]?.label ?? 'unnamed'})`).join(', ')
  return `${message}; the allocation's ports are ${list}`
}

/** The ports of the allocation that somebody else listens on. Only asked while no task of ours can be the one. */
const takenPorts = async (context: StepContext): Promise<string | null> => {
  const { owner, services } = context
  const { ports } = owner.held()
  if (ports.length === 0 || owner.hasRunningSibling(owner.task().name)) return null
  const held = await services.heldPorts(ports)
  if (held.length === 0) return null
  const labels = owner.group().network?.ports ?? []
  return held
    .map(({ port, holder }) => {
      const label = labels[ports.indexOf(port)]?.label ?? 'unnamed'
      return `address already in use: port ${port} ("${label}") is held by ${holder}`
    })
    .join('; ')
}

const askDriver = async (context: StepContext): Promise<StartResult> => {
  const { owner, services } = context
  const name = owner.task().driver
  if (owner.driver === undefined) {
    return { kind: 'failed', message: `this node has no driver named ${JSON.stringify(name)}`, isRecoverable: false }
  }
  const taken = await takenPorts(context)
  // A leftover of the task's own last start may still let go of it; a stranger will not.
  if (taken !== null) return { kind: 'failed', message: taken, isRecoverable: context.record().startNumber > 1 }
  const start = buildTaskStart(services, owner, context.templates.env(), context.record().startNumber)
  const problems = owner.driver.validate(start.config)
  if (problems.length > 0) {
    owner.note(start.taskName, [notes.failedValidation(problems)])
    return { kind: 'failed', message: problems.join('; '), isRecoverable: false }
  }
  const onEvent = (event: Parameters<typeof notes.driverProgress>[0]): void =>
    owner.note(start.taskName, [notes.driverProgress(event)])
  try {
    return await owner.driver.start(start, onEvent, context.signal)
  } catch (error) {
    if (context.signal.aborted || !isAppError(error)) throw error
    return { kind: 'failed', message: error.message, isRecoverable: true }
  }
}

const start = async (context: StepContext): Promise<void> => {
  let result: StartResult
  try {
    result = await askDriver(context)
  } catch (error) {
    if (context.signal.aborted) return
    throw error
  }
  if (result.kind === 'failed') {
    if (context.signal.aborted) return
    const message = explainFailure(context, result.message)
    await context.commit(endedWithout(message, result.isRecoverable), [notes.driverFailure(message)])
    return
  }
  const startedAt = context.services.clock.now()
  await context.commit(
    { phase: { kind: 'running', handle: result.handle }, startedAt, finishedAt: null, exitCode: null },
    [notes.started],
  )
  context.attach(result.handle)
}

const recover = async (context: StepContext): Promise<void> => {
  const { phase } = context.record()
  if (phase.kind !== 'running') return
  const driver = context.owner.driver
  const found = driver === undefined ? 'gone' : await driver.recover(phase.handle)
  if (context.record().phase !== phase) return
  if (found === 'running') {
    context.attach(phase.handle)
    return
  }
  await context.commit({ phase: { kind: 'ended', ending: { kind: 'lost' }, handle: phase.handle } }, [
    notes.failedRestoring,
  ])
}

/** Asks until the task has ended; a driver that fails is asked again, ever less often. */
const stopRunning = async (context: StepContext, handle: TaskHandle, timeoutMs: number): Promise<void> => {
  const { owner, services } = context
  const task = owner.task()
  const isStill = (): boolean => context.record().phase.kind === 'running' && !context.signal.aborted
  for (let attempt = 0; isStill(); attempt += 1) {
    try {
      await owner.driver?.stop(handle, task.killSignal === '' ? undefined : task.killSignal, timeoutMs)
      await context.ended()
    } catch (error) {
      const retryMs = Math.min(KILL_RETRY_MAX_MS, KILL_RETRY_FIRST_MS * KILL_RETRY_FACTOR ** Math.min(attempt, 10))
      services.logger.warn({ task: task.name, error: messageOf(error), retryMs }, 'task could not be stopped')
      owner.note(task.name, [notes.killFailed(messageOf(error), retryMs)])
      await Promise.race([sleep(services.clock, retryMs, context.signal), context.ended()])
    }
  }
}

const killTimeoutOf = (context: StepContext): number =>
  Math.min(context.owner.task().killTimeoutMs, MAX_KILL_TIMEOUT_MS)

const kill = async (context: StepContext): Promise<void> => {
  const { phase } = context.record()
  if (phase.kind !== 'running') return
  const { owner, services } = context
  const task = owner.task()
  owner.note(task.name, context.endNotes())
  if (task.shutdownDelayMs > 0) {
    owner.note(task.name, [notes.waitingForShutdownDelay(task.shutdownDelayMs)])
    await Promise.race([sleep(services.clock, task.shutdownDelayMs, context.signal), context.ended()])
  }
  const timeoutMs = killTimeoutOf(context)
  owner.note(task.name, [notes.killing(timeoutMs, context.endReason())])
  await stopRunning(context, phase.handle, timeoutMs)
}

const restart = async (context: StepContext): Promise<void> => {
  const { phase } = context.record()
  if (phase.kind === 'running') await stopRunning(context, phase.handle, killTimeoutOf(context))
}

const dead = (context: StepContext, isFailed: boolean) => ({
  phase: { kind: 'dead', isFailed } as const,
  finishedAt: context.record().finishedAt ?? context.services.clock.now(),
  restart: null,
})

const abandon = async (context: StepContext): Promise<void> => {
  const { owner, services } = context
  await owner.driver?.sweep(labelsOfTask(services.labels, owner), new Set())
  await context.commit(dead(context, false), [...context.endNotes(), notes.killed])
}

/** What cannot be removed after several attempts is left to the sweep of the next start of the agent. */
const discard = async (context: StepContext): Promise<void> => {
  const { phase } = context.record()
  if (phase.kind !== 'ended' || phase.handle === null) return
  const { owner, services } = context
  for (let attempt = 1; attempt <= DISCARD_ATTEMPTS; attempt += 1) {
    try {
      await owner.driver?.destroy(phase.handle)
      break
    } catch (error) {
      services.logger.warn({ id: phase.handle.id, error: messageOf(error) }, 'leftovers of a task could not be removed')
      if (attempt < DISCARD_ATTEMPTS) await sleep(services.clock, DISCARD_AGAIN_MS, context.signal)
    }
  }
  if (!context.signal.aborted) await context.commit({ phase: { ...phase, handle: null } })
}

const isSuccess = (ending: Ending): boolean =>
  ending.kind === 'exited' && ending.exit.exitCode === 0 && ending.exit.signal === 0 && ending.exit.error === undefined

const causeOf = (context: StepContext, ending: Ending): StopCause => {
  const { restart: order, startNumber } = context.record()
  if (context.isEnding()) return { kind: 'killed' }
  if (order !== null && order.startNumber === startNumber) {
    return { kind: 'requested', reason: order.reason, isFailure: order.isFailure }
  }
  if (ending.kind === 'start-failed') return { kind: 'start-failed', isRecoverable: ending.isRecoverable }
  return { kind: 'exited', isSuccess: isSuccess(ending) }
}

const judge = async (context: StepContext): Promise<void> => {
  const record = context.record()
  if (record.phase.kind !== 'ended') return
  const { owner, services } = context
  const task = owner.task()
  const now = services.clock.now()
  const { decision, tracker } = decideRestart({
    policy: task.restart,
    tracker: record.tracker,
    cause: causeOf(context, record.phase.ending),
    restartsOnSuccess: restartsOnSuccess(owner.held().job.type, task.lifecycle),
    now,
    random: services.random,
  })
  switch (decision.kind) {
    case 'killed':
      await context.commit(dead(context, false), [notes.killed])
      return
    case 'finished':
      await context.commit({ ...dead(context, false), tracker })
      return
    case 'failed':
      await context.commit({ ...dead(context, true), tracker }, [notes.notRestarting(decision.reason)])
      return
    case 'restart':
      context.arm(decision.delayMs)
      await context.commit(
        {
          phase: { kind: 'backoff', until: now + decision.delayMs, delayMs: decision.delayMs },
          startNumber: record.startNumber + 1,
          restarts: record.restarts + 1,
          lastRestartAt: now,
          restart: null,
          tracker,
        },
        [notes.restarting(decision.reason, decision.delayMs)],
      )
  }
}

const finish = async (context: StepContext): Promise<void> => {
  await context.commit(dead(context, false), [...context.endNotes(), notes.killed])
}

export const executors: StepExecutors = {
  prepare,
  begin,
  start,
  recover,
  kill,
  restart,
  abandon,
  discard,
  judge,
  finish,
}

/** True for errors that trying again may mend; anything else is a bug of ours and is loud. */
export const isWorldsFault = (error: unknown): error is AppError => isAppError(error)
