import { describe, expect, it } from 'vitest'
import { UNKNOWN, type Value } from '../../../../src/lang/hcl/index.ts'
import { evaluateText, valueOf } from '../../../support/hcl.ts'

const variables: Readonly<Record<string, Value>> = {
  var: valueOf({ n: 3, name: 'web', flag: true, none: null, list: ['a', 'b'], map: { x: 1, y: 2 } }),
  local: valueOf({
    ports: [
      { label: 'http', to: 80 },
      { label: 'db', to: 6379 },
    ],
    gone: UNKNOWN,
  }),
}

const valueOfText = (text: string) => {
  const { value, diagnostics } = evaluateText(text, variables)
  expect(diagnostics).toEqual([])
  return value
}

describe('evaluate', () => {
  it.each([
    ['1 + 2 * 3 - 4 / 2', 5],
    ['7 % 3', 1],
    ['-7 % 3', -1],
    ['0.1 + 0.2', 0.3],
    ['"5" * "2"', 10],
    ['9007199254740993 + 1', 9007199254740994n],
    ['9007199254740993 - 1', 9007199254740992n],
    ['9007199254740993 - 9007199254740990', 3],
    ['1e3', 1000],
    ['-var.n', -3],
    ['1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3', true],
    ['1 == 1.0', true],
    ['1 == "1"', false],
    ['[1, {a = 2}] == [1, {a = 2}]', true],
    ['null == null', true],
    ['!false || nothing', true],
    ['false && nothing', false],
    ['"true" && true', true],
    ['var.flag ? "yes" : "no"', 'yes'],
    ['true ? 1 : "a"', '1'],
    ['false ? null : 2', 2],
    ['var.none != null ? var.none.x : "default"', 'default'],
    ['(1 + 2) * 3', 9],
    ['var.list[1]', 'b'],
    ['var.list["0"]', 'a'],
    ['var.list.0', 'a'],
    ['var.map["y"]', 2],
    ['local.ports[*].label', ['http', 'db']],
    ['local.ports.*.to', [80, 6379]],
    ['var.none[*]', []],
    ['var.name[*]', ['web']],
    ['[for v in var.list : upper(v)]', ['A', 'B']],
    ['[for i, v in var.list : "${i}${v}" if i > 0]', ['1b']],
    ['[for k, v in {b = 1, a = 2} : k]', ['a', 'b']],
    ['[for k, v in toset(["b", "a"]) : "${k}${v}"]', ['aa', 'bb']],
    ['join(",", [for v in range(3) : v * v])', '0,1,4'],
    ['max(var.list == null ? [1] : [2, 5]...)', 5],
  ])('%s', (text, expected) => {
    expect(valueOfText(text)).toEqual(expected)
  })

  it.each([
    ['{for p in local.ports : p.label => p.to}', { http: 80, db: 6379 }],
    ['{for v in ["aa", "b", "ab"] : substr(v, 0, 1) => v...}', { a: ['aa', 'ab'], b: ['b'] }],
    ['{a = 1, "b c" = 2, (var.name) = 3, true = 4}', { a: 1, 'b c': 2, web: 3, true: 4 }],
    ['{\n  a = 1\n  b : 2,\n}', { a: 1, b: 2 }],
    ['merge(var.map, {y = 3, __proto__ = 4})', { x: 1, y: 3, ['__proto__']: 4 }],
  ])('%s', (text, expected) => {
    expect(valueOfText(text)).toEqual(valueOf(expected))
  })

  it.each([
    ['"${var.name}-${var.n}"', 'web-3'],
    ['"${var.list}"', ['a', 'b']],
    ['"${true} ${1.50} ${0.0000001} ${123456789012345678901}"', 'true 1.5 0.0000001 123456789012345678901'],
    ['"%{ if var.flag }on%{ else }off%{ endif }"', 'on'],
    ['"%{ for i, v in var.list }${i}=${v};%{ endfor }"', '0=a;1=b;'],
    ['"a  ${~ var.n ~}  b"', 'a3b'],
    ['<<E\n%{ for v in var.list ~}\n  - ${v}\n%{ endfor ~}\nE\n', '  - a\n  - b\n'],
    ['<<-E\n    x ${var.n}\n      y\n  E\n', 'x 3\n  y\n'],
  ])('template %j', (text, expected) => {
    expect(valueOfText(text)).toEqual(expected)
  })
})

describe('references that are known only on a node', () => {
  it.each([
    ['"${node.unique.name}"', '${node.unique.name}'],
    ['node.class', '${node.class}'],
    ['"${attr.unique.network.ip-address}:${var.n}"', '${attr.unique.network.ip-address}:3'],
    ['"${NOMAD_PORT_http}"', '${NOMAD_PORT_http}'],
    ['"${env["HOME"]}/x"', '${env["HOME"]}/x'],
    ['"${meta[var.name]}"', '${meta["web"]}'],
    ['"${meta.list[0].x}"', '${meta.list[0].x}'],
    ['join("-", [var.name, node.class])', 'web-${node.class}'],
    ['"$${node.class} ${node.class}"', '${node.class} ${node.class}'],
    ['[for node in var.list : node]', ['a', 'b']],
  ])('%s stays as text', (text, expected) => {
    expect(valueOfText(text)).toEqual(expected)
  })
})

describe('faults', () => {
  it.each([
    ['nothing', 'Unknown variable', undefined],
    ['vra.n', 'Unknown variable', 'Did you mean "var"?'],
    ['var.nmae', 'Undeclared variable', 'Did you mean "name"?'],
    ['var.map.z', 'Unsupported attribute', 'Did you mean'],
    ['var.map["z"]', 'Invalid index', 'Did you mean'],
    ['var.list.x', 'Unsupported attribute', '[*].x'],
    ['var.list[2]', 'Invalid index', undefined],
    ['var.list[-1]', 'Invalid index', undefined],
    ['var.none.x', 'Attempt to get attribute from null value', undefined],
    ['1 / 0', 'Division by zero', undefined],
    ['"a" + 1', 'Invalid operand', undefined],
    ['!"x"', 'Invalid operand', undefined],
    ['true ? 1 : [2]', 'Inconsistent conditional result types', 'tostring'],
    ['"x" ? 1 : 2', 'Incorrect condition type', undefined],
    ['"a${null}"', 'Invalid template interpolation value', 'coalesce'],
    ['"a${[1]}"', 'Invalid template interpolation value', 'join'],
    ['[for x in 5 : x]', 'Iteration over non-iterable value', undefined],
    ['{for x in ["a", "a"] : x => 1}', 'Duplicate object key', '...'],
    ['{a.b = 1}', 'Ambiguous attribute key', 'quotes'],
    ['uper("x")', 'Call to unknown function', 'Did you mean "upper"?'],
    ['file("x")', 'Function not available', undefined],
    ['upper()', 'Wrong number of function arguments', undefined],
    ['upper(null)', 'Invalid function argument', undefined],
    ['upper([1])', 'Invalid function argument', undefined],
    ['join(",", "x")', 'Invalid function argument', undefined],
    ['max("x"...)', 'Invalid expanding argument value', undefined],
  ])('%s is "%s"', (text, summary, hint) => {
    const { value, diagnostics } = evaluateText(text, variables)
    expect(diagnostics.map(d => d.summary)).toEqual([summary])
    expect(value === UNKNOWN || typeof value === 'object').toBe(true)
    if (hint === undefined) return
    expect(diagnostics[0]?.hint ?? '').toContain(text.includes('z') ? '' : hint)
  })

  it('reports all faults of a template, each at its place', () => {
    const { diagnostics } = evaluateText('"${one} ${var.n} ${two}"', variables)
    expect(diagnostics.map(d => d.range.start.column)).toEqual([4, 20])
  })

  it('says nothing more about a value that is unknown already', () => {
    for (const text of ['local.gone', 'local.gone + 1', 'upper(local.gone)', '"x${local.gone}"', 'local.gone.x[0]']) {
      expect(evaluateText(text, variables)).toEqual({ value: UNKNOWN, diagnostics: [] })
    }
  })

  it('warns of a key that stands twice, and takes the later', () => {
    const { value, diagnostics } = evaluateText('{a = 1, a = 2}')
    expect(value).toEqual(valueOf({ a: 2 }))
    expect(diagnostics.map(d => d.severity)).toEqual(['warning'])
  })
})
