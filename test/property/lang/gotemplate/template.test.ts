import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { helperFunctions, parseTemplate, serviceFunctions } from '../../../../src/lang/gotemplate/index.ts'

const functions = helperFunctions(() => 0)

const render = (source: string, data: unknown): string => {
  const parsed = parseTemplate(source, { functions })
  if (!parsed.ok) throw new Error(`${source}: ${parsed.error.message}`)
  const rendered = parsed.template.execute(data)
  if (!rendered.ok) throw new Error(`${source}: ${rendered.error.message}`)
  return rendered.text
}

/** JSON without floats, which Go writes in a form of its own, and without lone surrogates, which no byte string has. */
const json = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ unit: 'grapheme' }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 6 }), tie('value'), { maxKeys: 4 }),
  ),
})).value

describe('a template', () => {
  it('renders text without actions as it stands', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        const plain = text.replaceAll('{{', '{ {')
        expect(render(plain, null)).toBe(plain)
      }),
    )
  })

  it('writes any data as JSON that says the same', () => {
    fc.assert(
      fc.property(json, value => {
        expect(JSON.parse(render('{{ toJSON .v }}', { v: value }))).toEqual(value)
        expect(JSON.parse(render('{{ toUnescapedJSONPretty .v }}', { v: value }))).toEqual(value)
        expect(JSON.parse(render('{{ parseJSON .v | toJSON }}', { v: JSON.stringify(value) }))).toEqual(value)
      }),
    )
  })

  it('reads back any string that it quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        const quoted = render('{{ printf "%q" . }}', text)
        expect(render(`{{ ${quoted} }}`, null)).toBe(text)
        expect(render(`{{ ${render('{{ printf "%+q" . }}', text)} }}`, null)).toBe(text)
      }),
    )
  })

  it('undoes base64, splitting and joining', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }),
        fc.array(fc.stringMatching(/^[a-z]{1,5}$/), { minLength: 1, maxLength: 6 }),
        (text, words) => {
          expect(render('{{ . | base64Encode | base64Decode }}', text)).toBe(text)
          expect(render('{{ . | base64URLEncode | base64URLDecode }}', text)).toBe(text)
          expect(render('{{ join "," .w | split "," | join "," }}', { w: words })).toBe(words.join(','))
        },
      ),
    )
  })

  it('counts as 64-bit integers do', () => {
    const int = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(int, int, (left, right) => {
        const shown = (name: string): string => render(`{{ .l | ${name} .r }}`, { l: left, r: right })
        expect(shown('add')).toBe(String(BigInt.asIntN(64, left + right)))
        expect(shown('subtract')).toBe(String(BigInt.asIntN(64, left - right)))
        expect(shown('multiply')).toBe(String(BigInt.asIntN(64, left * right)))
        if (right !== 0n) expect(shown('divide')).toBe(String(BigInt.asIntN(64, left / right)))
        if (right !== 0n) expect(shown('modulo')).toBe(String(left % right))
      }),
    )
  })

  it('shows floats so that they are read back as the same number', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), value => {
        for (const verb of ['v', 'g', '.17g', '.17e']) {
          expect(Number(render(`{{ printf "%${verb}" (parseFloat .) }}`, String(value)))).toBe(Number(String(value)))
        }
      }),
    )
  })

  it('never throws and never hangs, whatever its source is', () => {
    const piece = fc.constantFrom(
      '{{',
      '}}',
      '{{-',
      '-}}',
      ' ',
      '.',
      '.a',
      '$',
      '$x',
      ':=',
      '=',
      '|',
      '(',
      ')',
      ',',
      'if ',
      'range ',
      'with ',
      'else',
      'end',
      'define "x"',
      'template "x" .',
      'break',
      '"s"',
      '`r`',
      "'c'",
      '1',
      '1.5e3',
      'nil',
      'true',
      'print ',
      'printf "%*d" ',
      'index ',
      'loop 3',
      'text',
      '\n',
      '/*',
      '*/',
      'é',
      '\ud83d',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), pieces => {
        const source = pieces.join('')
        const parsed = parseTemplate(source, { functions })
        const result = parsed.ok ? parsed.template.execute({ a: [1, { b: 'c' }] }) : parsed
        if (result.ok) return
        expect(result.error.line).toBeGreaterThan(0)
        expect(result.error.column).toBeGreaterThan(0)
        expect(result.error.message).not.toBe('')
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('nomadService with a key', () => {
  it('chooses a part of the instances that does not depend on their order', () => {
    const ports = fc.uniqueArray(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(ports, fc.nat(9), fc.stringMatching(/^[a-z]{0,8}$/), (all, count, key) => {
        const choose = (order: readonly number[]): string => {
          const instances = order.map(port => ({
            id: `id-${port}`,
            name: 's',
            node: 'n',
            address: '10.0.0.1',
            port,
            datacenter: 'dc1',
            tags: [],
            jobId: 'j',
            allocId: `a-${port}`,
          }))
          const source = serviceFunctions({ services: () => [], instances: () => instances })
          const parsed = parseTemplate(`{{ range nomadService ${count} "${key}" "s" }}{{ .Port }} {{ end }}`, {
            functions: source.functions,
          })
          const rendered = parsed.ok ? parsed.template.execute(null) : parsed
          return rendered.ok ? rendered.text : rendered.error.message
        }
        const chosen = choose(all)
          .trim()
          .split(' ')
          .filter(port => port !== '')
          .map(Number)
        expect(choose(all.toReversed())).toBe(choose(all))
        expect(chosen).toHaveLength(Math.min(count, all.length))
        expect(chosen.every(port => all.includes(port))).toBe(true)
      }),
      { numRuns: 50 },
    )
  })
})
