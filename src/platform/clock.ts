/**
 * Time as a parameter. Production code asks a Clock, tests and the simulation hand in their own, so that no decision
 * depends on the machine's clock in secret (invariant I2).
 */
export type EpochMs = number

export type Cancel = () => void

export type Clock = {
  /** Wall-clock time in milliseconds since 1970-01-01T00:00Z. May jump; never used for lengths of time. */
  readonly now: () => EpochMs
  /** Milliseconds that only ever grow, from an arbitrary start. Used for lengths of time and leases. */
  readonly monotonicMs: () => number
  /** Calls `run` once, `delayMs` from now by the monotonic clock. Answers how to call it off. Never keeps a process alive by itself. */
  readonly after: (delayMs: number, run: () => void) => Cancel
}

/** The longest delay that Node's timers take; longer ones are cut to it, and whoever waits looks again. */
export const MAX_TIMER_MS = 2_147_483_647

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(Math.max(0, delayMs), MAX_TIMER_MS))
    timer.unref()
    return () => clearTimeout(timer)
  },
}

/** Resolves after `delayMs` by `clock`, or at once when `signal` aborts. Never rejects: abort is not an error. */
export const sleep = (clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal?.aborted) return resolve()
    const cancel = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    const onAbort = (): void => {
      cancel()
      resolve()
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })

/** Resolves when `signal` aborts. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })

/** Waits for `work`, but no longer than `timeoutMs`; what comes late goes on by itself. */
export const within = async (clock: Clock, timeoutMs: number, work: Promise<unknown>): Promise<'done' | 'late'> => {
  const ended = new AbortController()
  const result = await Promise.race([
    work.then(() => 'done' as const),
    sleep(clock, timeoutMs, ended.signal).then(() => 'late' as const),
  ])
  ended.abort()
  return result
}
