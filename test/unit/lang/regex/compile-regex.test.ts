import { describe, expect, it } from 'vitest'
import { compileRegex, MAX_PATTERN_LENGTH, type Regex } from '../../../../src/lang/regex/index.ts'

const regexOf = (pattern: string): Regex => {
  const compiled = compileRegex(pattern)
  if (!compiled.ok) throw new Error(compiled.message)
  return compiled.regex
}

describe('compileRegex', () => {
  it.each([
    ['a.c', 'xabcx', true],
    ['^a.c$', 'xabcx', false],
    ['(?i)ABC', 'abc', true],
    ['^\\pL+$', 'élan', true],
    ['[[:digit:]]{2}', 'a12', true],
  ])('%s finds in %s: %s', (pattern, text, expected) => {
    expect(regexOf(pattern).test(text)).toBe(expected)
  })

  it.each([
    ['(a', 'missing closing )'],
    ['a**', 'nested repetition'],
    ['(?=a)', 'Perl syntax'],
    ['\\1', 'escape sequence'],
    ['a{9999}', 'repeat count'],
  ])('refuses %s and says why', (pattern, reason) => {
    const compiled = compileRegex(pattern)
    expect(compiled.ok ? '' : compiled.message).toContain(reason)
  })

  it('takes patterns up to MAX_PATTERN_LENGTH', () => {
    const accepted = [-1, 0, 1].map(more => compileRegex('a'.repeat(MAX_PATTERN_LENGTH + more)).ok)
    expect(accepted).toEqual([true, true, false])
  })

  it('matches in linear time what makes backtracking explode', () => {
    const startedAt = performance.now()
    expect(regexOf('(a*)*(a|aa)+$').test(`${'a'.repeat(20_000)}b`)).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })

  it('gives groups and places of a match', () => {
    expect(regexOf('(?P<k>\\w+)=(\\d+)?').find('  a=1')).toEqual({ start: 2, end: 5, groups: ['a=1', 'a', '1'] })
    expect(regexOf('x(y)?').find('x')).toEqual({ start: 0, end: 1, groups: ['x', undefined] })
    expect(regexOf('x').find('y')).toBeUndefined()
  })

  it.each([
    ['a(.)', 'abac', '<$1>', '<b><c>'],
    ['(?P<x>a)', 'a', '${x}1 $x1 $$', 'a1  $'],
    ['b*', 'abc', 'X', 'XaXcX'],
    ['a', 'a', '$', '$'],
    ['a', 'a', '$9', ''],
  ])('%s in %s replaced by %s is %s', (pattern, text, replacement, expected) => {
    expect(regexOf(pattern).replaceAll(text, replacement)).toBe(expected)
  })

  it('replaces literally where asked to', () => {
    expect(regexOf('a').replaceAllLiteral('aba', '$1')).toBe('$1b$1')
  })

  it('splits at matches', () => {
    expect(regexOf(',\\s*').split('a, b,c')).toEqual(['a', 'b', 'c'])
    expect(regexOf('').split('abc')).toEqual(['a', 'b', 'c'])
  })
})
