import { type Clock, MAX_TIMER_MS, within } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'

/** An agent that was told to stop does so within this time, or leaves as it is, ms. Tasks that end with it have time of their own. */
export const STOP_TIMEOUT_MS = 5_000

export type StopOptions = {
  readonly clock: Clock
  readonly logger: Logger
  readonly timeoutMs: number
  readonly stop: () => Promise<unknown>
  /** Ends the process, whatever still holds it. */
  readonly leave: () => void
}

/** Ends this process at once. Not by `process.exit`, which waits for threads, such as one that a file system keeps waiting. */
export const leave = (): void => {
  process.kill(process.pid, 'SIGKILL')
}

/** Stops in order, but for no longer than `timeoutMs`; so long, too, may what is left of the agent keep the process afterwards. */
export const stopWithin = async ({ clock, logger, timeoutMs, stop, ...options }: StopOptions): Promise<void> => {
  const leaveAsIs = (): void => {
    logger.error({ timeoutMs }, 'the agent did not stop in time and leaves as it is')
    options.leave()
  }
  if ((await within(clock, timeoutMs, stop())) === 'late') leaveAsIs()
  // The clock's timers keep no process: where this one fires, something else does.
  else clock.after(timeoutMs, leaveAsIs)
}

/** Does `work` to its end: by itself Node ends a process, with 0, that waits for nothing but timers which keep none. */
export const whileAwake = async <T>(work: () => Promise<T>): Promise<T> => {
  const timer = setInterval(() => undefined, MAX_TIMER_MS)
  try {
    return await work()
  } finally {
    clearInterval(timer)
  }
}
