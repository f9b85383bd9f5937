export type Limiter = <T>(run: () => Promise<T>) => Promise<T>

/** Lets at most `limit` run at the same time; the others wait for their turn, in order. */
export const createLimiter = (limit: number): Limiter => {
  const waiting = new Set<() => void>()
  let runningCount = 0
  const next = (): void => {
    runningCount -= 1
    for (const begin of waiting) {
      waiting.delete(begin)
      begin()
      return
    }
  }
  return async run => {
    if (runningCount >= limit) await new Promise<void>(resolve => waiting.add(resolve))
    runningCount += 1
    try {
      return await run()
    } finally {
      next()
    }
  }
}
