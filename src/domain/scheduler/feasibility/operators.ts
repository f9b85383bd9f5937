import { compileRegex } from '../../../lang/regex/index.ts'
import type { ConstraintOperator } from '../../jobspec/schema.ts'
import { parseVersionRange, type VersionStyle } from './version.ts'

/** Decides one operator over the two sides' values; undefined = the node has no such value. */
export type OperatorTest = (left: string | undefined, right: string | undefined) => boolean

const integer = /^[+-]?\d+$/
const float = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

const orderOfIntegers = (a: string, b: string): number => {
  const difference = BigInt(a.replace('+', '')) - BigInt(b.replace('+', ''))
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** Both integers: as integers; both floats: as floats; else as texts. */
export const orderOfTexts = (a: string, b: string): number => {
  if (integer.test(a) && integer.test(b)) return orderOfIntegers(a, b)
  if (float.test(a) && float.test(b)) return Math.sign(Number(a) - Number(b))
  return a < b ? -1 : a > b ? 1 : 0
}

const bothSet =
  (test: (left: string, right: string) => boolean): OperatorTest =>
  (left, right) =>
    left !== undefined && right !== undefined && test(left, right)

const listOf = (text: string): readonly string[] => text.split(',').map(item => item.trim())

/** Remembers what a text on the right was compiled to: a constraint's right side is nearly always one literal. */
const withCompiledRight = <T>(
  compile: (right: string) => T | null,
  test: (compiled: T, left: string) => boolean,
): OperatorTest => {
  let known: { readonly right: string; readonly compiled: T | null } | null = null
  return bothSet((left, right) => {
    if (known === null || known.right !== right) known = { right, compiled: compile(right) }
    return known.compiled !== null && test(known.compiled, left)
  })
}

const rangeTest = (style: VersionStyle): OperatorTest =>
  withCompiledRight(
    right => parseVersionRange(right, style),
    (isInRange, left) => isInRange(left),
  )

const patternTest = (): OperatorTest =>
  withCompiledRight(
    right => {
      const compiled = compileRegex(right)
      return compiled.ok ? compiled.regex : null
    },
    (regex, left) => regex.test(left),
  )

const containsAll = bothSet((left, right) => {
  const held = new Set(listOf(left))
  return listOf(right).every(item => held.has(item))
})
const containsAny = bothSet((left, right) => {
  const held = new Set(listOf(left))
  return listOf(right).some(item => held.has(item))
})
const always: OperatorTest = () => true

/** The test of every operator. The distinct ones look at other allocations and have checks of their own. */
export const operatorTests: Readonly<Record<ConstraintOperator, () => OperatorTest>> = {
  '=': () => bothSet((left, right) => left === right),
  // True where one side alone is missing, false where both are.
  '!=': () => (left, right) => left !== right,
  '>': () => bothSet((left, right) => orderOfTexts(left, right) > 0),
  '>=': () => bothSet((left, right) => orderOfTexts(left, right) >= 0),
  '<': () => bothSet((left, right) => orderOfTexts(left, right) < 0),
  '<=': () => bothSet((left, right) => orderOfTexts(left, right) <= 0),
  regexp: patternTest,
  version: () => rangeTest('version'),
  semver: () => rangeTest('semver'),
  set_contains: () => containsAll,
  set_contains_all: () => containsAll,
  set_contains_any: () => containsAny,
  is_set: () => left => left !== undefined,
  is_not_set: () => left => left === undefined,
  distinct_hosts: () => always,
  distinct_property: () => always,
}
