import {
  describeToken,
  failAtNext,
  type Parser,
  peek,
  rangeFrom,
  sees,
  seesWord,
  take,
  takeIf,
  withNewlines,
} from './parser.ts'
import type { Expression, ForExpression, ObjectItem, ObjectKey } from './syntax.ts'

/** Reads `[…]` and `{…}` where a value is expected: lists, objects, and both forms of `for`. */

/** At `[`: a list or a `for` that makes one. Line breaks are mere space. */
export const parseListOrFor = (p: Parser): Expression =>
  withNewlines(p, 'skipped', () => {
    const open = take(p)
    if (seesWord(p, 'for')) return parseFor(p, open.start, 'list')
    const items: Expression[] = []
    while (!p.isFailing && !takeIf(p, ']')) {
      items.push(p.readExpression(p))
      if (sees(p, ']') || takeIf(p, ',')) continue
      failAtNext(p, {
        summary: 'Missing item separator',
        detail: `Items of a list are separated by commas; found ${describeToken(peek(p))}.`,
      })
    }
    return { kind: 'list', items, range: rangeFrom(p, open.start) }
  })

/** At `{`: an object or a `for` that makes one. A line break separates items of an object, and is mere space in a `for`. */
export const parseObjectOrFor = (p: Parser): Expression => {
  const open = take(p)
  const isFor = withNewlines(p, 'skipped', () => seesWord(p, 'for'))
  if (isFor) return withNewlines(p, 'skipped', () => parseFor(p, open.start, 'object'))
  return withNewlines(p, 'kept', () => {
    const items: ObjectItem[] = []
    while (!p.isFailing && !takeIf(p, '}')) {
      if (peek(p).kind === 'newline') {
        take(p)
        continue
      }
      items.push(parseItem(p))
      if (sees(p, '}') || peek(p).kind === 'newline' || takeIf(p, ',')) continue
      failAtNext(p, {
        summary: 'Missing attribute separator',
        detail: `Items of an object are separated by commas or line breaks; found ${describeToken(peek(p))}.`,
      })
    }
    return { kind: 'object', items, range: rangeFrom(p, open.start) }
  })
}

const parseItem = (p: Parser): ObjectItem => {
  const key = keyOf(p.readExpression(p))
  if (!takeIf(p, '=') && !takeIf(p, ':')) {
    failAtNext(p, {
      summary: 'Missing attribute value',
      detail: `A key of an object is followed by "=" and its value; found ${describeToken(peek(p))}.`,
    })
  }
  return { key, value: p.readExpression(p) }
}

/** A bare name names itself, also where it is a word of the language; anything else is evaluated. */
const keyOf = (expression: Expression): ObjectKey => {
  const { range } = expression
  if (expression.kind === 'variable') return { kind: 'name', name: expression.name, range }
  if (expression.kind === 'literal' && (expression.value === null || typeof expression.value === 'boolean')) {
    return { kind: 'name', name: String(expression.value), range }
  }
  return { kind: 'computed', expression, range }
}

const parseName = (p: Parser): string => {
  const token = peek(p)
  if (token.kind === 'identifier') return take(p).text
  failAtNext(p, {
    summary: 'Invalid "for" expression',
    detail: `A variable's name belongs here; found ${describeToken(token)}.`,
    hint: 'A "for" reads [for value in list : result] or {for key, value in map : key => result}.',
  })
  return ''
}

/** `key, value in` or `value in`, after the word `for`; also used by the template directive. */
export const parseForNames = (p: Parser): { readonly keyName?: string; readonly valueName: string } => {
  const first = parseName(p)
  const names = takeIf(p, ',') ? { keyName: first, valueName: parseName(p) } : { valueName: first }
  if (seesWord(p, 'in')) take(p)
  else {
    failAtNext(p, {
      summary: 'Invalid "for" expression',
      detail: `The word "in" belongs after the names; found ${describeToken(peek(p))}.`,
    })
  }
  return names
}

const expectInFor = (p: Parser, sign: string, role: string): void => {
  if (takeIf(p, sign)) return
  failAtNext(p, {
    summary: 'Invalid "for" expression',
    detail: `"${sign}" belongs here, ${role}; found ${describeToken(peek(p))}.`,
  })
}

const parseFor = (p: Parser, start: number, kind: 'list' | 'object'): Expression => {
  take(p)
  const names = parseForNames(p)
  const collection = p.readExpression(p)
  expectInFor(p, ':', 'after the collection')
  const result = kind === 'list' ? parseListResult(p) : parseObjectResult(p)
  let condition: Expression | undefined
  if (seesWord(p, 'if')) {
    take(p)
    condition = p.readExpression(p)
  }
  expectInFor(p, kind === 'list' ? ']' : '}', 'at the end')
  const range = rangeFrom(p, start)
  return { kind: 'for', ...names, collection, result, ...(condition === undefined ? {} : { condition }), range }
}

const parseListResult = (p: Parser): ForExpression['result'] => {
  const value = p.readExpression(p)
  if (sees(p, '=>') || sees(p, '...')) {
    failAtNext(p, {
      summary: 'Invalid "for" expression',
      detail: 'Keys and "..." belong to a "for" that makes an object.',
      hint: 'Enclose the "for" in braces instead of brackets.',
    })
  }
  return { kind: 'list', value }
}

const parseObjectResult = (p: Parser): ForExpression['result'] => {
  const key = p.readExpression(p)
  expectInFor(p, '=>', 'between key and value')
  const value = p.readExpression(p)
  return takeIf(p, '...') ? { kind: 'groups', key, value } : { kind: 'object', key, value }
}
