import { sleep } from '../../../platform/clock.ts'
import { isAppError } from '../../../platform/errors.ts'
import { buildTaskStart, identityOfTask } from '../build-task-start.ts'
import type { DriverEvent, StartResult, TaskDriver, TaskStart } from '../drivers/driver.ts'
import type { StepContext } from '../task-context.ts'
import * as notes from '../task-events.ts'
import { startFailed } from './changes.ts'

/** How often a start is tried whose driver does not answer, each time after what came of it was removed. */
const START_ATTEMPTS = 3
/** How long after the first time, ms: a daemon that is being stopped may answer for a moment yet. */
const START_AGAIN_MS = 1_000
/** How often a driver that did not answer a start is asked to remove what came of it, and how long after the first time, ms. */
const REMOVE_ATTEMPTS = 5
const REMOVE_AGAIN_MS = 500

export const begin = async (context: StepContext): Promise<void> => {
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
  // Whoever had it before, a start of this task or the allocation that it replaces, may still let go; a stranger will not.
  if (taken !== null) {
    const isHandedOver = context.record().startNumber > 1 || owner.held().previousId !== null
    return { kind: 'failed', message: taken, isRecoverable: isHandedOver }
  }
  const start = buildTaskStart(services, owner, context.templates.env(), context.record().startNumber)
  const problems = owner.driver.validate(start.config)
  if (problems.length > 0) {
    owner.note(start.taskName, [notes.failedValidation(problems)])
    return { kind: 'failed', message: problems.join('; '), isRecoverable: false }
  }
  return startUntilAnswered(context, owner.driver, start)
}

/**
 * A driver's daemon that went away is no fault of the task: once it is back the same start is tried again, which finds
 * what came of it, and only when it went away several times in a row does that count against the task's policy.
 */
const startUntilAnswered = async (context: StepContext, driver: TaskDriver, start: TaskStart): Promise<StartResult> => {
  const { owner, services, signal } = context
  const onEvent = (event: DriverEvent): void => owner.note(start.taskName, [notes.driverProgress(event)])
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await driver.start(start, onEvent, signal)
    } catch (error) {
      if (signal.aborted || !isAppError(error)) throw error
      const isTriedAgain = error.code === 'DRIVER_UNREACHABLE' && attempt < START_ATTEMPTS
      // Unknown is not failed (I6): whatever came of it must be gone before it is called a failure and something else starts.
      await removeStarted(context, isTriedAgain ? [start.id] : [])
      if (!isTriedAgain) return { kind: 'failed', message: error.message, isRecoverable: true }
      onEvent({ message: `${error.message}; the start is tried again` })
      await sleep(services.clock, START_AGAIN_MS * 4 ** (attempt - 1), signal)
      signal.throwIfAborted()
    }
  }
}

/**
 * Removes what unanswered starts of the task but `kept` may have left. A driver that stays away keeps the start open: it
 * is then asked again.
 */
const removeStarted = async (context: StepContext, kept: readonly string[]): Promise<void> => {
  const { owner, services, signal } = context
  for (let attempt = 0; ; attempt += 1) {
    try {
      await owner.driver?.sweep(identityOfTask(services.labels, owner), new Set(kept))
      return
    } catch (error) {
      if (!isAppError(error) || attempt >= REMOVE_ATTEMPTS) throw error
      await sleep(services.clock, REMOVE_AGAIN_MS * 2 ** attempt, signal)
      signal.throwIfAborted()
    }
  }
}

export const start = async (context: StepContext): Promise<void> => {
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
    await context.commit(startFailed(message, result.isRecoverable), [notes.driverFailure(message)])
    return
  }
  const startedAt = context.services.clock.now()
  await context.commit(
    { phase: { kind: 'running', handle: result.handle }, startedAt, finishedAt: null, exitCode: null },
    [notes.started],
  )
  context.attach(result.handle)
}

export const recover = async (context: StepContext): Promise<void> => {
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
