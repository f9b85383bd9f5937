import type { Diagnostic, Fault } from './diagnostic.ts'
import { MAX_DIAGNOSTICS, MAX_NESTING_DEPTH } from './limits.ts'
import type { Range } from './range.ts'
import type { SourceText } from './source-text.ts'
import type { Expression } from './syntax.ts'
import { lexToken, type Token } from './token.ts'

/**
 * Where reading stands. While `isFailing`, every look ahead answers `end`: the functions that read then unwind by
 * themselves, and the body, which is where reading recovers, clears the flag and moves on. So one item of a body reports
 * one finding, and a file reports several.
 */
export type Parser = {
  readonly source: SourceText
  readonly diagnostics: Diagnostic[]
  /** Reads one expression. Terms hold expressions and expressions hold terms, so the reader is handed down to them. */
  readonly readExpression: (p: Parser) => Expression
  offset: number
  /** Whether a line break is a token (bodies, object constructors) or mere space (brackets, interpolations). */
  newlines: 'kept' | 'skipped'
  depth: number
  isFailing: boolean
  lookahead: { readonly at: number; readonly newlines: 'kept' | 'skipped'; readonly token: Token } | undefined
}

export const createParser = (source: SourceText, readExpression: (p: Parser) => Expression): Parser => ({
  source,
  diagnostics: [],
  readExpression,
  offset: 0,
  newlines: 'kept',
  depth: 0,
  isFailing: false,
  lookahead: undefined,
})

/** The next token, not taken. */
export const peek = (p: Parser): Token => {
  if (p.isFailing) return { kind: 'end', text: '', start: p.offset, end: p.offset }
  const known = p.lookahead
  if (known !== undefined && known.at === p.offset && known.newlines === p.newlines) return known.token
  const token = lexToken(p.source.text, p.offset, p.newlines)
  p.lookahead = { at: p.offset, newlines: p.newlines, token }
  return token
}

/** Takes the next token. */
export const take = (p: Parser): Token => {
  const token = peek(p)
  if (!p.isFailing) p.offset = token.end
  return token
}

/** True if the next token is this sign. */
export const sees = (p: Parser, sign: string): boolean => {
  const token = peek(p)
  return token.kind === 'sign' && token.text === sign
}

/** True if the next token is this word. */
export const seesWord = (p: Parser, word: string): boolean => {
  const token = peek(p)
  return token.kind === 'identifier' && token.text === word
}

/** Takes the sign if it is next. */
export const takeIf = (p: Parser, sign: string): boolean => {
  if (!sees(p, sign)) return false
  take(p)
  return true
}

export const rangeFrom = (p: Parser, start: number): Range => p.source.rangeOf(start, p.offset)

export const rangeOfToken = (p: Parser, token: Token): Range => p.source.rangeOf(token.start, token.end)

/** Adds a finding without giving up the item that is being read. */
export const report = (p: Parser, range: Range, fault: Fault, severity: Diagnostic['severity'] = 'error'): void => {
  if (p.diagnostics.length < MAX_DIAGNOSTICS) p.diagnostics.push({ severity, ...fault, range })
}

/** Reports the first fault of an item and stops reading it. */
export const fail = (p: Parser, range: Range, fault: Fault): void => {
  if (p.isFailing) return
  report(p, range, fault)
  p.isFailing = true
}

/** Reports a fault at the next token. A token that is no token of the language is the fault itself. */
export const failAtNext = (p: Parser, fault: Fault): void => {
  if (p.isFailing) return
  const token = peek(p)
  fail(p, rangeOfToken(p, token), token.kind === 'invalid' ? token.fault : fault)
}

/** Reads with line breaks kept or skipped, then as before. */
export const withNewlines = <T>(p: Parser, newlines: Parser['newlines'], read: () => T): T => {
  const before = p.newlines
  p.newlines = newlines
  const result = read()
  p.newlines = before
  return result
}

/** Reads one level deeper; `instead` is the result where the source is nested too deep. */
export const nested = <T>(p: Parser, read: () => T, instead: () => T): T => {
  if (p.depth >= MAX_NESTING_DEPTH) {
    failAtNext(p, {
      summary: 'Nested too deep',
      detail: `Blocks, brackets and templates may be nested ${MAX_NESTING_DEPTH} deep, and this is deeper.`,
      hint: 'Put an inner part into a local and refer to it.',
    })
    return instead()
  }
  p.depth += 1
  const result = read()
  p.depth -= 1
  return result
}

/** How a token is called in a sentence. */
export const describeToken = (token: Token): string => {
  switch (token.kind) {
    case 'end':
      return 'the end of the file'
    case 'newline':
      return 'the end of the line'
    case 'quote':
      return 'a string'
    case 'heredoc':
      return 'a heredoc'
    case 'identifier':
    case 'number':
    case 'sign':
    case 'invalid':
      return `"${token.text}"`
  }
}
