import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { charactersOf } from '../../../../src/lang/hcl/characters.ts'
import { evaluate, renderDiagnostic } from '../../../../src/lang/hcl/index.ts'
import { referencesOf } from '../../../../src/lang/hcl/references.ts'
import { parseHcl, parseHclExpression } from '../../../../src/lang/hcl/scan.ts'
import type { Body } from '../../../../src/lang/hcl/syntax.ts'
import { scopeOf } from '../../../support/hcl.ts'
import { expressions, names, nowhere, texts } from '../../../support/hcl-arbitraries.ts'
import { escapeText, print } from '../../../support/hcl-print.ts'

const pieces = [
  'a',
  'job',
  '"',
  '"x"',
  '${',
  '%{',
  '}',
  '{',
  '[',
  ']',
  '(',
  ')',
  '=',
  '.',
  ',',
  ':',
  '?',
  '*',
  '...',
  '=>',
  '~',
  '\n',
  '\r\n',
  ' ',
  '#',
  '//',
  '/*',
  '*/',
  '<<E\n',
  '<<-E\n',
  'E\n',
  '1',
  '1.5',
  'for',
  'in',
  'if',
  'else',
  'endif',
  '-',
  '!',
  '&&',
  '$${',
  '\\',
  'é',
  '\u{1f600}',
  '\0',
  '\ud800',
  '\ufeff',
]

const scraps = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map(parts => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 60 }),
)

/** The tree without places. */
const withoutRanges = (tree: unknown): unknown =>
  JSON.parse(
    JSON.stringify(tree, (key, value: unknown) => {
      if (key === 'range' || key === 'nameRange') return undefined
      return typeof value === 'bigint' ? `${value}n` : value
    }),
  )

/** A document with everything that should be found in it. */
const documents = fc
  .array(
    fc.record({
      name: names,
      labels: fc.array(texts, { maxLength: 2 }),
      value: texts,
      inner: names,
      comment: fc.constantFrom('', ' # ü', ' /* 👩‍👩‍👧 */'),
    }),
    { maxLength: 5 },
  )
  .map(items => items.map((item, index) => ({ ...item, name: `${item.name}${index}` })))

describe('parseHcl', () => {
  it('never throws, whatever it is given, and every finding can be shown', () => {
    fc.assert(
      fc.property(scraps, source => {
        const { diagnostics, body } = parseHcl(source, 'x.hcl')
        for (const diagnostic of diagnostics) {
          expect(renderDiagnostic(source, 'x.hcl', diagnostic)).toContain('^')
          expect(diagnostic.range.end.byte).toBeGreaterThanOrEqual(diagnostic.range.start.byte)
        }
        for (const attribute of body.attributes) evaluate(attribute.expression, scopeOf())
      }),
      { numRuns: 600 },
    )
  })

  it('reads an expression back to the tree that was printed', () => {
    fc.assert(
      fc.property(expressions, tree => {
        const text = print(tree)
        const { expression, diagnostics } = parseHclExpression(text)
        expect(diagnostics).toEqual([])
        expect(withoutRanges(expression)).toEqual(withoutRanges(tree))
      }),
      { numRuns: 400 },
    )
  })

  it('evaluates and lists the references of any expression without throwing', () => {
    fc.assert(
      fc.property(expressions, tree => {
        const { value, diagnostics } = evaluate(tree, scopeOf({ a: 1, b: ['x'], c: 'y' }))
        expect(value !== undefined && diagnostics.every(d => d.detail.length > 0 && d.range === nowhere)).toBe(true)
        expect(Array.isArray(referencesOf(tree))).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  it('points at the text of every name, label and value', () => {
    fc.assert(
      fc.property(documents, items => {
        const source = items
          .map(
            i =>
              `${i.name} ${i.labels.map(l => `"${escapeText(l)}"`).join(' ')} {${i.comment}\n  ${i.inner} = "${escapeText(i.value)}"${i.comment}\n}\n`,
          )
          .join('\n')
        const { body, diagnostics } = parseHcl(source, 'x.hcl')
        expect(diagnostics).toEqual([])
        expectPlaces(source, body)
        expect(body.blocks.map(b => [b.type, b.labels.map(l => l.value)])).toEqual(items.map(i => [i.name, i.labels]))
      }),
      { numRuns: 200 },
    )
  })
})

const expectPlaces = (source: string, body: Body): void => {
  const bytes = Buffer.from(source)
  const lines = source.split('\n')
  const at = (range: { start: { byte: number }; end: { byte: number } }) =>
    bytes.subarray(range.start.byte, range.end.byte).toString()
  for (const attribute of body.attributes) {
    expect(at(attribute.nameRange)).toBe(attribute.name)
    const { line, column } = attribute.nameRange.start
    const behind = charactersOf(lines[line - 1] ?? '')
      .slice(column - 1)
      .join('')
    expect(behind.startsWith(attribute.name)).toBe(true)
    expect(parseHclExpression(at(attribute.expression.range)).diagnostics).toEqual([])
  }
  for (const block of body.blocks) {
    expect(at(block.typeRange)).toBe(block.type)
    for (const label of block.labels) expect(at(label.range)).toBe(`"${escapeText(label.value)}"`)
    expect(at(block.range).endsWith('}')).toBe(true)
    expectPlaces(source, block.body)
  }
}
