import { AppError } from '../../platform/errors.ts'

/** Counts streams that are open, so that no more than `limit` are. */
export const createStreamCounter = (limit: number) => {
  let open = 0
  return {
    /** Takes a place; the answer gives it back, once. Throws OVERLOADED. */
    take: (): (() => void) => {
      if (open >= limit) {
        const message = `${limit} streams are open, which is the limit`
        throw new AppError('OVERLOADED', message, { hint: 'close some, or try again later' })
      }
      open += 1
      let isTaken = true
      return () => {
        if (isTaken) open -= 1
        isTaken = false
      }
    },
  }
}

export type StreamCounter = ReturnType<typeof createStreamCounter>
