import { describe, expect, it } from 'vitest'
import { charactersOf } from '../../../../src/lang/hcl/characters.ts'
import { renderDiagnostic, sourceText, suggest } from '../../../../src/lang/hcl/index.ts'
import { referencesOf } from '../../../../src/lang/hcl/references.ts'
import { parseHcl, parseHclExpression } from '../../../../src/lang/hcl/scan.ts'

const rendered = (source: string): string => {
  const [first] = parseHcl(source, 'web.nomad.hcl').diagnostics
  return first === undefined ? '' : renderDiagnostic(source, 'web.nomad.hcl', first)
}

describe('renderDiagnostic', () => {
  it('shows file, line, column, the line, a caret under the fault, detail and hint', () => {
    expect(rendered('job "x" {\n\tcount = 1.2.3\n}\n').split('\n')).toEqual([
      'web.nomad.hcl:2:10: error: Invalid number literal',
      '',
      '  2 |  count = 1.2.3',
      '    |          ^^^^^',
      '',
      '  "1.2.3" is not a decimal number of at most 512 digits.',
      '  hint: A version or an address is text: put it between quotes.',
    ])
  })

  it('counts what a person sees as one character as one column', () => {
    const lines = rendered('a = ["👩‍👩‍👧", é 1]').split('\n')
    expect(lines[0]).toContain('web.nomad.hcl:1:13:')
    expect(lines[3]).toBe(`    | ${' '.repeat(12)}^`)
  })

  it('cuts a long line around the fault', () => {
    const lines = rendered(`a = "${'x'.repeat(5000)}" oops`).split('\n')
    expect(lines[2]?.length).toBeLessThan(200)
    expect(lines[2]).toContain('oops')
    expect(lines[3]?.indexOf('^')).toBe(lines[2]?.indexOf('oops'))
  })

  it('points behind the end where the file ends too early', () => {
    expect(rendered('a = ')).toContain('web.nomad.hcl:1:5: error: Invalid expression')
  })
})

describe('sourceText', () => {
  it('finds an offset again from its line and column', () => {
    const source = sourceText('\ufeffaé\r\n\r\nx👩‍👩‍👧y\nlast')
    for (const offset of [1, 2, 5, 7, 8, 16, 18, 21]) {
      const { line, column } = source.positionAt(offset)
      expect(source.offsetAt(line, column)).toBe(offset)
    }
    expect(source.lineAt(1)).toBe('aé')
    expect(source.lineAt(9)).toBe('')
  })

  it('takes long texts apart in one pass, as the segmenter does short ones', () => {
    const family = '👩‍👩‍👧'
    const text = `${'ab\r\n'.repeat(30)}${family.repeat(40)}${'e\u0301'.repeat(100)}🇩🇪🇫🇷z`
    expect(charactersOf(text)).toEqual([
      ...Array.from({ length: 30 }, () => ['a', 'b', '\r\n']).flat(),
      ...Array.from({ length: 40 }, () => family),
      ...Array.from({ length: 100 }, () => 'e\u0301'),
      '🇩🇪',
      '🇫🇷',
      'z',
    ])
  })
})

describe('suggest', () => {
  it.each([
    ['grup', 'group'],
    ['tsak', 'task'],
    ['Driver', 'driver'],
    ['cuont', 'count'],
    ['xyzzy', undefined],
    ['', undefined],
  ])('for %j finds %j', (name, expected) => {
    expect(suggest(name, ['group', 'task', 'driver', 'count', 'network'])).toBe(expected)
  })
})

describe('referencesOf', () => {
  it.each([
    [
      'local.ports[0].to + var.x',
      [
        ['local', 'ports', 0, 'to'],
        ['var', 'x'],
      ],
    ],
    [
      '"${local.a["b"]} %{ for v in var.list }${v}${local.c}%{ endfor }"',
      [
        ['local', 'a', 'b'],
        ['var', 'list'],
        ['local', 'c'],
      ],
    ],
    [
      '[for k, v in local.m : "${k}${v.x}${var.y}" if k != local.z]',
      [
        ['local', 'm'],
        ['var', 'y'],
        ['local', 'z'],
      ],
    ],
    [
      '{(var.k) = local.v, name = 1}',
      [
        ['var', 'k'],
        ['local', 'v'],
      ],
    ],
    ['f(local.a..., x[var.i].y)', []],
    ['local.xs[*].name', [['local', 'xs']]],
    [
      'local.m[var.k]',
      [
        ['local', 'm'],
        ['var', 'k'],
      ],
    ],
  ])('%s', (text, expected) => {
    const { expression, diagnostics } = parseHclExpression(text)
    const found = referencesOf(expression).map(r => [r.root, ...r.path])
    expect(diagnostics.length > 0 ? [] : found).toEqual(expected)
  })
})
