import { describe, expect, it } from 'vitest'
import { convertToType, isSet, parseTypeExpression, renderType, UNKNOWN } from '../../../../src/lang/hcl/index.ts'
import { parseHclExpression } from '../../../../src/lang/hcl/scan.ts'
import { valueOf } from '../../../support/hcl.ts'

const typeOf = (text: string) => {
  const parsed = parseTypeExpression(parseHclExpression(text).expression)
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(d => d.detail).join())
  return parsed.type
}

const refusalOf = (value: unknown, type: string): string => {
  const converted = convertToType(valueOf(value), typeOf(type))
  return converted.ok ? 'accepted' : converted.message
}

describe('parseTypeExpression', () => {
  it.each([
    'string',
    'any',
    'list(string)',
    'set(number)',
    'map(list(bool))',
    'tuple([string, number])',
    'object({a = string, b = optional(number)})',
  ])('reads and renders %s', text => {
    expect(renderType(typeOf(text))).toBe(text)
  })

  it('reads collections without an element type, and quoted names', () => {
    expect(['list', 'map', '"string"'].map(text => renderType(typeOf(text)))).toEqual([
      'list(any)',
      'map(any)',
      'string',
    ])
  })

  it.each([
    ['strin', 'Did you mean "string"?'],
    ['lst(string)', 'Did you mean "list"?'],
    ['list()', 'one argument'],
    ['list(string, number)', 'one argument'],
    ['object(string)', 'object({'],
    ['tuple(string)', 'tuple(['],
    ['optional(string)', 'Only an attribute'],
    ['object({a = optional(string, 1, 2)})', 'optional(type, default)'],
    ['object({a = optional(string, x)})', 'no variable named "x"'],
    ['5', 'A type is one of'],
  ])('refuses %s', (text, reason) => {
    const parsed = parseTypeExpression(parseHclExpression(text).expression)
    const said = parsed.ok ? '' : `${parsed.diagnostics[0]?.detail} ${parsed.diagnostics[0]?.hint}`
    expect(said).toContain(reason)
  })
})

describe('convertToType', () => {
  it.each([
    [5, 'string', '5'],
    ['5', 'number', 5],
    ['true', 'bool', true],
    [null, 'string', null],
    [[1, '2'], 'list(string)', ['1', '2']],
    [{ a: 1 }, 'map(string)', { a: '1' }],
    [['x', 1], 'tuple([string, string])', ['x', '1']],
    [{ a: 1, c: 2 }, 'object({a = string, b = optional(number, 3)})', { a: '1', b: 3 }],
    [{ a: 'x' }, 'object({a = string, b = optional(number)})', { a: 'x', b: null }],
  ])('%j as %s', (value, type, expected) => {
    expect(convertToType(valueOf(value), typeOf(type))).toEqual({ ok: true, value: valueOf(expected) })
  })

  it('makes sets of lists', () => {
    const set = convertToType(['b', 'a', 'b'], typeOf('set(string)'))
    expect(set).toEqual({ ok: true, value: ['a', 'b'] })
    expect(set.ok && isSet(set.value)).toBe(true)
  })

  it('leaves unknown values alone', () => {
    expect(convertToType(UNKNOWN, typeOf('list(string)'))).toEqual({ ok: true, value: UNKNOWN })
  })

  it.each([
    ['x', 'number', 'a number is required, and this text is none'],
    ['x', 'list(string)', 'a list(string) is required, and this is a string'],
    [[1, [2]], 'list(number)', 'at [1]: a number is required, and this is a list'],
    [
      { a: { b: 'x' } },
      'map(object({b = bool}))',
      'at ["a"].b: a bool is required: true or false, and this text is neither',
    ],
    [{ a: 1 }, 'object({b = string})', 'the attribute "b" is required'],
    [[1], 'tuple([string, string])', '2 elements are required, and there are 1'],
  ])('%j is no %s', (value, type, message) => {
    expect(refusalOf(value, type)).toBe(message)
  })
})
