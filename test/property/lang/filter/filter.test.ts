import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFilter, type FilterFields } from '../../../../src/lang/filter/index.ts'

type Row = {
  readonly name: string
  readonly size: number
  readonly isOn: boolean
  readonly tags: readonly string[]
  readonly meta: ReadonlyMap<string, string>
}

const fields: FilterFields<Row> = {
  Name: { type: 'text', of: row => row.name },
  Size: { type: 'number', of: row => row.size },
  IsOn: { type: 'boolean', of: row => row.isOn },
  Tags: { type: 'texts', of: row => row.tags },
  Meta: { type: 'pairs', of: row => row.meta },
}

/** Few texts, so that rows and expressions meet. */
const text = fc.constantFrom('', 'a', 'b', 'ab', 'a b', '"', '\\', 'é', '`', 'not', '1')
const row: fc.Arbitrary<Row> = fc.record({
  name: text,
  size: fc.integer({ min: -2, max: 2 }),
  isOn: fc.boolean(),
  tags: fc.array(text, { maxLength: 3 }),
  meta: fc.array(fc.tuple(text, text), { maxLength: 3 }).map(pairs => new Map(pairs)),
})

/** An expression as it is written, with what it says of a row, found without the language. */
type Case = { readonly source: string; readonly holds: (row: Row) => boolean }

const quote = (value: string): string => JSON.stringify(value)
const space = fc.constantFrom(' ', '  ', '\n', '\t ')

const comparison: fc.Arbitrary<Case> = fc.oneof(
  fc.tuple(text, space).map(([t, s]) => ({ source: `Name${s}==${s}${quote(t)}`, holds: (r: Row) => r.name === t })),
  text.map(t => ({ source: `Name!=${quote(t)}`, holds: (r: Row) => r.name !== t })),
  text.map(t => ({ source: `Name contains ${quote(t)}`, holds: (r: Row) => r.name.includes(t) })),
  text.map(t => ({ source: `${quote(t)} not in name`, holds: (r: Row) => !r.name.includes(t) })),
  fc.constant({ source: 'Name matches "^a"', holds: (r: Row) => r.name.startsWith('a') }),
  fc.constant({ source: 'Name not matches `\\s`', holds: (r: Row) => !r.name.includes(' ') }),
  fc.constant({ source: 'NAME is empty', holds: (r: Row) => r.name === '' }),
  fc.integer({ min: -2, max: 2 }).map(n => ({ source: `Size == ${n}`, holds: (r: Row) => r.size === n })),
  fc.integer({ min: -2, max: 2 }).map(n => ({ source: `Size != "${n}.0"`, holds: (r: Row) => r.size !== n })),
  fc.boolean().map(b => ({ source: `IsOn == ${b}`, holds: (r: Row) => r.isOn === b })),
  text.map(t => ({ source: `Tags contains ${quote(t)}`, holds: (r: Row) => r.tags.includes(t) })),
  text.map(t => ({ source: `${quote(t)} in Tags`, holds: (r: Row) => r.tags.includes(t) })),
  fc.constant({ source: 'Tags is not empty', holds: (r: Row) => r.tags.length > 0 }),
  text.map(t => ({ source: `Meta not contains ${quote(t)}`, holds: (r: Row) => !r.meta.has(t) })),
  fc.tuple(text, text).map(([key, t]) => ({
    source: `Meta[${quote(key)}] == ${quote(t)}`,
    holds: (r: Row) => r.meta.get(key) === t,
  })),
  text.map(t => ({ source: `Meta.ab != ${quote(t)}`, holds: (r: Row) => r.meta.get('ab') !== t })),
  text.map(t => ({
    source: `"/Meta/ab" contains ${quote(t)}`,
    holds: (r: Row) => r.meta.get('ab')?.includes(t) === true,
  })),
  fc.constant({ source: 'Meta.a is empty', holds: (r: Row) => (r.meta.get('a') ?? '') === '' }),
)

/** `level` is how loosely the outermost operator binds: 0 what needs no parentheses anywhere, 1 `and`, 2 `or`. */
type Leveled = Case & { readonly level: 0 | 1 | 2 }

const within = (inner: Leveled, level: number): string => (inner.level > level ? `(${inner.source})` : inner.source)

const expression: fc.Arbitrary<Leveled> = fc.letrec<{ tree: Leveled }>(tie => ({
  tree: fc.oneof(
    { maxDepth: 5, depthSize: 'medium' },
    comparison.map(each => ({ ...each, level: 0 as const })),
    tie('tree').map(inner => ({
      source: `not ${within(inner, 0)}`,
      holds: (r: Row) => !inner.holds(r),
      level: 0 as const,
    })),
    fc.tuple(tie('tree'), tie('tree'), space).map(([left, right, s]) => ({
      source: `${within(left, 1)}${s}and${s}${within(right, 1)}`,
      holds: (r: Row) => left.holds(r) && right.holds(r),
      level: 1 as const,
    })),
    fc.tuple(tie('tree'), tie('tree'), space).map(([left, right, s]) => ({
      source: `${within(left, 2)}${s}or${s}${within(right, 2)}`,
      holds: (r: Row) => left.holds(r) || right.holds(r),
      level: 2 as const,
    })),
    tie('tree').map(inner => ({ ...inner, source: `( ${inner.source} )`, level: 0 as const })),
  ),
})).tree

const matching = (source: string, rows: readonly Row[]): readonly boolean[] => {
  const compiled = compileFilter(source, fields)
  if (!compiled.ok) throw new Error(`${source}: ${compiled.error.message} at ${compiled.error.offset}`)
  return rows.map(compiled.filter.matches)
}

describe('a filter expression', () => {
  it('says of any row what its parts say, by precedence and parentheses', () => {
    fc.assert(
      fc.property(expression, fc.array(row, { minLength: 1, maxLength: 8 }), ({ source, holds }, rows) => {
        expect(matching(source, rows)).toEqual(rows.map(holds))
      }),
    )
  })

  it('obeys De Morgan', () => {
    fc.assert(
      fc.property(expression, expression, fc.array(row, { minLength: 1, maxLength: 8 }), (a, b, rows) => {
        const [left, right] = [`(${a.source})`, `(${b.source})`]
        expect(matching(`not (${left} and ${right})`, rows)).toEqual(matching(`not ${left} or not ${right}`, rows))
        expect(matching(`not (${left} or ${right})`, rows)).toEqual(matching(`not ${left} and not ${right}`, rows))
      }),
    )
  })

  it('compares with any text that is quoted', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), row, (value, each) => {
        expect(matching(`Name == ${quote(value)}`, [{ ...each, name: value }])).toEqual([true])
      }),
    )
  })

  it('that is broken is refused at a place inside of it, never by a crash', () => {
    const pieces = fc.constantFrom(
      'Name',
      'Meta',
      '.a',
      '["a"]',
      '==',
      '!=',
      ' in ',
      ' not ',
      'and',
      ' or ',
      '(',
      ')',
      '"a"',
    )
    const scraps = fc.array(fc.oneof(pieces, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 12 })
    fc.assert(
      fc.property(
        scraps.map(parts => parts.join('')),
        source => {
          const compiled = compileFilter(source, fields)
          if (compiled.ok) return
          expect(compiled.error.message).not.toBe('')
          expect(compiled.error.offset).toBeGreaterThanOrEqual(0)
          expect(compiled.error.offset).toBeLessThanOrEqual(source.length)
        },
      ),
    )
  })
})
