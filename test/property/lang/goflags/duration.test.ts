import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatGoDuration, parseGoDuration } from '../../../../src/lang/goflags/index.ts'

it('reads back every whole millisecond that it prints', () => {
  fc.assert(
    fc.property(fc.integer({ min: -9_000_000_000_000, max: 9_000_000_000_000 }), ms => {
      expect(parseGoDuration(formatGoDuration(ms))).toBe(ms)
    }),
    { numRuns: 500 },
  )
})

it('adds up the terms of a duration, in whatever order they stand', () => {
  const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
  const term = fc.tuple(fc.nat(10_000), fc.constantFrom('ms', 's', 'm', 'h'))
  fc.assert(
    fc.property(fc.array(term, { minLength: 1, maxLength: 6 }), terms => {
      const text = terms.map(([count, unit]) => `${count}${unit}`).join('')
      const sum = terms.reduce((total, [count, unit]) => total + count * units[unit], 0)
      expect(parseGoDuration(text)).toBe(sum)
    }),
    { numRuns: 300 },
  )
})

it('answers null or a finite number for any text at all', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('0', '1', '9', '.', 'h', 'm', 's', 'n', 'u', 'µ', '-', '+', ' ') }),
      text => {
        const ms = parseGoDuration(text)
        expect(ms === null || Number.isFinite(ms)).toBe(true)
      },
    ),
    { numRuns: 500 },
  )
})
