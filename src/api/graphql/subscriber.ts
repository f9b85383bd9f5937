import type { Clock } from '../../platform/clock.ts'
import { AppError } from '../../platform/errors.ts'
import { MAX_STALL_MS, MAX_WAITING_BYTES, MAX_WAITING_CHANGES } from './limits.ts'

/** Hands a text to the connection and says when the network has taken it. */
export type Send = (text: string, taken: () => void) => void

/**
 * What waits in memory for one subscriber. Frames are sent while no more waits than the limits allow; then nothing more is
 * read for it, and when its connection takes nothing for MAX_STALL_MS it is given up.
 */
export const createOutlet = (clock: Clock, send: Send) => {
  let waitingChanges = 0
  let waitingBytes = 0
  let wake: () => void = () => {}

  const hasRoom = (): boolean => waitingChanges < MAX_WAITING_CHANGES && waitingBytes < MAX_WAITING_BYTES

  /** Resolves with false when the connection took nothing for too long. */
  const untilTaken = (signal: AbortSignal): Promise<boolean> =>
    new Promise(resolve => {
      const finish = (wasTaken: boolean) => (): void => {
        cancel()
        signal.removeEventListener('abort', aborted)
        wake = () => {}
        resolve(wasTaken)
      }
      const aborted = finish(true)
      const cancel = clock.after(MAX_STALL_MS, finish(false))
      wake = finish(true)
      signal.addEventListener('abort', aborted, { once: true })
    })

  return {
    /** How much waits now. */
    waiting: () => ({ changes: waitingChanges, bytes: waitingBytes }),
    push: (text: string, count: number): void => {
      const bytes = Buffer.byteLength(text)
      waitingChanges += count
      waitingBytes += bytes
      send(text, () => {
        waitingChanges -= count
        waitingBytes -= bytes
        wake()
      })
    },
    /** Resolves when there is room for another frame. Throws OVERLOADED when the connection takes nothing for too long. */
    room: async (signal: AbortSignal): Promise<void> => {
      while (!hasRoom() && !signal.aborted) {
        if (await untilTaken(signal)) continue
        const message = `the connection took nothing for ${MAX_STALL_MS} ms while ${waitingChanges} changes (${waitingBytes} bytes) wait for it`
        throw new AppError('OVERLOADED', message, { hint: 'subscribe again with `after` set to `resumeAfter`' })
      }
    },
  }
}

export type Outlet = ReturnType<typeof createOutlet>
