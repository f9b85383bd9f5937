import {
  describeToken,
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
import type { Expression } from './syntax.ts'

/**
 * Reads what may follow a term: `.name`, `.0`, `[key]`, `[*]`, `.*`. After `[*]` everything that follows applies to each
 * element; after `.*` only attributes do, and an index applies to the resulting list.
 */

/** Reads postfixes until there are none. */
export const parsePostfix = (p: Parser, term: Expression): Expression => {
  let target = term
  for (;;) {
    if (sees(p, '.')) target = parseDot(p, target)
    else if (sees(p, '[')) target = parseBrackets(p, target)
    else return target
  }
}

const rangeFrom = (p: Parser, target: Expression) => ({
  start: target.range.start,
  end: p.source.positionAt(p.offset),
})

const parseDot = (p: Parser, target: Expression): Expression => {
  take(p)
  const token = peek(p)
  if (token.kind === 'identifier') {
    take(p)
    return { kind: 'attribute', target, name: token.text, range: rangeFrom(p, target) }
  }
  if (token.kind === 'number') return parseDottedIndex(p, target)
  if (sees(p, '*')) {
    const star = take(p)
    const each = parseAttributesOnly(p, { kind: 'splat-item', range: rangeOfToken(p, star) })
    return { kind: 'splat', target, each, form: 'dotted', range: rangeFrom(p, target) }
  }
  failAtNext(p, {
    summary: 'Invalid attribute name',
    detail: `The name of an attribute belongs after the dot; found ${describeToken(token)}.`,
    hint: 'A name with other characters goes into brackets and quotes: meta["a.b"].',
  })
  return { kind: 'invalid', range: target.range }
}

const parseDottedIndex = (p: Parser, target: Expression): Expression => {
  const token = take(p)
  const value = Number(token.text)
  if (!/^\d+$/.test(token.text) || !Number.isSafeInteger(value)) {
    p.offset = token.start
    failAtNext(p, {
      summary: 'Invalid legacy index syntax',
      detail: `"${token.text}" after a dot is not one whole number.`,
      hint: 'Write indexes in brackets: list[0][1].',
    })
    return { kind: 'invalid', range: target.range }
  }
  const key: Expression = { kind: 'literal', value, range: rangeOfToken(p, token) }
  return { kind: 'index', target, key, form: 'dotted', range: rangeFrom(p, target) }
}

const parseAttributesOnly = (p: Parser, item: Expression): Expression => {
  let each = item
  while (sees(p, '.')) {
    const dot = take(p)
    if (sees(p, '*')) {
      failAtNext(p, {
        summary: 'Nested splat expression not allowed',
        detail: 'A ".*" takes along attributes only, so a second one cannot follow it.',
        hint: 'Use "[*]", which can be repeated.',
      })
      return each
    }
    p.offset = dot.start
    each = parseDot(p, each)
  }
  return each
}

const parseBrackets = (p: Parser, target: Expression): Expression => {
  const splat = withNewlines(p, 'skipped', () => {
    take(p)
    if (!sees(p, '*')) return undefined
    const star = take(p)
    closeBracket(p)
    return star
  })
  if (splat !== undefined) {
    const item: Expression = { kind: 'splat-item', range: rangeOfToken(p, splat) }
    const each = nested(
      p,
      () => parsePostfix(p, item),
      () => item,
    )
    return { kind: 'splat', target, each, form: 'brackets', range: rangeFrom(p, target) }
  }
  const key = withNewlines(p, 'skipped', () => {
    const expression = p.readExpression(p)
    closeBracket(p)
    return expression
  })
  return { kind: 'index', target, key, form: 'brackets', range: rangeFrom(p, target) }
}

const closeBracket = (p: Parser): void => {
  if (takeIf(p, ']')) return
  failAtNext(p, {
    summary: 'Missing close bracket on index',
    detail: `The index must be closed with "]"; found ${describeToken(peek(p))}.`,
  })
}
