import {
  type Expression,
  FilterSyntaxError,
  MAX_FILTER_DEPTH,
  MAX_FILTER_LENGTH,
  type Match,
  type Selector,
} from './expression.ts'
import { lex, type Token } from './lex.ts'

type Reader = {
  readonly peek: (ahead?: number) => Token
  readonly take: () => Token
  /** Takes these words if they come next. */
  readonly takeWords: (...words: readonly string[]) => boolean
}

const isWord = (token: Token, word: string): boolean => token.kind === 'name' && token.text === word

const createReader = (tokens: readonly Token[]): Reader => {
  let at = 0
  const peek = (ahead = 0): Token => tokens[Math.min(at + ahead, tokens.length - 1)] as Token
  const take = (): Token => {
    const token = peek()
    at += 1
    return token
  }
  const takeWords = (...words: readonly string[]): boolean => {
    if (!words.every((word, ahead) => isWord(peek(ahead), word))) return false
    at += words.length
    return true
  }
  return { peek, take, takeWords }
}

const found = (token: Token): string => (token.kind === 'end' ? 'the end' : `"${token.text}"`)

/** A name, or in quotes a path of the form `"/Meta/rack"`. */
const selectorOf = (token: Token): Selector => {
  if (token.kind === 'name') return { path: token.path, offset: token.offset }
  if (token.kind === 'string' && /^\/./.test(token.text)) {
    return { path: token.text.slice(1).split('/'), offset: token.offset }
  }
  throw new FilterSyntaxError(`the name of a field is missing before ${found(token)}`, token.offset)
}

const valueOf = (token: Token): { readonly text: string; readonly offset: number } => {
  if (token.kind === 'name') return { text: token.path.join('.'), offset: token.offset }
  if (token.kind === 'string' || token.kind === 'number') return { text: token.text, offset: token.offset }
  throw new FilterSyntaxError(`a value is missing before ${found(token)}`, token.offset)
}

const matchOf = (match: Match, isNegated: boolean): Expression => ({ kind: 'match', match, isNegated })

const parseMatch = (reader: Reader): Expression => {
  const first = reader.take()
  if (first.kind === 'end' || first.kind === ')') {
    throw new FilterSyntaxError(`a comparison is missing before ${found(first)}`, first.offset)
  }
  for (const isNegated of [false, true]) {
    if (!reader.takeWords(...(isNegated ? ['not', 'in'] : ['in']))) continue
    const value = valueOf(first)
    return matchOf({ operator: 'contains', selector: selectorOf(reader.take()), value }, isNegated)
  }
  const selector = selectorOf(first)
  if (reader.takeWords('is', 'empty')) return matchOf({ operator: 'is-empty', selector }, false)
  if (reader.takeWords('is', 'not', 'empty')) return matchOf({ operator: 'is-empty', selector }, true)
  const sign = reader.peek()
  if (sign.kind === '==' || sign.kind === '!=') {
    reader.take()
    return matchOf({ operator: 'equals', selector, value: valueOf(reader.take()) }, sign.kind === '!=')
  }
  const isNegated = reader.takeWords('not')
  for (const operator of ['contains', 'matches'] as const) {
    if (reader.takeWords(operator)) return matchOf({ operator, selector, value: valueOf(reader.take()) }, isNegated)
  }
  const wrong = reader.peek()
  const operators = '==, !=, in, not in, contains, not contains, matches, not matches, is empty, is not empty'
  throw new FilterSyntaxError(`one of ${operators} is missing before ${found(wrong)}`, wrong.offset)
}

const parseUnary = (reader: Reader, depth: number): Expression => {
  const next = reader.peek()
  if (depth > MAX_FILTER_DEPTH) {
    throw new FilterSyntaxError(`the expression is more than ${MAX_FILTER_DEPTH} levels deep`, next.offset)
  }
  if (next.kind === '(') {
    reader.take()
    const inner = parseOr(reader, depth + 1)
    const closing = reader.take()
    if (closing.kind === ')') return inner
    throw new FilterSyntaxError(`a closing parenthesis is missing before ${found(closing)}`, closing.offset)
  }
  if (reader.takeWords('not')) return { kind: 'not', operand: parseUnary(reader, depth + 1) }
  return parseMatch(reader)
}

const parseAnd = (reader: Reader, depth: number): Expression => {
  let left = parseUnary(reader, depth)
  while (reader.takeWords('and')) left = { kind: 'and', left, right: parseUnary(reader, depth) }
  return left
}

const parseOr = (reader: Reader, depth: number): Expression => {
  let left = parseAnd(reader, depth)
  while (reader.takeWords('or')) left = { kind: 'or', left, right: parseAnd(reader, depth) }
  return left
}

/** Reads an expression: `not` binds before `and`, that before `or`. Throws FilterSyntaxError. */
export const parseExpression = (source: string): Expression => {
  if (source.length > MAX_FILTER_LENGTH) {
    const message = `the expression has ${source.length} characters, the limit is ${MAX_FILTER_LENGTH}`
    throw new FilterSyntaxError(message, MAX_FILTER_LENGTH)
  }
  const reader = createReader(lex(source))
  const expression = parseOr(reader, 0)
  const rest = reader.take()
  if (rest.kind === 'end') return expression
  throw new FilterSyntaxError(`"and" or "or" is missing before ${found(rest)}`, rest.offset)
}
