import { parseForNames } from './collection.ts'
import { describeToken, failAtNext, nested, type Parser, peek, take, takeIf, withNewlines } from './parser.ts'
import type { Expression, TemplatePart } from './syntax.ts'
import { flushIndent, type TemplateToken } from './template-indent.ts'
import { failUnclosedHeredoc, isClosedBelow, scanHeredocLiteral, scanQuotedLiteral } from './template-text.ts'
import { buildParts } from './template-tree.ts'

/**
 * Reads quoted strings and heredocs. A template is read in three steps: text and sequences (`${…}`, `%{…}`) one after
 * the other, with `~` taking the white space off the literal beside it; then the common indent of a `<<-` heredoc is
 * taken away; then the directives are matched into a tree.
 */

/** At the opening quote. */
export const parseQuoted = (p: Parser): Expression => {
  const open = take(p)
  const tokens = nested(
    p,
    () => readTokens(p, () => scanQuotedLiteral(p, open.start)),
    () => [],
  )
  return { kind: 'template', form: 'quoted', parts: partsOf(p, tokens), range: p.source.rangeOf(open.start, p.offset) }
}

/** At the opening of a heredoc; stops before the line break after its closing marker. */
export const parseHeredoc = (p: Parser): Expression => {
  const open = take(p)
  const marker = open.text
  if (!isClosedBelow(p.source.text, open.end, marker)) {
    failUnclosedHeredoc(p, open.start, marker)
    return { kind: 'invalid', range: p.source.rangeOf(open.start, p.offset) }
  }
  const tokens = nested(
    p,
    () => readTokens(p, () => scanHeredocLiteral(p, open.start, marker)),
    () => [],
  )
  if (open.kind === 'heredoc' && open.indent === 'flushed') flushIndent(tokens)
  return { kind: 'template', form: 'heredoc', parts: partsOf(p, tokens), range: p.source.rangeOf(open.start, p.offset) }
}

const partsOf = (p: Parser, tokens: readonly TemplateToken[]): readonly TemplatePart[] =>
  p.isFailing ? [] : buildParts(p, tokens)

/** Reads literals and sequences until `scanLiteral` says that the template is closed, or reading fails. */
const readTokens = (
  p: Parser,
  scanLiteral: () => { readonly kind: 'text'; readonly value: string } | { readonly kind: 'sequence' | 'closed' },
): TemplateToken[] => {
  const tokens: TemplateToken[] = []
  let trimsNext = false
  while (!p.isFailing) {
    const start = p.offset
    const found = scanLiteral()
    if (found.kind === 'closed') break
    if (found.kind === 'text') {
      const value = trimsNext ? found.value.trimStart() : found.value
      tokens.push({ kind: 'text', value, range: p.source.rangeOf(start, p.offset) })
      trimsNext = false
      continue
    }
    const text = p.source.text
    const isDirective = text[start] === '%'
    p.offset = start + 2
    const previous = tokens.at(-1)
    if (text[p.offset] === '~') {
      p.offset += 1
      if (previous?.kind === 'text') tokens[tokens.length - 1] = { ...previous, value: previous.value.trimEnd() }
    }
    const { token, closing } = withNewlines(p, 'skipped', () => ({
      token: isDirective ? readDirective(p) : { kind: 'interpolation' as const, expression: p.readExpression(p) },
      closing: closeSequence(p, start),
    }))
    trimsNext = closing === '~}'
    tokens.push({ ...token, range: p.source.rangeOf(start, p.offset) })
  }
  return tokens
}

const closeSequence = (p: Parser, start: number): '}' | '~}' | undefined => {
  if (takeIf(p, '}')) return '}'
  if (takeIf(p, '~}')) return '~}'
  const place = p.source.positionAt(start)
  failAtNext(p, {
    summary: 'Extra characters in template sequence',
    detail: `The sequence opened at line ${place.line}, column ${place.column} must be closed with "}"; found ${describeToken(peek(p))}.`,
    hint: 'To write the characters themselves, double the first one: $${ or %%{.',
  })
  return undefined
}

type Directive =
  | { readonly kind: 'if'; readonly condition: Expression }
  | { readonly kind: 'for'; readonly keyName?: string; readonly valueName: string; readonly collection: Expression }
  | { readonly kind: 'else' | 'endif' | 'endfor' }

const readDirective = (p: Parser): Directive => {
  const token = peek(p)
  const word = token.kind === 'identifier' ? token.text : ''
  if (word === 'if') {
    take(p)
    return { kind: 'if', condition: p.readExpression(p) }
  }
  if (word === 'for') {
    take(p)
    return { kind: 'for', ...parseForNames(p), collection: p.readExpression(p) }
  }
  if (word === 'else' || word === 'endif' || word === 'endfor') {
    take(p)
    return { kind: word }
  }
  failAtNext(p, {
    summary: 'Invalid template directive',
    detail: `A directive is one of if, else, endif, for, endfor; found ${describeToken(token)}.`,
    hint: 'To write "%{" itself, double the percent sign: %%{.',
  })
  return { kind: 'endif' }
}
