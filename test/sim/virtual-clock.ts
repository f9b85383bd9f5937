import type { Cancel, Clock } from '../../src/platform/clock.ts'

/**
 * Time of the simulation. It stands still while anything runs and jumps from timer to timer; whatever a timer begins is
 * let run to its end before the next one. Everything that waits in production waits for a Clock or for a promise that is
 * resolved by one, so nothing here depends on the machine: the same seed takes the same turns.
 */
export type SimTime = {
  /** Milliseconds since the simulation began. */
  readonly elapsedMs: () => number
  readonly after: (delayMs: number, run: () => void) => Cancel
  /** Runs every timer that is due within `ms`, then stands `ms` later. */
  readonly advance: (ms: number) => Promise<void>
  /** Lets everything that can run without time passing do so. */
  readonly settle: () => Promise<void>
}

/** The clock of one process: it can be stepped, and it stops for good when the process dies. */
export type ProcessClock = Clock & {
  /** Moves the wall clock alone, as an operator or NTP would. */
  readonly stepTo: (offsetMs: number) => void
  readonly halt: () => void
}

export const SIM_START_MS = 1_767_225_600_000
/** Timers that one advance may run: more than that is a loop that makes no progress. */
const MAX_TIMERS_PER_ADVANCE = 200_000

type Timer = { readonly atMs: number; readonly order: number; run: (() => void) | null }

const isBefore = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

/** Promises and what they begin are all there is to wait for: they are through before the loop's next turn. */
const settle = (): Promise<void> =>
  new Promise(resolve => {
    setImmediate(resolve)
  })

export const createSimTime = (): SimTime => {
  const heap: Timer[] = []
  let elapsedMs = 0
  let order = 0

  const swap = (a: number, b: number): void => {
    const [first, second] = [heap[a], heap[b]]
    if (first === undefined || second === undefined) return
    heap[a] = second
    heap[b] = first
  }

  const push = (timer: Timer): void => {
    heap.push(timer)
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1
      const [child, above] = [heap[at], heap[parent]]
      if (child === undefined || above === undefined || !isBefore(child, above)) return
      swap(at, parent)
      at = parent
    }
  }

  const sink = (): void => {
    for (let at = 0; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        const [candidate, best] = [heap[child], heap[least]]
        if (candidate !== undefined && best !== undefined && isBefore(candidate, best)) least = child
      }
      if (least === at) return
      swap(at, least)
      at = least
    }
  }

  const pop = (): Timer | undefined => {
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    heap[0] = last
    sink()
    return top
  }

  /** The next timer that is due by `untilMs` and was not called off. */
  const take = (untilMs: number): Timer | undefined => {
    for (let top = heap[0]; top !== undefined && top.atMs <= untilMs; top = heap[0]) {
      pop()
      if (top.run !== null) return top
    }
    return undefined
  }

  return {
    elapsedMs: () => elapsedMs,
    settle,
    after: (delayMs, run) => {
      order += 1
      const timer: Timer = { atMs: elapsedMs + Math.max(0, Math.round(delayMs)), order, run }
      push(timer)
      return () => {
        timer.run = null
      }
    },
    advance: async ms => {
      const untilMs = elapsedMs + ms
      await settle()
      let taken = 0
      for (let timer = take(untilMs); timer !== undefined; timer = take(untilMs)) {
        elapsedMs = Math.max(elapsedMs, timer.atMs)
        timer.run?.()
        await settle()
        taken += 1
        if (taken > MAX_TIMERS_PER_ADVANCE)
          throw new Error(`${taken} timers ran within ${ms} ms: nothing comes to rest`)
      }
      elapsedMs = untilMs
    },
  }
}

export const createProcessClock = (time: SimTime): ProcessClock => {
  let offsetMs = 0
  let isHalted = false
  return {
    now: () => SIM_START_MS + time.elapsedMs() + offsetMs,
    monotonicMs: time.elapsedMs,
    after: (delayMs, run) =>
      time.after(delayMs, () => {
        if (!isHalted) run()
      }),
    stepTo: next => {
      offsetMs = next
    },
    halt: () => {
      isHalted = true
    },
  }
}
