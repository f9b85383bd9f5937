import { describe, expect, it } from 'vitest'
import { evaluate } from '../../../../src/lang/hcl/evaluate.ts'
import * as limits from '../../../../src/lang/hcl/limits.ts'
import { parseHcl, parseHclExpression } from '../../../../src/lang/hcl/scan.ts'
import { createBudget } from '../../../../src/lang/hcl/scope.ts'
import { evaluateText, scopeOf } from '../../../support/hcl.ts'

const summariesOf = (source: string): string[] => parseHcl(source, 'test.hcl').diagnostics.map(d => d.summary)
const faultsOf = (text: string): string[] => evaluateText(text).diagnostics.map(d => d.summary)

describe('limits of a source', () => {
  it.each([
    [-1, []],
    [0, []],
    [1, ['Source too large']],
  ])('a source of MAX_SOURCE_BYTES %+d bytes is judged rightly', (more, expected) => {
    const source = `# ${'ä'.repeat(8)}${'x'.repeat(limits.MAX_SOURCE_BYTES - 18 + more)}`
    expect(Buffer.byteLength(source)).toBe(limits.MAX_SOURCE_BYTES + more)
    expect(summariesOf(source)).toEqual(expected)
  })

  it.each([
    ['lists', (n: number) => `a = ${'['.repeat(n - 1)}1${']'.repeat(n - 1)}`],
    ['blocks', (n: number) => `${'b {\n'.repeat(n - 1)}a = 1\n${'}\n'.repeat(n - 1)}`],
  ])('%s may be nested MAX_NESTING_DEPTH deep and no deeper', (_, nest) => {
    expect(summariesOf(nest(limits.MAX_NESTING_DEPTH - 1))).toEqual([])
    expect(summariesOf(nest(limits.MAX_NESTING_DEPTH))).toEqual([])
    expect(summariesOf(nest(limits.MAX_NESTING_DEPTH + 1))).toContain('Nested too deep')
  })

  it.each(['(', '[', '{a=', '"${', '!', '-', 'f(', 'x[', 'a ? b : ', '"%{ if x }', 'x[*]'])(
    '%j a hundred thousand times is a finding and no overflow',
    piece => {
      const { diagnostics } = parseHclExpression(piece.repeat(100_000))
      expect(diagnostics.length).toBeGreaterThan(0)
    },
  )

  it.each(['x + ', 'x.y.', 'x && '])('a chain of %j stops at MAX_EXPRESSION_HEIGHT', piece => {
    const chain = (count: number) => parseHclExpression(`${piece.repeat(count)}z`).diagnostics.map(d => d.summary)
    expect(chain(limits.MAX_EXPRESSION_HEIGHT / 2 - 1)).toEqual([])
    expect(chain(limits.MAX_EXPRESSION_HEIGHT + 1)).toEqual(['Expression too long'])
  })

  it('a file reports at most MAX_DIAGNOSTICS findings', () => {
    const broken = (count: number) => summariesOf('a = \n'.repeat(count).replaceAll(/a/g, () => 'b ]')).length
    expect(broken(limits.MAX_DIAGNOSTICS - 1)).toBe(limits.MAX_DIAGNOSTICS - 1)
    expect(broken(limits.MAX_DIAGNOSTICS)).toBe(limits.MAX_DIAGNOSTICS)
    expect(broken(limits.MAX_DIAGNOSTICS + 1)).toBe(limits.MAX_DIAGNOSTICS)
  })

  it('a number may have MAX_NUMBER_DIGITS digits', () => {
    const digits = (count: number) => parseHclExpression('9'.repeat(count)).diagnostics.length
    expect([-1, 0, 1].map(more => digits(limits.MAX_NUMBER_DIGITS + more))).toEqual([0, 0, 1])
  })
})

describe('limits of an evaluation', () => {
  it('range yields at most MAX_GENERATED_ELEMENTS numbers', () => {
    const faults = [-1, 0, 1].map(more => faultsOf(`range(${limits.MAX_GENERATED_ELEMENTS + more})`).length)
    expect(faults).toEqual([0, 0, 1])
  })

  it('nested loops end at MAX_EVALUATION_STEPS with one finding', () => {
    expect(faultsOf('[for a in range(100) : [for b in range(100) : a]]')).toEqual([])
    expect(faultsOf('[for a in range(1000) : [for b in range(1000) : a]]')).toEqual(['Evaluation takes too long'])
  })

  it('evaluations that share a budget end together at MAX_SHARED_STEPS, with one finding', () => {
    const scope = { ...scopeOf(), budget: createBudget() }
    const { expression } = parseHclExpression('[for a in range(1000) : [for b in range(100) : a]]')
    const findings = Array.from({ length: 12 }, () =>
      evaluate(expression, scope).diagnostics.map(d => d.summary),
    ).flat()
    expect(limits.MAX_SHARED_STEPS - scope.budget.stepsLeft).toBe(limits.MAX_SHARED_STEPS + 1)
    expect(findings).toEqual(['Evaluation takes too long'])
  })

  it('a string may have MAX_STRING_LENGTH characters', () => {
    const lengths = [-1, 0, 1].map(more => {
      const half = 'x'.repeat(limits.MAX_STRING_LENGTH / 2)
      const rest = 'x'.repeat(limits.MAX_STRING_LENGTH / 2 + more)
      return evaluateText('"${a}${b}"', { a: half, b: rest }).diagnostics.map(d => d.summary)
    })
    expect(lengths).toEqual([[], [], ['String too long']])
  })

  it('a value may nest MAX_VALUE_DEPTH deep', () => {
    const deep = (depth: number) => evaluateText(`jsondecode("${'['.repeat(depth)}${']'.repeat(depth)}")`)
    expect(deep(limits.MAX_VALUE_DEPTH).diagnostics).toEqual([])
    expect(deep(limits.MAX_VALUE_DEPTH + 1).diagnostics.map(d => d.summary)).toEqual(['Error in function call'])
  })

  it('a value that doubles with every reference stops at MAX_VALUE_SIZE', () => {
    let value: ReturnType<typeof evaluateText>['value'] = ['x']
    let findings: string[] = []
    for (let round = 0; round < 40 && findings.length === 0; round += 1) {
      const result = evaluateText('[v, v]', { v: value })
      findings = result.diagnostics.map(d => d.summary)
      value = result.value
    }
    expect(findings).toEqual(['Value too large'])
  })
})
