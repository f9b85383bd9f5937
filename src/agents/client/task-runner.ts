import { type Backoff, backoffDelayMs } from '../../platform/backoff.ts'
import { type Cancel, sleep } from '../../platform/clock.ts'
import { AppError, isAppError, messageOf } from '../../platform/errors.ts'
import type { TaskHandle } from './drivers/driver.ts'
import { executors } from './execute-step.ts'
import { nextStep, type Step, type TaskWish } from './next-step.ts'
import { createNudge } from './nudge.ts'
import type { AgentServices, StepContext, TaskOwner } from './task-context.ts'
import type { TaskNote } from './task-events.ts'
import * as notes from './task-events.ts'
import type { TaskRecord } from './task-record.ts'

/**
 * Runs one task: one step at a time, each chosen by `nextStep` from what stands in the record. An agent that stops
 * detaches: the task runs on, and the next agent goes on from the record.
 */
export type TaskRunner = {
  readonly name: string
  readonly record: () => TaskRecord
  /** `endNotes` and `endReason` tell the task's events why, where the wish is to end it. */
  readonly setWish: (wish: TaskWish, why?: { readonly notes: readonly TaskNote[]; readonly reason: string }) => void
  /** Restarts the start that runs now. Answers false when none runs. */
  readonly restart: (reason: string, isFailure: boolean) => Promise<boolean>
  /** Throws AppError when the task does not run or its driver cannot. */
  readonly signal: (signal: string, reason: string) => Promise<void>
  /** Something outside changed (a server was heard): look again. */
  readonly wake: () => void
  /** Stops looking after the task and leaves it running. Resolves when the last step is over. */
  readonly detach: () => Promise<void>
}

/** A step, or the driver's watch, that fails by no fault of the task is tried again. */
const RETRY: Backoff = { firstMs: 500, maxMs: 30_000 }

type State = {
  record: TaskRecord
  wish: TaskWish
  why: { readonly notes: readonly TaskNote[]; readonly reason: string }
  isPrepared: boolean
  isDue: boolean
  attachedTo: TaskHandle | null
  cancelDelay: Cancel
  currentStep: { readonly kind: Step['kind']; readonly controller: AbortController } | null
}

const isEndingWish = (wish: TaskWish): boolean => wish === 'stop' || wish === 'keep'

/** Steps that a wish to end breaks off; the others are part of ending. */
const isBrokenOff = (kind: Step['kind']): boolean => kind === 'prepare' || kind === 'start' || kind === 'recover'

export const createTaskRunner = (services: AgentServices, owner: TaskOwner, first: TaskRecord): TaskRunner => {
  const { clock, random } = services
  const logger = services.logger.child({ allocationId: owner.held().allocationId, task: first.task })
  const nudge = createNudge()
  const detached = new AbortController()
  const endWaiters = new Set<() => void>()
  const noWhy = { notes: [], reason: '' }
  const state: State = {
    record: first,
    wish: 'hold',
    why: noWhy,
    isPrepared: false,
    isDue: false,
    attachedTo: null,
    cancelDelay: () => {},
    currentStep: null,
  }

  const commit = async (change: Partial<TaskRecord>, taskNotes: readonly TaskNote[] = []): Promise<void> => {
    // A running task whose templates are being waited for has ended or is to be restarted: that goes first.
    const isOvertaken = state.record.phase.kind === 'running' && state.currentStep?.kind === 'prepare'
    if (isOvertaken && (change.phase !== undefined || change.restart != null)) state.currentStep?.controller.abort()
    state.record = { ...state.record, ...change }
    if (state.record.phase.kind !== 'running') {
      state.attachedTo = null
      for (const waiter of endWaiters) waiter()
      endWaiters.clear()
    }
    if (state.record.phase.kind === 'dead') templates.close()
    await owner.commit(state.record, taskNotes)
  }

  const arm = (delayMs: number): void => {
    state.cancelDelay()
    state.isDue = delayMs <= 0
    if (state.isDue) return
    state.cancelDelay = clock.after(delayMs, () => {
      state.isDue = true
      nudge.wake()
    })
  }

  const watch = async (handle: TaskHandle): Promise<void> => {
    for (let failures = 0; !detached.signal.aborted; failures += 1) {
      try {
        const exit = await owner.driver?.wait(handle, detached.signal)
        if (exit === undefined || detached.signal.aborted) return
        const { phase } = state.record
        if (phase.kind !== 'running' || phase.handle.id !== handle.id) return
        await commit(
          {
            phase: { kind: 'ended', ending: { kind: 'exited', exit }, handle },
            finishedAt: clock.now(),
            exitCode: exit.exitCode,
          },
          [notes.terminated(exit)],
        )
        nudge.wake()
        return
      } catch (error) {
        if (detached.signal.aborted) return
        logger.warn({ error: messageOf(error) }, 'watch over a task broke off and is taken up again')
        await sleep(clock, backoffDelayMs(RETRY, failures, random), detached.signal)
      }
    }
  }

  const attach = (handle: TaskHandle): void => {
    state.attachedTo = handle
    void watch(handle)
  }

  const signalTask = async (name: string, reason: string): Promise<void> => {
    const { phase } = state.record
    if (phase.kind !== 'running' || owner.driver === undefined) {
      throw new AppError(
        'REQUEST_REFUSED',
        `cannot send ${name} to task ${JSON.stringify(first.task)}: it does not run`,
      )
    }
    owner.note(first.task, [notes.signaling(name, reason)])
    await owner.driver.signal(phase.handle, name)
  }

  const restart = async (reason: string, isFailure: boolean): Promise<boolean> => {
    const { phase, startNumber, restart: standing } = state.record
    if (phase.kind !== 'running') return false
    if (standing?.startNumber === startNumber) return true
    await commit({ restart: { startNumber, reason, isFailure } }, [notes.restartSignaled(reason)])
    nudge.wake()
    return true
  }

  const templates = services.createTemplates(owner, {
    isRunning: () => state.record.phase.kind === 'running',
    restart: reason => void restart(reason, false),
    signal: (name, reason) => {
      signalTask(name, reason).catch(async (error: unknown) => {
        owner.note(first.task, [notes.hookFailed(messageOf(error))])
        await restart(`${reason}; the signal could not be sent`, true)
      })
    },
    note: one => owner.note(first.task, [one]),
  })

  const contextOf = (signal: AbortSignal): StepContext => ({
    services,
    owner,
    templates,
    record: () => state.record,
    commit,
    signal,
    isEnding: () => isEndingWish(state.wish),
    endNotes: () => state.why.notes,
    endReason: () => state.why.reason,
    setPrepared: () => {
      state.isPrepared = true
    },
    attach,
    ended: () =>
      new Promise(resolve => {
        if (state.record.phase.kind !== 'running' || signal.aborted) return resolve()
        endWaiters.add(resolve)
        signal.addEventListener('abort', () => resolve(), { once: true })
      }),
    arm,
    requestRestart: order => void restart(order.reason, order.isFailure),
  })

  const execute = async (kind: Exclude<Step['kind'], 'wait'>): Promise<void> => {
    const controller = new AbortController()
    state.currentStep = { kind, controller }
    try {
      await executors[kind](contextOf(controller.signal))
    } finally {
      state.currentStep = null
    }
  }

  const run = async (): Promise<void> => {
    let failures = 0
    while (!detached.signal.aborted) {
      const step = nextStep({
        wish: state.wish,
        record: state.record,
        isPrepared: state.isPrepared,
        isAttached: state.attachedTo !== null,
        isDue: state.isDue,
        hasServer: services.hasServer(),
      })
      if (step.kind === 'wait') {
        failures = 0
        await nudge.wait()
        continue
      }
      try {
        await execute(step.kind)
        failures = 0
      } catch (error) {
        if (detached.signal.aborted) return
        const level = isAppError(error) ? 'warn' : 'error'
        logger[level]({ step: step.kind, error: messageOf(error) }, 'step of a task failed and is tried again')
        await sleep(clock, backoffDelayMs(RETRY, failures, random), detached.signal)
        failures += 1
      }
    }
  }

  if (first.phase.kind === 'backoff') {
    arm(Math.min(first.phase.delayMs, Math.max(0, first.phase.until - clock.now())))
  }
  const done = run()

  return {
    name: first.task,
    record: () => state.record,
    setWish: (wish, why = noWhy) => {
      if (wish === state.wish) return
      state.wish = wish
      state.why = why
      if (isEndingWish(wish) && state.currentStep !== null && isBrokenOff(state.currentStep.kind)) {
        state.currentStep.controller.abort()
      }
      nudge.wake()
    },
    restart,
    signal: signalTask,
    wake: nudge.wake,
    detach: async () => {
      detached.abort()
      state.cancelDelay()
      state.currentStep?.controller.abort()
      templates.close()
      nudge.wake()
      await done
    },
  }
}
