import { fail, nested, type Parser } from './parser.ts'
import type { TemplatePart } from './syntax.ts'
import type { TemplateToken } from './template-indent.ts'

/** Where matching stands in the list of tokens. */
type Cursor = { readonly tokens: readonly TemplateToken[]; index: number }

type Ending = 'else' | 'endif' | 'endfor'

const isEnding = (token: TemplateToken): token is TemplateToken & { readonly kind: Ending } =>
  token.kind === 'else' || token.kind === 'endif' || token.kind === 'endfor'

/** Matches every `if` and `for` with its end. Neighbouring texts become one, empty ones vanish. */
export const buildParts = (p: Parser, tokens: readonly TemplateToken[]): readonly TemplatePart[] => {
  const cursor: Cursor = { tokens, index: 0 }
  const parts = readParts(p, cursor)
  const rest = tokens[cursor.index]
  if (rest !== undefined) {
    fail(p, rest.range, {
      summary: 'Unexpected template directive',
      detail: `There is no open ${rest.kind === 'endfor' ? '"for"' : '"if"'} to which this "${rest.kind}" belongs.`,
    })
  }
  return parts
}

/** Reads until a directive that ends something, which stays where it is. */
const readParts = (p: Parser, cursor: Cursor): TemplatePart[] => {
  const parts: TemplatePart[] = []
  while (!p.isFailing) {
    const token = cursor.tokens[cursor.index]
    if (token === undefined || isEnding(token)) break
    cursor.index += 1
    switch (token.kind) {
      case 'text':
        appendText(parts, token)
        break
      case 'interpolation':
        parts.push({ kind: 'interpolation', expression: token.expression, range: token.range })
        break
      case 'if':
        parts.push(
          nested(
            p,
            () => readIf(p, cursor, token),
            () => ({ kind: 'text', value: '', range: token.range }),
          ),
        )
        break
      case 'for':
        parts.push(
          nested(
            p,
            () => readFor(p, cursor, token),
            () => ({ kind: 'text', value: '', range: token.range }),
          ),
        )
        break
    }
  }
  return parts
}

const appendText = (parts: TemplatePart[], token: TemplateToken & { readonly kind: 'text' }): void => {
  if (token.value === '') return
  const last = parts.at(-1)
  if (last?.kind !== 'text') {
    parts.push({ kind: 'text', value: token.value, range: token.range })
    return
  }
  const range = { start: last.range.start, end: token.range.end }
  parts[parts.length - 1] = { kind: 'text', value: last.value + token.value, range }
}

const takeEnding = (cursor: Cursor, kind: Ending): boolean => {
  if (cursor.tokens[cursor.index]?.kind !== kind) return false
  cursor.index += 1
  return true
}

const missingEnd = (p: Parser, cursor: Cursor, opener: TemplateToken, end: Ending): void => {
  const found = cursor.tokens[cursor.index]
  const instead = found === undefined ? 'the template ends before it' : `"${found.kind}" stands in its place`
  fail(p, opener.range, {
    summary: 'Unexpected end of template',
    detail: `This "${opener.kind}" has no "${end}": ${instead}.`,
  })
}

const readIf = (p: Parser, cursor: Cursor, opener: TemplateToken & { readonly kind: 'if' }): TemplatePart => {
  const whenTrue = readParts(p, cursor)
  const whenFalse = takeEnding(cursor, 'else') ? readParts(p, cursor) : []
  if (!takeEnding(cursor, 'endif')) missingEnd(p, cursor, opener, 'endif')
  return { kind: 'if', condition: opener.condition, whenTrue, whenFalse, range: opener.range }
}

const readFor = (p: Parser, cursor: Cursor, opener: TemplateToken & { readonly kind: 'for' }): TemplatePart => {
  const body = readParts(p, cursor)
  if (!takeEnding(cursor, 'endfor')) missingEnd(p, cursor, opener, 'endfor')
  const { valueName, collection, range } = opener
  const names = opener.keyName === undefined ? { valueName } : { keyName: opener.keyName, valueName }
  return { kind: 'for', ...names, collection, body, range }
}
