import type { Position } from '../eventstore/port.ts'

/**
 * Where the events of one store stand in another. Both orders are the same, so a position between two events is given the
 * place of the one before it, and comparisons come out as they did. Stretches that run side by side are kept as one: a log
 * without holes takes a handful of numbers, one whose every event moves another way three numbers for each.
 */
export type PositionMap = {
  /** Notes the next event: both positions are beyond all noted before. */
  readonly add: (from: Position, to: Position) => void
  /** The place of the newest event at or before `position`, -1 if there is none. */
  readonly translate: (position: Position) => Position
}

export const createPositionMap = (): PositionMap => {
  const froms: Position[] = []
  const tos: Position[] = []
  const counts: number[] = []

  /** The last stretch that begins at or before `position`. */
  const stretchOf = (position: Position): number => {
    let low = 0
    let high = froms.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((froms[middle] ?? Infinity) > position) high = middle
      else low = middle + 1
    }
    return low - 1
  }

  return {
    add: (from, to) => {
      const last = froms.length - 1
      const count = counts[last] ?? 0
      if (last >= 0 && froms[last] === from - count && tos[last] === to - count) {
        counts[last] = count + 1
        return
      }
      froms.push(from)
      tos.push(to)
      counts.push(1)
    },
    translate: position => {
      const stretch = stretchOf(position)
      const [from, to, count] = [froms[stretch], tos[stretch], counts[stretch]]
      if (from === undefined || to === undefined || count === undefined) return -1
      return to + Math.min(position - from, count - 1)
    },
  }
}
