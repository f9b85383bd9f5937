import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  areEqual,
  convertToType,
  decodeJson,
  encodeJson,
  parseTypeExpression,
  type Value,
} from '../../../../src/lang/hcl/index.ts'
import { normalizeInteger } from '../../../../src/lang/hcl/number-literal.ts'
import { parseHclExpression } from '../../../../src/lang/hcl/scan.ts'
import { editDistance } from '../../../../src/lang/hcl/suggest.ts'
import { evaluateText, valueOf } from '../../../support/hcl.ts'
import { names, texts } from '../../../support/hcl-arbitraries.ts'
import { escapeText } from '../../../support/hcl-print.ts'

const resultOf = (text: string, variables: Readonly<Record<string, Value>> = {}): Value => {
  const { value, diagnostics } = evaluateText(text, variables)
  expect(diagnostics).toEqual([])
  return value
}

const integers = fc.oneof(fc.integer(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 90n }))

const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom<Value>(null, true, false),
    integers,
    fc.integer({ min: -99_999, max: 99_999 }).map(n => n / 8),
    texts,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(texts, fc.constant('__proto__')), tie('value'), { maxKeys: 3 }).map(valueOf),
  ),
})).value

describe('the evaluator', () => {
  it('gives back any text that is written escaped', () => {
    fc.assert(
      fc.property(texts, text => {
        expect(resultOf(`"${escapeText(text)}"`)).toBe(text)
      }),
    )
  })

  it('gives back any text of a heredoc', () => {
    fc.assert(
      fc.property(texts, text => {
        const written = text.replace(/([$%])\{/g, '$1$1{')
        expect(resultOf(`<<END_OF_IT\n${written}\nEND_OF_IT\n`)).toBe(`${text}\n`)
      }),
    )
  })

  it('puts text around a reference that is known later without touching either', () => {
    fc.assert(
      fc.property(texts, fc.array(names, { minLength: 1, maxLength: 3 }), texts, (before, path, after) => {
        const reference = `\${node.${path.join('.')}}`
        const text = `"${escapeText(before).replace(/[$%]+$/, '')}${reference}${escapeText(after)}"`
        expect(resultOf(text)).toBe(`${before.replace(/[$%]+$/, '')}${reference}${after}`)
      }),
    )
  })

  it('calculates with whole numbers exactly, at any size', () => {
    fc.assert(
      fc.property(integers, integers, (a, b) => {
        const [x, y] = [BigInt(a), BigInt(b)]
        expect(resultOf('a + b', { a, b })).toBe(normalizeInteger(x + y))
        expect(resultOf('a - b', { a, b })).toBe(normalizeInteger(x - y))
        expect(resultOf('a * b', { a, b })).toBe(normalizeInteger(x * y))
        expect(resultOf('a < b', { a, b })).toBe(x < y)
        expect(resultOf('a == b', { a, b })).toBe(x === y)
        if (y !== 0n) expect(resultOf('a * b / b == a && (a % b) + b * ((a - a % b) / b) == a', { a, b })).toBe(true)
      }),
    )
  })

  it('finds every value equal to itself and to its copy', () => {
    fc.assert(
      fc.property(values, v => {
        expect(resultOf('v == v && contains([v], v)', { v })).toBe(true)
      }),
    )
  })

  it('decodes the JSON that it encodes, which other readers read too', () => {
    fc.assert(
      fc.property(values, v => {
        const json = encodeJson(v)
        if (!json.ok) throw new Error(json.message)
        const decoded = decodeJson(json.value)
        expect(decoded.ok && areEqual(decoded.value, v)).toBe(true)
        expect(typeof JSON.stringify(JSON.parse(json.value))).toBe('string')
      }),
    )
  })

  it('accepts exactly the JSON that the platform accepts', () => {
    const scraps = fc.array(
      fc.constantFrom(
        '[',
        ']',
        '{',
        '}',
        ',',
        ':',
        '"a"',
        '1',
        '-',
        '0',
        '.5',
        'e3',
        'true',
        'nul',
        ' ',
        '\n',
        '"\\u00e9"',
        '"\\x"',
        '"',
      ),
      { maxLength: 7 },
    )
    fc.assert(
      fc.property(scraps, parts => {
        const text = parts.join('')
        const platform = (() => {
          try {
            JSON.parse(text)
            return true
          } catch {
            return false
          }
        })()
        expect(decodeJson(text).ok).toBe(platform)
      }),
      { numRuns: 500 },
    )
  })

  it('joins what it split, merges to the right, and sorts once and for all', () => {
    fc.assert(
      fc.property(
        texts,
        fc.array(names),
        fc.dictionary(names, fc.nat()),
        fc.dictionary(names, fc.nat()),
        (t, list, a, b) => {
          const variables: Readonly<Record<string, Value>> = { t, list, a: valueOf(a), b: valueOf(b) }
          expect(resultOf('join(" ", split(" ", t)) == t', variables)).toBe(true)
          expect(resultOf('merge(a, b)', variables)).toEqual(valueOf({ ...a, ...b }))
          expect(resultOf('sort(sort(list)) == sort(list) && sort(reverse(list)) == sort(list)', variables)).toBe(true)
          expect(resultOf('zipmap(keys(a), values(a)) == a', variables)).toBe(true)
          expect(resultOf('distinct(concat(list, list)) == distinct(list)', variables)).toBe(true)
          expect(resultOf('[for k, v in a : k] == keys(a) && {for k, v in a : k => v} == a', variables)).toBe(true)
        },
      ),
    )
  })

  it('converts to a type once and for all', () => {
    const types = [
      'string',
      'number',
      'list(string)',
      'set(string)',
      'map(string)',
      'list(any)',
      'object({a = optional(string, "x")})',
    ]
    fc.assert(
      fc.property(values, fc.constantFrom(...types), (value, text) => {
        const parsed = parseTypeExpression(parseHclExpression(text).expression)
        if (!parsed.ok) throw new Error(text)
        const once = convertToType(value, parsed.type)
        if (once.ok) expect(convertToType(once.value, parsed.type)).toEqual(once)
        else expect(once.message.length).toBeGreaterThan(0)
      }),
      { numRuns: 300 },
    )
  })

  it('measures the distance of words as a metric does', () => {
    const words = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 })
    fc.assert(
      fc.property(words, words, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a === b)
        expect(editDistance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
      }),
    )
  })
})
