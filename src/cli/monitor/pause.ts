import { type Clock, sleep } from '../../platform/clock.ts'

/** Waits, by the clock, with the process kept running: a clock's timers never do that by themselves. */
export const pauseAlive = async (clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> => {
  const anchor = setInterval(() => undefined, delayMs)
  try {
    await sleep(clock, delayMs, signal)
  } finally {
    clearInterval(anchor)
  }
}
