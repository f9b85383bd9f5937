/**
 * A bounded map that forgets the least recently used half at a time. Forgetting one entry with each new one would make
 * the underlying map slow, since it keeps the places of what was deleted at its front.
 */
export type Generations<V> = {
  readonly get: (key: string) => V | undefined
  readonly set: (key: string, value: V) => void
}

/** Remembers at most `limit` entries, and at least the half of `limit` that was used last. */
export const createGenerations = <V>(limit: number): Generations<V> => {
  let newer = new Map<string, V>()
  let older = new Map<string, V>()
  const set = (key: string, value: V): void => {
    if (newer.size >= limit / 2) {
      older = newer
      newer = new Map()
    }
    newer.set(key, value)
  }
  return {
    set,
    get: key => {
      const recent = newer.get(key)
      if (recent !== undefined) return recent
      const value = older.get(key)
      if (value !== undefined) set(key, value)
      return value
    },
  }
}
