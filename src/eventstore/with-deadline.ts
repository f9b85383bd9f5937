import type { Clock } from '../platform/clock.ts'
import { AppError } from '../platform/errors.ts'
import type { EventStore } from './port.ts'

/** How long an append is waited for, ms. */
export const APPEND_TIMEOUT_MS = 5_000

/**
 * A store whose appends are answered in time, whatever its disk does: one that takes longer may still take effect, so its
 * outcome is unknown, and whoever asked appends the same again or reads (I6).
 */
export const withDeadline = (store: EventStore, clock: Clock): EventStore => {
  const inTime = <T>(what: string, work: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const cancel = clock.after(APPEND_TIMEOUT_MS, () => {
        const message = `${what} was not answered within ${APPEND_TIMEOUT_MS} ms and may still be carried out`
        const hint = 'look whether it happened before asking again; if it lasts, look at the disk of the log'
        reject(new AppError('STORE_OUTCOME_UNKNOWN', message, { hint }))
      })
      work.finally(cancel).then(resolve, reject)
    })
  return {
    ...store,
    append: (stream, expected, events) => inTime(`an append to ${stream}`, store.append(stream, expected, events)),
    appendBatch: appends => inTime(`a batch of ${appends.length} appends`, store.appendBatch(appends)),
  }
}
