import type { Clock } from '../../src/platform/clock.ts'

/** A clock that stands still until a test moves it. Timers run in the order of their instants. */
export type ManualClock = Clock & {
  /** Moves time on in steps from timer to timer, letting promises settle after each. */
  readonly advance: (ms: number) => Promise<void>
  /** Sets the wall clock alone, as an operator or NTP would. */
  readonly setWall: (epochMs: number) => void
  readonly timerCount: () => number
}

type Timer = { readonly atMs: number; readonly order: number; readonly run: () => void }

/** Lets everything that is ready to run do so: promises, and what they begin. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise<void>(resolve => {
      setImmediate(resolve)
    })
  }
}

export const createManualClock = (startMs = 1_767_225_600_000): ManualClock => {
  const timers = new Set<Timer>()
  let elapsedMs = 0
  let wallOffsetMs = startMs
  let order = 0

  const earliest = (untilMs: number): Timer | undefined => {
    let found: Timer | undefined
    for (const timer of timers) {
      if (timer.atMs > untilMs) continue
      if (found === undefined || timer.atMs < found.atMs || (timer.atMs === found.atMs && timer.order < found.order)) {
        found = timer
      }
    }
    return found
  }

  return {
    now: () => wallOffsetMs + elapsedMs,
    monotonicMs: () => elapsedMs,
    after: (delayMs, run) => {
      order += 1
      const timer: Timer = { atMs: elapsedMs + Math.max(0, delayMs), order, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    advance: async ms => {
      const untilMs = elapsedMs + ms
      await settle()
      for (let timer = earliest(untilMs); timer !== undefined; timer = earliest(untilMs)) {
        timers.delete(timer)
        elapsedMs = Math.max(elapsedMs, timer.atMs)
        timer.run()
        await settle()
      }
      elapsedMs = untilMs
      await settle()
    },
    setWall: epochMs => {
      wallOffsetMs = epochMs - elapsedMs
    },
    timerCount: () => timers.size,
  }
}
