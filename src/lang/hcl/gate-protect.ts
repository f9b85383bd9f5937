import { wellFormed } from './characters.ts'
import type { Diagnostic } from './diagnostic.ts'
import { type SourceText, sourceText } from './source-text.ts'

/**
 * The gate's parser answers the same for `$${x}` (text) and `${x}` (a reference). So the doubled signs are replaced by
 * characters of the private use area before, and put back after.
 */
export type ProtectedSource = {
  readonly text: string
  /** Puts the doubled signs back into the JSON that the gate made. */
  readonly restore: (json: string) => string
  /** Turns the gate's message into findings with places in the original. */
  readonly diagnose: (message: string) => readonly Diagnostic[]
}

const PRIVATE_USE_FIRST = 0xe000
const PRIVATE_USE_LAST = 0xf8ff

const unusedCharacters = (text: string): readonly [string, string] => {
  const found: string[] = []
  for (let code = PRIVATE_USE_FIRST; code <= PRIVATE_USE_LAST && found.length < 2; code += 1) {
    const character = String.fromCharCode(code)
    if (!text.includes(character)) found.push(character)
  }
  return [found[0] ?? '\ue000', found[1] ?? '\ue001']
}

const finding = /:(\d+),(\d+)-(?:(\d+),)?(\d+): /g

/** Replaces every `$${` and `%%{` for the gate. */
export const protectSource = (source: string): ProtectedSource => {
  const original = wellFormed(source)
  const [dollar, percent] = unusedCharacters(original)
  const text = original.replaceAll('$${', `${dollar}{`).replaceAll('%%{', `${percent}{`)
  let sources: { readonly before: SourceText; readonly after: SourceText } | undefined

  /** Every replacement before the place made the text one character shorter. */
  const originalOffset = (after: SourceText, line: number, column: number): number => {
    const offset = after.offsetAt(line, column)
    let replacedCount = 0
    for (let at = 0; at < offset; at += 1) if (text[at] === dollar || text[at] === percent) replacedCount += 1
    return offset + replacedCount
  }

  const diagnose = (message: string): readonly Diagnostic[] => {
    sources ??= { before: sourceText(original), after: sourceText(text) }
    const { before, after } = sources
    const found = [...message.matchAll(finding)]
    if (found.length === 0) return [unplaced(before, message)]
    return found.map((match, index): Diagnostic => {
      const [whole, startLine = '1', startColumn = '1', endLine = startLine, endColumn = '1'] = match
      const sentence = message.slice(match.index + whole.length, found[index + 1]?.index).replace(/[\]\s]+$/, '')
      const cut = sentence.indexOf('; ')
      const start = originalOffset(after, Number(startLine), Number(startColumn))
      const end = originalOffset(after, Number(endLine), Number(endColumn))
      return {
        severity: 'error',
        summary: cut < 0 ? sentence : sentence.slice(0, cut),
        detail: cut < 0 ? `${sentence}.` : sentence.slice(cut + 2),
        range: before.rangeOf(start, Math.max(start, end)),
      }
    })
  }

  return {
    text,
    restore: json => json.replaceAll(`${dollar}{`, () => '$${').replaceAll(`${percent}{`, '%%{'),
    diagnose,
  }
}

/** What the parser says without a place; it is about the file as a whole. */
const unplaced = (source: SourceText, message: string): Diagnostic => ({
  severity: 'error',
  summary: 'Source refused',
  detail: `The parser refused the file: ${message}.`,
  range: source.rangeOf(0, 0),
})
