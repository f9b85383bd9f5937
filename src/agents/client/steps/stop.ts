import { sleep } from '../../../platform/clock.ts'
import { messageOf } from '../../../platform/errors.ts'
import { identityOfTask } from '../build-task-start.ts'
import type { TaskHandle } from '../drivers/driver.ts'
import type { StepContext } from '../task-context.ts'
import * as notes from '../task-events.ts'
import { dead } from './changes.ts'

const KILL_RETRY_FIRST_MS = 5_000
const KILL_RETRY_FACTOR = 4
const KILL_RETRY_MAX_MS = 120_000

const DISCARD_ATTEMPTS = 5
const DISCARD_AGAIN_MS = 1_000

/** Asks until the task has ended; a driver that fails is asked again, ever less often. */
const stopRunning = async (context: StepContext, handle: TaskHandle, timeoutMs: number): Promise<void> => {
  const { owner, services } = context
  const task = owner.task()
  const isStill = (): boolean => context.record().phase.kind === 'running' && !context.signal.aborted
  for (let attempt = 0; isStill(); attempt += 1) {
    try {
      // A signal that this system does not know must not keep the task alive.
      const signal = task.killSignal === '' || attempt > 0 ? undefined : task.killSignal
      await owner.driver?.stop(handle, signal, timeoutMs)
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
  Math.min(context.owner.task().killTimeoutMs, context.services.limits.maxKillTimeoutMs)

export const kill = async (context: StepContext): Promise<void> => {
  const { phase } = context.record()
  if (phase.kind !== 'running') return
  const { owner, services } = context
  const task = owner.task()
  owner.note(task.name, context.endNotes())
  if (task.shutdownDelayMs > 0 && owner.held().skipsShutdownDelay === true) {
    owner.note(task.name, [notes.skippingShutdownDelay])
  } else if (task.shutdownDelayMs > 0) {
    owner.note(task.name, [notes.waitingForShutdownDelay(task.shutdownDelayMs)])
    await Promise.race([sleep(services.clock, task.shutdownDelayMs, context.signal), context.ended()])
  }
  const timeoutMs = killTimeoutOf(context)
  owner.note(task.name, [notes.killing(timeoutMs, context.endReason())])
  await stopRunning(context, phase.handle, timeoutMs)
}

export const restart = async (context: StepContext): Promise<void> => {
  const { phase } = context.record()
  if (phase.kind === 'running') await stopRunning(context, phase.handle, killTimeoutOf(context))
}

export const abandon = async (context: StepContext): Promise<void> => {
  const { owner, services } = context
  await owner.driver?.sweep(identityOfTask(services.labels, owner), new Set())
  await context.commit(dead(context, false), [...context.endNotes(), notes.killed])
}

/** What cannot be removed after several attempts is left to the sweep of the next start of the agent. */
export const discard = async (context: StepContext): Promise<void> => {
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
