import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lastLines } from '../../../src/cli/last-lines.ts'

const last = (text: string, count: number): string => Buffer.from(lastLines(Buffer.from(text), count)).toString('utf8')

describe('the last lines', () => {
  it.each([
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\n', 5, 'a\nb\n'],
    ['a\n\n\n', 2, '\n\n'],
    ['a', 1, 'a'],
    ['a\nb\n', 0, ''],
    ['', 3, ''],
  ])('of %j, %i of them, are %j', (text, count, expected) => {
    expect(last(text, count)).toBe(expected)
  })

  it('are the end of the text and as many as were asked for, or all', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{0,3}$/)), fc.integer({ min: 1, max: 6 }), (lines, count) => {
        const text = lines.map(line => `${line}\n`).join('')
        const expected = lines.slice(-count).map(line => `${line}\n`)
        expect(last(text, count)).toBe(expected.join(''))
      }),
      { numRuns: 50 },
    )
  })
})
