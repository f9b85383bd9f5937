import { parseListOrFor, parseObjectOrFor } from './collection.ts'
import { MAX_EXPRESSION_HEIGHT, MAX_NUMBER_DIGITS } from './limits.ts'
import { readNumber } from './number-literal.ts'
import {
  describeToken,
  fail,
  failAtNext,
  nested,
  type Parser,
  peek,
  rangeOfToken,
  sees,
  take,
  takeIf,
  withNewlines,
} from './parser.ts'
import { parsePostfix } from './postfix.ts'
import type { Range } from './range.ts'
import { isHigherThan } from './references.ts'
import type { BinaryOperator, Expression } from './syntax.ts'
import { parseHeredoc, parseQuoted } from './template.ts'

/**
 * Reads expressions: precedence climbing over terms with their postfixes (attributes, indexes, splats). Every function
 * leaves the parser behind what it read and answers `invalid` where it could not.
 */

const precedence: Readonly<Record<BinaryOperator, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
}

const isBinaryOperator = (text: string): text is BinaryOperator => Object.hasOwn(precedence, text)

/** From the start of the first to the end of the last. */
const span = (first: { range: Range }, last: { range: Range }): Range => ({
  start: first.range.start,
  end: last.range.end,
})

const invalidAt = (p: Parser): Expression => ({ kind: 'invalid', range: p.source.rangeOf(p.offset, p.offset) })

/** An expression with everything in it, one level of nesting deeper. */
export const parseExpression = (p: Parser): Expression =>
  nested(
    p,
    () => parseConditional(p),
    () => invalidAt(p),
  )

/** An expression that stands by itself, its height checked: what evaluates it may recurse. */
export const parseWholeExpression = (p: Parser): Expression => {
  const expression = parseExpression(p)
  if (!isHigherThan(expression, MAX_EXPRESSION_HEIGHT)) return expression
  fail(p, expression.range, {
    summary: 'Expression too long',
    detail: `A chain of operators or attributes may have about ${MAX_EXPRESSION_HEIGHT} links, and this has more.`,
    hint: 'Split it into locals, or use a list and a function such as join.',
  })
  return { kind: 'invalid', range: expression.range }
}

const parseConditional = (p: Parser): Expression => {
  const condition = parseBinary(p, 1)
  if (!takeIf(p, '?')) return condition
  const whenTrue = parseExpression(p)
  if (!takeIf(p, ':')) {
    failAtNext(p, {
      summary: 'Missing false expression in conditional',
      detail: `A conditional reads "condition ? yes : no"; found ${describeToken(peek(p))} where the colon belongs.`,
    })
    return invalidAt(p)
  }
  const whenFalse = parseExpression(p)
  return { kind: 'conditional', condition, whenTrue, whenFalse, range: span(condition, whenFalse) }
}

const parseBinary = (p: Parser, lowest: number): Expression => {
  let left = parseUnary(p)
  for (;;) {
    const token = peek(p)
    if (token.kind !== 'sign' || !isBinaryOperator(token.text)) return left
    const operator = token.text
    if (precedence[operator] < lowest) return left
    take(p)
    const right = parseBinary(p, precedence[operator] + 1)
    left = { kind: 'binary', operator, left, right, range: span(left, right) }
  }
}

/** The sign binds closer than any binary operator and looser than a postfix: `-x.y` is `-(x.y)`. */
const parseUnary = (p: Parser): Expression => {
  const token = peek(p)
  if (token.kind !== 'sign' || (token.text !== '-' && token.text !== '!')) return parsePostfix(p, parseTerm(p))
  const operator = token.text
  take(p)
  const operand = nested(
    p,
    () => parseUnary(p),
    () => invalidAt(p),
  )
  const range = { start: p.source.positionAt(token.start), end: operand.range.end }
  return { kind: 'unary', operator, operand, range }
}

const parseTerm = (p: Parser): Expression => {
  const token = peek(p)
  switch (token.kind) {
    case 'identifier':
      return parseWord(p)
    case 'number':
      return parseNumber(p)
    case 'quote':
      return parseQuoted(p)
    case 'heredoc':
      return parseHeredoc(p)
    case 'sign':
      if (token.text === '(') return parseParentheses(p)
      if (token.text === '[') return parseListOrFor(p)
      if (token.text === '{') return parseObjectOrFor(p)
      break
    case 'newline':
    case 'end':
    case 'invalid':
      break
  }
  failAtNext(p, {
    summary: 'Invalid expression',
    detail: `An expression belongs here; found ${describeToken(token)}.`,
  })
  return invalidAt(p)
}

const literalWords: ReadonlyMap<string, null | boolean> = new Map([
  ['true', true],
  ['false', false],
  ['null', null],
])

const parseWord = (p: Parser): Expression => {
  const token = take(p)
  const range = rangeOfToken(p, token)
  if (sees(p, '(')) return parseCall(p, token.text, token.start, range)
  const value = literalWords.get(token.text)
  return value === undefined ? { kind: 'variable', name: token.text, range } : { kind: 'literal', value, range }
}

const parseNumber = (p: Parser): Expression => {
  const token = take(p)
  const range = rangeOfToken(p, token)
  const value = readNumber(token.text)
  if (value !== undefined) return { kind: 'literal', value, range }
  fail(p, range, {
    summary: 'Invalid number literal',
    detail: `"${token.text.slice(0, 40)}" is not a decimal number of at most ${MAX_NUMBER_DIGITS} digits.`,
    hint: 'A version or an address is text: put it between quotes.',
  })
  return { kind: 'invalid', range }
}

const parseParentheses = (p: Parser): Expression => {
  const open = take(p)
  const inner = withNewlines(p, 'skipped', () => {
    const expression = parseExpression(p)
    if (!takeIf(p, ')')) {
      failAtNext(p, {
        summary: 'Unbalanced parentheses',
        detail: `The parenthesis opened at line ${p.source.positionAt(open.start).line} is not closed here; found ${describeToken(peek(p))}.`,
      })
    }
    return expression
  })
  return { kind: 'parentheses', inner, range: p.source.rangeOf(open.start, p.offset) }
}

const parseCall = (p: Parser, name: string, start: number, nameRange: Range): Expression =>
  withNewlines(p, 'skipped', () => {
    take(p)
    const args: Expression[] = []
    let lastArgument: 'plain' | 'spread' = 'plain'
    while (!p.isFailing && !takeIf(p, ')')) {
      args.push(parseExpression(p))
      if (takeIf(p, '...')) {
        lastArgument = 'spread'
        if (!takeIf(p, ')')) {
          failAtNext(p, {
            summary: 'Missing closing parenthesis',
            detail: `After an argument with "..." the call of ${name} must be closed.`,
          })
        }
        break
      }
      if (!sees(p, ')') && !takeIf(p, ',')) {
        failAtNext(p, {
          summary: 'Missing argument separator',
          detail: `Arguments of ${name} are separated by commas; found ${describeToken(peek(p))}.`,
        })
      }
    }
    return { kind: 'call', name, nameRange, args, lastArgument, range: p.source.rangeOf(start, p.offset) }
  })
