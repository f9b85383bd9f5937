import { describe, expect, it } from 'vitest'
import {
  type FunctionTable,
  fixedArguments,
  goStruct,
  parseTemplate,
  type TemplateErrorInfo,
  TemplateFunctionError,
  type TemplateOptions,
  templateLimits,
} from '../../../../src/lang/gotemplate/index.ts'

const functions: FunctionTable = new Map([
  ['record', fixedArguments(0, () => goStruct('*test.Record', { Name: 'a', Port: 80n }))],
  [
    'refuse',
    fixedArguments(0, () => {
      throw new TemplateFunctionError('not today')
    }),
  ],
  [
    'broken',
    fixedArguments(0, () => {
      throw new RangeError('a bug')
    }),
  ],
])

const render = (source: string, data?: unknown, options: TemplateOptions = { functions }): string => {
  const parsed = parseTemplate(source, options)
  if (!parsed.ok) throw new Error(`${source}: ${parsed.error.message}`)
  const rendered = parsed.template.execute(data)
  if (!rendered.ok) throw new Error(`${source}: ${rendered.error.message}`)
  return rendered.text
}

const failure = (source: string, data?: unknown): TemplateErrorInfo => {
  const parsed = parseTemplate(source, { functions })
  if (!parsed.ok) return parsed.error
  const rendered = parsed.template.execute(data)
  if (rendered.ok) throw new Error(`expected ${source} to fail, got ${rendered.text}`)
  return rendered.error
}

describe('parseTemplate', () => {
  it('takes other delimiters and then leaves the usual ones alone', () => {
    const options = { leftDelimiter: '[[', rightDelimiter: ']]' }
    expect(render('[[ .a -]]  {{ .a }} [[/* no */]]', { a: 1 }, options)).toBe('1{{ .a }} ')
  })

  it('takes empty delimiters as the usual ones', () => {
    expect(render('{{ .a }}', { a: 1 }, { leftDelimiter: '', rightDelimiter: '' })).toBe('1')
  })

  it('lists every use of a function with its place, built-in ones left out', () => {
    const parsed = parseTemplate(
      '{{ range nomadService "a" }}\n  {{ env "B" | toUpper }}{{ len . }}{{ and 1 2 }}\n{{ end }}',
    )
    expect(parsed.ok && parsed.template.functions).toEqual([
      { name: 'nomadService', line: 1, column: 10 },
      { name: 'env', line: 2, column: 6 },
      { name: 'toUpper', line: 2, column: 16 },
    ])
  })

  it.each<[string, string, number, number]>([
    ['a\n{{ .x', 'unclosed action', 2, 1],
    ['{{ "abc }}', 'unterminated quoted string', 1, 4],
    ['x\n\n  {{ $y }}', 'undefined variable "$y"', 3, 6],
    ['{{ if .a }}', 'unexpected EOF in if', 1, 12],
    ['{{ end }}', 'unexpected {{end}}', 1, 4],
    ['{{ if }}x{{ end }}', 'missing value for if', 1, 7],
    ['{{ range .a }}{{ else }}{{ else }}{{ end }}', 'expected end; found {{else}}', 1, 28],
    ['{{ 1 | 2 }}', 'non executable command in pipeline stage 2', 1, 8],
    ['{{ .a@b }}', "bad character U+0040 '@'", 1, 6],
    ['{{ break }}', '{{break}} outside {{range}}', 1, 4],
    ['{{ (1 }}', 'unclosed left paren', 1, 7],
    ['{{ 1x }}', 'bad number syntax: "1x"', 1, 4],
    ['{{/* x */ y }}', 'comment ends before closing delimiter', 1, 3],
    ['{{ 1i }}', 'complex numbers are not supported: 1i', 1, 4],
  ])('refuses %j: %s', (source, message, line, column) => {
    expect(failure(source)).toEqual({ message, line, column })
  })
})

describe('execute', () => {
  it.each<[string, string, number]>([
    ['{{ unknown }}', 'function "unknown" not defined', 1],
    ['\n{{ refuse }}', 'error calling refuse: not today', 2],
    ['{{ record 1 }}', 'wrong number of args for record: want 0 got 1', 1],
    ['{{ printf }}', 'wrong number of args for printf: want at least 1 got 0', 1],
    ['{{ (record).Nope }}', "can't evaluate field Nope in type *test.Record", 1],
    ['{{ template "x" }}', 'template "x" not defined', 1],
    ['{{ call 1 }}', 'error calling call: call is not supported: no value of a template is a function here', 1],
    ['{{ .a.b.c }}', 'nil pointer evaluating interface {}.c', 1],
    ['{{ range 1.5 }}{{ end }}', "range can't iterate over 1.5 of type float64", 1],
    ['{{ index . "a" 3 }}', 'error calling index: index out of range: 3', 1],
  ])('fails in %j with %j', (source, message, line) => {
    expect(failure(source, { a: source.includes('index') ? [1] : {} })).toMatchObject({ message, line })
  })

  it('shows the fields of a record and the record itself', () => {
    expect(render('{{ with record }}{{ .Name }}:{{ .Port }} {{ . }} {{ printf "%+v" . }}{{ end }}')).toBe(
      'a:80 {a 80} {Name:a Port:80}',
    )
  })

  it('passes on what a function throws that is no refusal, since that is a bug', () => {
    expect(() => render('{{ broken }}')).toThrow(RangeError)
  })

  it('ranges over whole numbers, as newer Go does', () => {
    expect(
      render(
        '{{ range 3 }}{{ . }}{{ end }}{{ range $i, $e := 2 }}{{ $i }}{{ $e }}{{ end }}{{ range 0 }}{{ else }}none{{ end }}',
      ),
    ).toBe('0120011none')
  })

  it('takes whole numbers of its data as ints and others as floats', () => {
    expect(render('{{ printf "%T %T %T" .a .b .c }}', { a: 5, b: 5.5, c: 2 ** 60 })).toBe('int float64 float64')
  })

  it('treats names of object properties as ordinary keys', () => {
    expect(render('{{ .constructor }}{{ .__proto__ }}{{ .toString }}', {})).toBe('<no value><no value><no value>')
  })

  it('keeps nothing from one rendering to the next', () => {
    const parsed = parseTemplate('{{ $x := 1 }}{{ range .l }}{{ $x = . }}{{ end }}{{ $x }}')
    if (!parsed.ok) throw new Error(parsed.error.message)
    expect(parsed.template.execute({ l: [7] })).toEqual({ ok: true, text: '7' })
    expect(parsed.template.execute({ l: [] })).toEqual({ ok: true, text: '1' })
  })

  it('prefers the functions of a rendering to those of the template', () => {
    const parsed = parseTemplate('{{ who }}', { functions: new Map([['who', fixedArguments(0, () => 'first')]]) })
    if (!parsed.ok) throw new Error(parsed.error.message)
    expect(parsed.template.execute(null)).toEqual({ ok: true, text: 'first' })
    const other = new Map([['who', fixedArguments(0, () => 'second')]])
    expect(parsed.template.execute(null, { functions: other })).toEqual({ ok: true, text: 'second' })
  })
})

describe('the limits', () => {
  const { MAX_SOURCE_LENGTH, MAX_NESTING, MAX_VARIABLES, MAX_LOOP_ITERATIONS, MAX_TEMPLATE_DEPTH, MAX_OUTPUT_LENGTH } =
    templateLimits

  it('bound the source', () => {
    expect(render('x'.repeat(MAX_SOURCE_LENGTH))).toHaveLength(MAX_SOURCE_LENGTH)
    expect(failure('x'.repeat(MAX_SOURCE_LENGTH + 1)).message).toContain('more than the 1048576 allowed')
  })

  it('bound nesting of blocks and of parentheses', () => {
    const blocks = (depth: number): string => '{{if true}}'.repeat(depth) + 'x' + '{{end}}'.repeat(depth)
    expect(render(blocks(MAX_NESTING))).toBe('x')
    expect(failure(blocks(MAX_NESTING + 1)).message).toContain('nested more than')
    const parentheses = (depth: number): string => `{{${'('.repeat(depth)}1${')'.repeat(depth)}}}`
    expect(render(parentheses(MAX_NESTING))).toBe('1')
    expect(failure(parentheses(MAX_NESTING + 1)).message).toContain('nested more than')
  })

  it('bound a chain of else if', () => {
    const chain = (length: number): string => `{{if 0}}${'{{else if 0}}'.repeat(length)}{{else}}x{{end}}`
    expect(render(chain(MAX_NESTING - 1))).toBe('x')
    expect(failure(chain(MAX_NESTING)).message).toContain('nested more than')
  })

  it('bound variables in reach', () => {
    const variables = (count: number): string =>
      Array.from({ length: count }, (_, index) => `{{$v${index} := 1}}`).join('')
    expect(render(variables(MAX_VARIABLES - 1))).toBe('')
    expect(failure(variables(MAX_VARIABLES)).message).toContain(`more than ${MAX_VARIABLES} variables`)
  })

  it('bound the turns of all loops together', () => {
    expect(render(`{{range ${MAX_LOOP_ITERATIONS}}}{{end}}`)).toBe('')
    expect(failure(`{{range ${MAX_LOOP_ITERATIONS + 1}}}{{end}}`).message).toContain('turn more than')
    expect(failure('{{range 10000}}{{range 10000}}{{end}}{{end}}').message).toContain('turn more than')
  })

  it('bound templates that call one another', () => {
    const template =
      '{{define "down"}}{{if .}}{{template "down" (slice . 1)}}{{else}}bottom{{end}}{{end}}{{template "down" .s}}'
    expect(render(template, { s: 'x'.repeat(MAX_TEMPLATE_DEPTH - 1) })).toBe('bottom')
    expect(failure(template, { s: 'x'.repeat(MAX_TEMPLATE_DEPTH) }).message).toContain('call one another')
    expect(failure('{{define "a"}}{{template "a"}}{{end}}{{template "a"}}').message).toContain('call one another')
  })

  it('bound what is rendered', () => {
    const kibibyte = 'x'.repeat(1_024)
    const count = MAX_OUTPUT_LENGTH / 1_024
    expect(render(`{{range ${count}}}${kibibyte}{{end}}`)).toHaveLength(MAX_OUTPUT_LENGTH)
    expect(failure(`{{range ${count}}}${kibibyte}{{end}}!`).message).toContain('renders more than')
  })

  it('bound strings that double', () => {
    expect(failure('{{$x := "xx"}}{{range 40}}{{$x = print $x $x}}{{end}}').message).toContain(
      'the result is longer than',
    )
    expect(failure('{{$x := "xx"}}{{range 40}}{{$x = printf "%s%s" $x $x}}{{end}}').message).toContain(
      'the result is longer than',
    )
  })

  it('bound widths, and what a width makes of a list', () => {
    expect(render('{{len (printf "%1000000d" 1)}}{{printf "%1000001d" 1}}')).toBe('1000000%!(BADWIDTH)1')
    expect(
      failure(
        '{{printf "%1000000d" .}}',
        Array.from({ length: 5 }, () => 1),
      ).message,
    ).toContain('the result is longer than')
  })

  it('bound the work of functions', () => {
    const source = '{{$x := printf "%1000000d" 1}}{{range 1000}}{{$y := len $x}}{{end}}'
    expect(failure(source).message).toContain('work through more than')
  })
})
