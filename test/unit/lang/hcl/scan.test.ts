import { describe, expect, it } from 'vitest'
import { literalTextOf, type Range } from '../../../../src/lang/hcl/index.ts'
import { parseHcl } from '../../../../src/lang/hcl/scan.ts'

const summaries = (source: string): string[] => parseHcl(source, 'test.hcl').diagnostics.map(d => d.summary)

const bytesOf = (source: string, range: Range): string =>
  Buffer.from(source).subarray(range.start.byte, range.end.byte).toString()

describe('parseHcl', () => {
  it('keeps blocks and attributes in source order, with labels and nesting', () => {
    const { body, diagnostics } = parseHcl(
      'job "z" {\n  b = 1\n  group "y" {}\n  a = 2\n  group "x" {}\n}\n',
      'test.hcl',
    )
    const job = body.blocks[0]
    expect(diagnostics).toEqual([])
    expect(job?.labels.map(l => l.value)).toEqual(['z'])
    expect(job?.body.attributes.map(a => a.name)).toEqual(['b', 'a'])
    expect(job?.body.blocks.map(b => b.labels[0]?.value)).toEqual(['y', 'x'])
  })

  it('points at every name, label, value and header', () => {
    const source = '# über\njob "ünï" x {\n  größe = [1, "é"] # c\n}\n'
    const block = parseHcl(source, 'test.hcl').body.blocks[0]
    const attribute = block?.body.attributes[0]
    if (block === undefined || attribute === undefined) throw new Error('nothing was read')
    expect(bytesOf(source, block.typeRange)).toBe('job')
    expect(block.labels.map(l => bytesOf(source, l.range))).toEqual(['"ünï"', 'x'])
    expect(bytesOf(source, block.headerRange)).toBe('job "ünï" x')
    expect(bytesOf(source, attribute.nameRange)).toBe('größe')
    expect(bytesOf(source, attribute.expression.range)).toBe('[1, "é"]')
    expect(bytesOf(source, attribute.range)).toBe('größe = [1, "é"]')
    expect(attribute.expression.range.start).toEqual({ line: 3, column: 11, byte: 36 })
  })

  it('keeps repeated definitions and reports the second', () => {
    const { body, diagnostics } = parseHcl('a = 1\nb = 2\na = 3\n', 'test.hcl')
    expect(body.attributes.map(a => a.name)).toEqual(['a', 'b', 'a'])
    expect(diagnostics.map(d => [d.summary, d.range.start.line])).toEqual([['Attribute redefined', 3]])
  })

  it.each(['env = { A = 1 }\nenv {\n  B = 2\n}\n', 'env {\n  B = 2\n}\nenv = { A = 1 }\n'])(
    'reports an argument and a block of one name in either order: %j',
    source => {
      expect(summaries(source)).toEqual(['Argument and block of one name'])
    },
  )

  it('reports faults of several items at once and reads the rest', () => {
    const source = 'a = \nb = 2\njob "x" {\n  c = [1 2]\n  d = 4\n  e = "${"\n}\nf = 1 1\ng = 7\n'
    const { body, diagnostics } = parseHcl(source, 'test.hcl')
    expect(diagnostics.map(d => d.range.start.line)).toEqual([1, 4, 6, 8])
    expect(body.attributes.map(a => a.name)).toContain('g')
    expect(body.blocks[0]?.body.attributes.map(a => a.name)).toContain('d')
  })

  it('names the block that is not closed, where it opens', () => {
    const { diagnostics } = parseHcl('job "x" {\n  group "y" {\n  }\n', 'test.hcl')
    expect(diagnostics.map(d => [d.summary, d.range.start.line])).toEqual([['Unclosed block', 1]])
  })

  it('reads comments of all three kinds, CRLF and a byte order mark', () => {
    const { body, diagnostics } = parseHcl('\ufeffa = 1 # x\r\n// y\r\n/* z\r\n */ b = 2\r\n', 'test.hcl')
    expect(diagnostics).toEqual([])
    expect(body.attributes.map(a => [a.name, a.nameRange.start.line, a.nameRange.start.column])).toEqual([
      ['a', 1, 1],
      ['b', 4, 5],
    ])
  })

  it('says that a heredoc at the very end lacks its line break', () => {
    const { diagnostics } = parseHcl('a = <<E\nx\nE', 'test.hcl')
    expect(diagnostics[0]?.hint).toContain('add a line break')
  })
})

describe('templates without sequences', () => {
  it.each([
    ['"a\\tb\\n\\"\\\\"', 'a\tb\n"\\'],
    ['"\\u00e9\\U0001F600"', 'é😀'],
    ['"$${x} %%{y} $ % $$ $$${w}"', '${x} %{y} $ % $$ $${w}'],
    ['<<E\nx\n  y\nE\n', 'x\n  y\n'],
    ['<<-E\n    x\n\n      y\n    E\n', 'x\n\n  y\n'],
    ['<<E\r\nx\r\nE\r\n', 'x\r\n'],
    ['<<E\n{{ env "A" }} $${b}\nE\n', '{{ env "A" }} ${b}\n'],
    ['"e\u0301"', 'é'],
  ])('%j is %j', (source, expected) => {
    const { body, diagnostics } = parseHcl(`a = ${source}`, 'test.hcl')
    const expression = body.attributes[0]?.expression
    expect(diagnostics).toEqual([])
    expect(expression && literalTextOf(expression)).toBe(expected)
  })
})

describe('faults', () => {
  it.each([
    ["a = 'x'", 'Invalid character', 'double quotes'],
    ['a = 1;', 'Invalid character', 'line of its own'],
    ['a = x & y', 'Unsupported operator', '&&'],
    ['"a" = 1', 'Invalid argument name', 'my-key'],
    ['a "${x}" {}', 'Invalid block label', 'name = var.x'],
    ['a = 1.2.3', 'Invalid number literal', 'between quotes'],
    ['a = "x\ny"', 'Invalid multi-line string', 'heredoc'],
    ['a = "\\q"', 'Invalid escape sequence', 'twice'],
    ['a = <<E\nx\ry\nE\n', 'Invalid character', 'line ends'],
    ['/* x', 'Unterminated comment', '*/'],
    ['a { b {} }', 'Argument definition required', 'lines of their own'],
    ['a = x.*.*', 'Nested splat expression not allowed', '[*]'],
    ['a = x.0.1', 'Invalid legacy index syntax', '[0][1]'],
  ])('%j is "%s" with a hint', (source, summary, hint) => {
    const { diagnostics } = parseHcl(source, 'test.hcl')
    expect(diagnostics[0]?.summary).toBe(summary)
    expect(diagnostics[0]?.hint).toContain(hint)
  })
})
