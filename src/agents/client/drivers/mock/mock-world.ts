import { type Clock, MAX_TIMER_MS } from '../../../../platform/clock.ts'
import type { ExitResult } from '../driver.ts'
import { exitCodeOfSignal } from '../signals.ts'

/**
 * The pretended machine that mock tasks run on. It belongs to whoever makes it and outlives driver objects, as real
 * tasks outlive an agent: the simulation kills a client by dropping its driver, losing the world's tasks or not.
 */

export type MockTaskPlan = {
  /** Infinity: until it is stopped. */
  readonly runForMs: number
  readonly exit: ExitResult
  /** How long the task goes on after a signal that it could ignore. Infinity: it ignores it. */
  readonly endsAfterSignalMs: number
}

type MockTask = {
  readonly labels: Readonly<Record<string, string>>
  readonly plan: MockTaskPlan
  readonly startedAtMs: number
  readonly waiters: Set<(exit: ExitResult) => void>
  exit: ExitResult | undefined
  cancelTimer: () => void
}

export type MockWorld = {
  /** Starts a task, or finds that this id was started before. */
  readonly start: (id: string, labels: Readonly<Record<string, string>>, plan: MockTaskPlan) => void
  readonly has: (id: string) => boolean
  readonly isRunning: (id: string) => boolean
  /** How long it has run so far, undefined where it does not run. */
  readonly runningForMs: (id: string) => number | undefined
  /** Sends a signal by number; 9 ends the task at once. */
  readonly signal: (id: string, signal: number) => void
  /** Calls back once when the task has ended, at once if it has. Answers how to stop listening. Unknown ids are reported as lost. */
  readonly onExit: (id: string, listener: (exit: ExitResult) => void) => () => void
  readonly remove: (id: string) => void
  readonly withLabels: (labels: Readonly<Record<string, string>>) => readonly string[]
  /** Ids of the tasks that run, in the order of their starts. */
  readonly running: () => readonly string[]
  /** The machine crashes: every task is gone, with no exit status. */
  readonly loseTasks: () => void
}

const SIGKILL = 9

const lostExit = (id: string): ExitResult => ({
  exitCode: 1,
  signal: 0,
  isOomKilled: false,
  error: `mock task ${id} is gone and left no exit status`,
})

export const createMockWorld = (clock: Clock): MockWorld => {
  const tasks = new Map<string, MockTask>()

  const end = (task: MockTask, exit: ExitResult): void => {
    if (task.exit !== undefined) return
    task.cancelTimer()
    task.exit = exit
    for (const waiter of task.waiters) waiter(exit)
    task.waiters.clear()
  }

  /** Timers take at most MAX_TIMER_MS, so a longer time is waited for in pieces. */
  const endAt = (task: MockTask, atMs: number, exit: ExitResult): void => {
    task.cancelTimer()
    const remainingMs = atMs - clock.monotonicMs()
    if (remainingMs === Number.POSITIVE_INFINITY) return
    task.cancelTimer = clock.after(Math.max(0, Math.min(remainingMs, MAX_TIMER_MS)), () => {
      if (clock.monotonicMs() >= atMs) end(task, exit)
      else endAt(task, atMs, exit)
    })
  }

  const start: MockWorld['start'] = (id, labels, plan) => {
    if (tasks.has(id)) return
    const startedAtMs = clock.monotonicMs()
    const task: MockTask = { labels, plan, startedAtMs, waiters: new Set(), exit: undefined, cancelTimer: () => {} }
    tasks.set(id, task)
    endAt(task, startedAtMs + plan.runForMs, plan.exit)
  }

  const signal: MockWorld['signal'] = (id, number) => {
    const task = tasks.get(id)
    if (task === undefined || task.exit !== undefined) return
    const exit: ExitResult = { exitCode: exitCodeOfSignal(number), signal: number, isOomKilled: false }
    if (number === SIGKILL || task.plan.endsAfterSignalMs === 0) end(task, exit)
    else if (Number.isFinite(task.plan.endsAfterSignalMs)) {
      endAt(task, clock.monotonicMs() + task.plan.endsAfterSignalMs, exit)
    }
  }

  const onExit: MockWorld['onExit'] = (id, listener) => {
    const task = tasks.get(id)
    if (task === undefined || task.exit !== undefined) {
      listener(task?.exit ?? lostExit(id))
      return () => {}
    }
    task.waiters.add(listener)
    return () => task.waiters.delete(listener)
  }

  const remove: MockWorld['remove'] = id => {
    const task = tasks.get(id)
    if (task === undefined) return
    end(task, { exitCode: exitCodeOfSignal(SIGKILL), signal: SIGKILL, isOomKilled: false })
    tasks.delete(id)
  }

  return {
    start,
    signal,
    onExit,
    remove,
    has: id => tasks.has(id),
    isRunning: id => tasks.get(id)?.exit === undefined && tasks.has(id),
    runningForMs: id => {
      const task = tasks.get(id)
      return task === undefined || task.exit !== undefined ? undefined : clock.monotonicMs() - task.startedAtMs
    },
    withLabels: labels =>
      [...tasks]
        .filter(([, task]) => Object.entries(labels).every(([name, value]) => task.labels[name] === value))
        .map(([id]) => id),
    running: () => [...tasks].filter(([, task]) => task.exit === undefined).map(([id]) => id),
    loseTasks: () => {
      for (const [id, task] of tasks) end(task, lostExit(id))
      tasks.clear()
    },
  }
}
