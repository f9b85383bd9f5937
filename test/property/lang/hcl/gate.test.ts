import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { evaluate, hasErrors, openGate, type Value } from '../../../../src/lang/hcl/index.ts'
import { decodeJson } from '../../../../src/lang/hcl/json-text.ts'
import { parseHcl } from '../../../../src/lang/hcl/scan.ts'
import { scopeOf } from '../../../support/hcl.ts'
import { expressions, names, texts } from '../../../support/hcl-arbitraries.ts'
import { escapeText, print } from '../../../support/hcl-print.ts'

const gate = openGate()
afterAll(() => gate.close())

const isReadByUs = (source: string): boolean => !hasErrors(parseHcl(source, 'x.hcl').diagnostics)

const isReadByGate = async (source: string): Promise<boolean> => {
  const verdict = await gate.judge(source)
  if (verdict.kind === 'unavailable') throw new Error(verdict.message)
  return verdict.kind === 'accepted'
}

/**
 * What only we refuse, on purpose: the parser behind the gate drops one of an argument and a block of one name without a
 * word, and takes numbers of any length.
 */
const isOursAlone = (source: string): boolean =>
  parseHcl(source, 'x.hcl').diagnostics.every(d => d.summary === 'Argument and block of one name')

type Item = { readonly name: string; readonly text: string }

const attributes: fc.Arbitrary<Item> = fc.record({ name: names, text: expressions.map(e => ` = ${print(e)}\n`) })
const heredocs: fc.Arbitrary<Item> = fc.record({
  name: names,
  text: fc
    .tuple(fc.constantFrom('<<', '<<-'), texts)
    .map(([form, text]) => ` = ${form}EOT\n  ${text.replace(/([$%])\{/g, '$1$1{')}\n  EOT\n`),
})
const blocks: fc.Arbitrary<Item> = fc.record({
  name: names,
  text: fc
    .tuple(texts, fc.array(attributes, { maxLength: 2 }), fc.constantFrom('', '# c\n', '/* c\n */'))
    .map(
      ([label, inner, comment]) =>
        ` "${escapeText(label)}" { ${comment}\n${inner.map((a, i) => `  ${a.name}${i}${a.text}`).join('')}}\n`,
    ),
})
const documents = fc
  .array(fc.oneof(attributes, heredocs, blocks), { maxLength: 4 })
  .map(items => items.map((item, index) => `${item.name}${index}${item.text}`).join('\n'))

const scraps = [
  '"',
  '{',
  '}',
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
  '~',
  '\n',
  ' ',
  '#',
  '/*',
  '1',
  'x',
  '-',
  '!',
  '${',
  '%{',
  '$',
  '\\',
  '<<E\n',
  '==',
  '=>',
  'for ',
  '\r',
  'é',
  '&',
  ';',
]

/** A document with a piece of it cut out and something else put there. */
const brokenDocuments = fc
  .tuple(documents, fc.nat(1_000), fc.nat(3), fc.array(fc.constantFrom(...scraps), { maxLength: 2 }))
  .map(([source, place, length, put]) => {
    const at = source.length === 0 ? 0 : place % source.length
    return source.slice(0, at) + put.join('') + source.slice(at + length)
  })

describe('the gate and the scanner', () => {
  it('accept the same generated documents', async () => {
    await fc.assert(
      fc.asyncProperty(documents, async source => {
        expect(isReadByUs(source)).toBe(true)
        expect(await isReadByGate(source)).toBe(true)
      }),
      { numRuns: 100 },
    )
  })

  it('judge broken documents alike', async () => {
    await fc.assert(
      fc.asyncProperty(brokenDocuments, async source => {
        const isRead = isReadByUs(source)
        if (!isRead && isOursAlone(source)) return
        expect(`${isRead} ${source}`).toBe(`${await isReadByGate(source)} ${source}`)
      }),
      { numRuns: 250 },
    )
  })

  it('give literals the same values', async () => {
    const literals = fc.oneof(
      texts.map(t => `"${escapeText(t)}"`),
      texts.map(t => `<<-EOT\n  ${t.replace(/([$%])\{/g, '$1$1{')}\n    x\n  EOT\n`),
      fc.integer().map(String),
      fc.bigInt({ min: 0n, max: 2n ** 80n }).map(String),
      fc.constantFrom('true', 'null', '1.50', '1e3', '[1, "a"]', '{ a = 1, "b c" = [] }'),
    )
    await fc.assert(
      fc.asyncProperty(literals, async literal => {
        const source = `a = ${literal}\n`
        const expression = parseHcl(source, 'x.hcl').body.attributes[0]?.expression
        const verdict = await gate.judge(source)
        if (expression === undefined || verdict.kind !== 'accepted') throw new Error(source)
        const read = decodeJson(verdict.json ?? '')
        if (!read.ok) throw new Error(read.message)
        // The gate leaves doubled signs as they are written, in keys and texts alike.
        const undouble = (value: Value): Value =>
          typeof value === 'string' ? value.replace(/([$%])\1\{/g, '$1{') : value
        const value = (read.value as { readonly a: Value }).a
        expect(undouble(value)).toEqual(evaluate(expression, scopeOf()).value)
      }),
      { numRuns: 150 },
    )
  })
})

describe('the gate', () => {
  it('says where a fault is, with doubled signs before it on its line', async () => {
    const source = 'é = 1\na = "$${x} %%{y} 👩‍👩‍👧" b\n'
    const verdict = await gate.judge(source)
    const [ours] = parseHcl(source, 'x.hcl').diagnostics
    if (verdict.kind !== 'refused' || ours === undefined) throw new Error('it must be refused')
    expect(verdict.diagnostics.map(d => [d.summary, d.range])).toEqual([['Missing newline after argument', ours.range]])
  })

  it('accepts good HCL that it cannot turn into JSON', async () => {
    expect(await gate.judge('a {}\na "b" {}\n')).toEqual({ kind: 'accepted', json: undefined })
  })

  it('gives up on a source that takes too long, and goes on with the next', async () => {
    const impatient = openGate({ timeoutMs: 1_500 })
    const large = `a = [\n${'  { b = "${x}", c = [1, 2, 3] },\n'.repeat(25_000)}]\n`
    const verdicts = await Promise.all([impatient.judge(large), impatient.judge('a = 1')])
    expect(verdicts.map(v => v.kind)).toEqual(['unavailable', 'accepted'])
    await impatient.close()
  })

  it('survives the death of its worker', async () => {
    const program = `import { parentPort } from 'node:worker_threads'
      parentPort.on('message', ({ id, source }) => {
        if (source === 'throw') throw new Error('broken')
        if (source === 'exit') process.exit(3)
        parentPort.postMessage({ id, kind: 'accepted', json: '{}' })
      })`
    const fragile = openGate({ workerUrl: new URL(`data:text/javascript,${encodeURIComponent(program)}`) })
    const verdicts = await Promise.all(['a', 'throw', 'b', 'exit', 'c'].map(source => fragile.judge(source)))
    expect(verdicts.map(v => v.kind)).toEqual(['accepted', 'unavailable', 'accepted', 'unavailable', 'accepted'])
    expect(verdicts.flatMap(v => (v.kind === 'unavailable' ? [v.message] : []))).toEqual([
      "the parser's thread failed: broken",
      "the parser's thread ended with code 3",
    ])
    await fragile.close()
  })

  it('keeps no process alive once it is idle', async () => {
    const program = `import { openGate } from './src/lang/hcl/gate.ts'
      const verdict = openGate().judge('a = 1')
      verdict.then(v => console.log(v.kind))`
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type', 'module', '--eval', program],
      { timeout: 20_000 },
    )
    expect(stdout.trim()).toBe('accepted')
  })

  it('lets no more than its queue wait, and answers all when it closes', async () => {
    const narrow = openGate({ queueMax: 2 })
    const verdicts = Promise.all(['a = 1', 'b = 1', 'c = 1', 'd = 1'].map(source => narrow.judge(source)))
    await narrow.close()
    const messages = (await verdicts).map(v => (v.kind === 'unavailable' ? v.message : v.kind))
    expect(messages.filter(m => m.includes('closed'))).toHaveLength(3)
    expect(messages.filter(m => m.includes('wait for the parser'))).toHaveLength(1)
    expect((await narrow.judge('a = 1')).kind).toBe('unavailable')
  })

  it('refuses a source over the limit without asking the worker', async () => {
    const closed = openGate({ workerUrl: new URL('file:///there-is-no-such-worker.mjs') })
    expect((await closed.judge(' '.repeat(1_048_577))).kind).toBe('refused')
    expect((await closed.judge(' ')).kind).toBe('unavailable')
    await closed.close()
  })
})
