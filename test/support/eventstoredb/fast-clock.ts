import { type Clock, systemClock } from '../../../src/platform/clock.ts'

/** A clock whose time passes `factor` times as fast, for tests that wait for deadlines and pauses. */
export const fastClock = (factor: number): Clock => ({
  now: systemClock.now,
  monotonicMs: () => systemClock.monotonicMs() * factor,
  after: (delayMs, run) => systemClock.after(delayMs / factor, run),
})
