import { type Clock, within } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'

/** An agent that was told to stop does so within this time, or leaves as it is, ms. Tasks that end with it have time of their own. */
export const STOP_TIMEOUT_MS = 5_000

export type StopOptions = {
  readonly clock: Clock
  readonly logger: Logger
  readonly timeoutMs: number
  readonly stop: () => Promise<void>
  /** Ends the process, whatever still holds it. */
  readonly leave: () => void
}

/** Stops in order, but for no longer than `timeoutMs`. */
export const stopWithin = async ({ clock, logger, timeoutMs, stop, leave }: StopOptions): Promise<void> => {
  if ((await within(clock, timeoutMs, stop())) === 'done') return
  logger.error({ timeoutMs }, 'the agent did not stop in time and leaves as it is')
  leave()
}
