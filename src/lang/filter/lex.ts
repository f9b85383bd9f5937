import { unquote } from '../gostring/unquote.ts'
import { FilterSyntaxError } from './expression.ts'

export type Token =
  | { readonly kind: 'name'; readonly text: string; readonly path: readonly string[]; readonly offset: number }
  | { readonly kind: 'string' | 'number'; readonly text: string; readonly offset: number }
  | { readonly kind: '(' | ')' | '==' | '!=' | 'end'; readonly text: string; readonly offset: number }

const spaces = /[ \t\r\n]*/y
const identifier = '[a-zA-Z][a-zA-Z0-9_/]*'
const quoted = String.raw`"(?:[^"\\]|\\[\s\S])*"|\x60[^\x60]*\x60`
const patterns = [
  ['sign', /\(|\)|==|!=/y],
  [
    'name',
    new RegExp(String.raw`${identifier}(?:\.(?:${identifier}|\d+)|\[[ \t\r\n]*(?:${quoted})[ \t\r\n]*\])*`, 'y'),
  ],
  ['string', new RegExp(quoted, 'y')],
  ['number', /-?(?:0|[1-9]\d*)(?:\.\d+)?(?=[ \t\r\n)]|$)/y],
] as const
const segment = new RegExp(String.raw`${quoted}|${identifier}|\d+`, 'g')

const unquoted = (text: string, offset: number): string => {
  const value = unquote(text)
  if (value === null) throw new FilterSyntaxError(`the text ${text} has an escape that is none`, offset)
  return value
}

const pathOf = (text: string, offset: number): readonly string[] =>
  Array.from(text.matchAll(segment), ([part], index) =>
    index > 0 && /^["`]/.test(part) ? unquoted(part, offset) : part,
  )

/** What is wrong where no token begins. */
const explain = (rest: string, offset: number): FilterSyntaxError => {
  if (/^["`]/.test(rest)) return new FilterSyntaxError('the text that begins here does not end', offset)
  if (/^-?\d/.test(rest)) return new FilterSyntaxError('this is no number; text wants quotes', offset)
  if (rest.startsWith('=')) return new FilterSyntaxError('equality is written ==', offset)
  return new FilterSyntaxError(`${JSON.stringify(rest.slice(0, 1))} means nothing here; text wants quotes`, offset)
}

const tokenOf = (kind: (typeof patterns)[number][0], text: string, offset: number): Token => {
  switch (kind) {
    case 'sign':
      return { kind: text as '(' | ')' | '==' | '!=', text, offset }
    case 'name':
      return { kind, text, path: pathOf(text, offset), offset }
    case 'string':
      return { kind, text: unquoted(text, offset), offset }
    case 'number':
      return { kind, text, offset }
  }
}

const tokenAt = (source: string, offset: number): { readonly token: Token; readonly end: number } => {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = offset
    const [text] = pattern.exec(source) ?? []
    if (text !== undefined) return { token: tokenOf(kind, text, offset), end: offset + text.length }
  }
  throw explain(source.slice(offset), offset)
}

const afterSpaces = (source: string, offset: number): number => {
  spaces.lastIndex = offset
  return offset + (spaces.exec(source)?.[0].length ?? 0)
}

/** The tokens of an expression, the last of them `end`. Throws FilterSyntaxError. */
export const lex = (source: string): readonly Token[] => {
  const tokens: Token[] = []
  let offset = afterSpaces(source, 0)
  while (offset < source.length) {
    const { token, end } = tokenAt(source, offset)
    tokens.push(token)
    offset = afterSpaces(source, end)
  }
  return [...tokens, { kind: 'end', text: '', offset: source.length }]
}
