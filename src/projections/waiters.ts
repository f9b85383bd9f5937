import type { Clock } from '../platform/clock.ts'
import { AppError } from '../platform/errors.ts'

/** Readers that may wait for a position at once. */
export const MAX_WAITERS = 10_000

type Waiter = { readonly position: number; readonly resolve: () => void }

/** Readers of their own writes: each waits until the view has a position, for a bounded time. */
export const createWaiters = (clock: Clock, start: number) => {
  const waiting = new Set<Waiter>()
  let reached = start
  return {
    position: (): number => reached,
    settle: (position: number): void => {
      reached = Math.max(reached, position)
      for (const waiter of waiting) {
        if (waiter.position > reached) continue
        waiting.delete(waiter)
        waiter.resolve()
      }
    },
    waitFor: (position: number, timeoutMs: number): Promise<void> => {
      if (position <= reached) return Promise.resolve()
      if (waiting.size >= MAX_WAITERS) {
        const message = `cannot wait for position ${position}: ${MAX_WAITERS} readers wait already`
        return Promise.reject(new AppError('OVERLOADED', message, { hint: 'try again in a moment' }))
      }
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          position,
          resolve: () => {
            cancel()
            resolve()
          },
        }
        const cancel = clock.after(timeoutMs, () => {
          waiting.delete(waiter)
          const message = `the view stands at position ${reached}; position ${position} did not come within ${timeoutMs} ms`
          reject(new AppError('VIEW_LAGGING', message, { hint: 'try again, or ask without `after`' }))
        })
        waiting.add(waiter)
      })
    },
  }
}
