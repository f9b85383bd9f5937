import { readBody } from './body.ts'
import { wellFormed } from './characters.ts'
import type { Diagnostic } from './diagnostic.ts'
import { parseExpression, parseWholeExpression } from './expression.ts'
import { MAX_SOURCE_BYTES } from './limits.ts'
import { createParser, describeToken, failAtNext, type Parser, peek } from './parser.ts'
import { type SourceText, sourceText } from './source-text.ts'
import type { Body, Expression } from './syntax.ts'

/** A file as it was read. Where `diagnostics` holds an error, `body` is what could be read around the faults. */
export type HclFile = {
  readonly filename: string
  readonly source: SourceText
  readonly body: Body
  readonly diagnostics: readonly Diagnostic[]
}

const tooLarge = (source: SourceText, byteCount: number): Diagnostic => ({
  severity: 'error',
  summary: 'Source too large',
  detail: `The source has ${byteCount} bytes; at most ${MAX_SOURCE_BYTES} are read.`,
  hint: 'Move large texts out of the file: fetch them as artifacts, or keep them as variables.',
  range: source.rangeOf(0, 0),
})

const openSource = (text: string): { source: SourceText; refusal: Diagnostic | undefined } => {
  const byteCount = Buffer.byteLength(text)
  if (byteCount <= MAX_SOURCE_BYTES) return { source: sourceText(wellFormed(text)), refusal: undefined }
  const source = sourceText('')
  return { source, refusal: tooLarge(source, byteCount) }
}

/**
 * Reads an HCL file: text → tree of bodies with places, in source order, with all findings at once (at most
 * `MAX_DIAGNOSTICS`). Never throws. `filename` is only carried along.
 */
export const parseHcl = (text: string, filename: string): HclFile => {
  const { source, refusal } = openSource(text)
  const p = createParser(source, parseExpression)
  const body = readBody(p, parseWholeExpression)
  return { filename, source, body, diagnostics: refusal === undefined ? p.diagnostics : [refusal] }
}

/** One expression that is a text of its own, such as the value of `-var`. */
export type HclExpressionText = {
  readonly source: SourceText
  readonly expression: Expression
  readonly diagnostics: readonly Diagnostic[]
}

/** Reads a text that is one expression and nothing else; line breaks around it do not matter. Never throws. */
export const parseHclExpression = (text: string): HclExpressionText => {
  const { source, refusal } = openSource(text)
  const p: Parser = createParser(source, parseExpression)
  p.newlines = 'skipped'
  const expression = parseWholeExpression(p)
  if (peek(p).kind !== 'end') {
    failAtNext(p, {
      summary: 'Extra characters after expression',
      detail: `One expression was expected, and it is followed by ${describeToken(peek(p))}.`,
      hint: 'Text belongs between double quotes.',
    })
  }
  return { source, expression, diagnostics: refusal === undefined ? p.diagnostics : [refusal] }
}
