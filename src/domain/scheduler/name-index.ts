/** The indexes of one group's allocations that are in use; new ones take the lowest that is free. */
export type NameIndex = {
  /** Takes `index` if it is free and one of the first `count`, else the lowest free one. */
  readonly take: (index: number | null) => number
}

export const createNameIndex = (used: Iterable<number>, count: number): NameIndex => {
  const taken = new Set(used)
  let lowest = 0
  return {
    take: index => {
      if (index !== null && index < count && !taken.has(index)) {
        taken.add(index)
        return index
      }
      while (taken.has(lowest)) lowest += 1
      taken.add(lowest)
      return lowest
    },
  }
}
