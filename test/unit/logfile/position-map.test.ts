import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPositionMap } from '../../../src/logfile/position-map.ts'

describe('a map of positions', () => {
  it('knows every place, and takes a hole for the place before it', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })), { maxLength: 40 })
    fc.assert(
      fc.property(steps, moves => {
        const map = createPositionMap()
        const places: (readonly [from: number, to: number])[] = []
        let [from, to] = [-1, -1]
        for (const [a, b] of moves) {
          from += a
          to += b
          map.add(from, to)
          places.push([from, to])
        }
        for (let position = -1; position <= from + 2; position++) {
          const wanted = places.findLast(([known]) => known <= position)?.[1] ?? -1
          expect([position, map.translate(position)]).toEqual([position, wanted])
        }
      }),
    )
  })
})
