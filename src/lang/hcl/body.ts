import { MAX_DIAGNOSTICS } from './limits.ts'
import {
  describeToken,
  fail,
  failAtNext,
  nested,
  type Parser,
  peek,
  rangeOfToken,
  report,
  sees,
  take,
  takeIf,
  withNewlines,
} from './parser.ts'
import { skipItem } from './recovery.ts'
import type { Attribute, Block, Body, Expression, Label } from './syntax.ts'
import { scanQuotedLiteral } from './template-text.ts'
import type { Token } from './token.ts'

/**
 * Reads bodies: attributes and blocks, one item to a line. An item that cannot be read is reported and skipped, so that
 * the items after it are read too.
 */

type ReadExpression = (p: Parser) => Expression
type Items = { readonly attributes: Attribute[]; readonly blocks: Block[] }

/** The body of a file: everything up to the end of the text. */
export const readBody = (p: Parser, readExpression: ReadExpression): Body => {
  const items: Items = { attributes: [], blocks: [] }
  readItems(p, items, readExpression)
  while (peek(p).kind !== 'end') {
    report(p, rangeOfToken(p, peek(p)), {
      summary: 'Argument or block definition required',
      detail: `An argument or a block belongs here; found ${describeToken(peek(p))}, which closes nothing.`,
    })
    take(p)
    readItems(p, items, readExpression)
  }
  return finishBody(p, items, 0)
}

/** Reads items up to a closing brace or the end, neither of which is taken. */
const readItems = (p: Parser, items: Items, readExpression: ReadExpression): void => {
  for (;;) {
    const token = peek(p)
    if (token.kind === 'end' || sees(p, '}')) return
    if (token.kind === 'newline') {
      take(p)
      continue
    }
    readItem(p, items, readExpression)
    if (!p.isFailing) continue
    const faultOffset = p.offset
    p.isFailing = false
    if (p.diagnostics.length >= MAX_DIAGNOSTICS) {
      p.offset = p.source.text.length
      return
    }
    p.offset = skipItem(p.source.text, token.start, faultOffset)
  }
}

const readItem = (p: Parser, items: Items, readExpression: ReadExpression): void => {
  const name = peek(p)
  if (name.kind !== 'identifier') {
    failAtNext(p, invalidStart(name))
    return
  }
  take(p)
  if (sees(p, '=')) {
    const attribute = readAttribute(p, name, readExpression)
    items.attributes.push(attribute)
    expectLineEnd(p, 'Missing newline after argument', 'An argument ends with its line')
    return
  }
  const next = peek(p)
  if (next.kind === 'quote' || next.kind === 'identifier' || sees(p, '{')) {
    readBlock(p, items, name, readExpression)
    return
  }
  fail(p, rangeOfToken(p, next.kind === 'invalid' ? next : name), {
    summary: 'Argument or block definition required',
    detail: `"${name.text}" is followed by ${describeToken(next)}: neither an argument nor a block begins like that.`,
    hint: `To set an argument write ${name.text} = value; a block is ${name.text} { … }.`,
  })
}

const invalidStart = (token: Token) =>
  token.kind === 'quote'
    ? {
        summary: 'Invalid argument name',
        detail: 'The names of arguments and blocks are not quoted.',
        hint: 'For keys with other characters use an object: meta = { "my-key" = "x" }.',
      }
    : {
        summary: 'Argument or block definition required',
        detail: `An argument or a block belongs here; found ${describeToken(token)}.`,
      }

const expectLineEnd = (p: Parser, summary: string, rule: string): void => {
  const next = peek(p)
  if (next.kind === 'newline' || next.kind === 'end') return
  failAtNext(p, { summary, detail: `${rule}; found ${describeToken(next)}.` })
}

const readAttribute = (p: Parser, name: Token, readExpression: ReadExpression): Attribute => {
  take(p)
  const expression = withNewlines(p, 'kept', () => readExpression(p))
  return {
    name: name.text,
    nameRange: rangeOfToken(p, name),
    expression,
    range: { start: p.source.positionAt(name.start), end: expression.range.end },
  }
}

const readLabels = (p: Parser): Label[] => {
  const labels: Label[] = []
  for (;;) {
    const token = peek(p)
    if (token.kind === 'identifier') labels.push({ value: take(p).text, range: rangeOfToken(p, token) })
    else if (token.kind === 'quote') labels.push(readQuotedLabel(p))
    else return labels
  }
}

const readQuotedLabel = (p: Parser): Label => {
  const open = take(p)
  let value = ''
  while (!p.isFailing) {
    const found = scanQuotedLiteral(p, open.start)
    if (found.kind === 'closed') break
    if (found.kind === 'text') value += found.value
    else {
      fail(p, p.source.rangeOf(p.offset, p.offset + 2), {
        summary: 'Invalid block label',
        detail: 'A label is plain text: variables and expressions cannot be part of it.',
        hint: 'For a name from a variable use the argument that the block has for it, such as name = var.x.',
      })
    }
  }
  return { value, range: p.source.rangeOf(open.start, p.offset) }
}

const readBlock = (p: Parser, items: Items, type: Token, readExpression: ReadExpression): void => {
  const labels = readLabels(p)
  const headerEnd = p.offset
  if (!sees(p, '{')) {
    failAtNext(p, {
      summary: 'Invalid block definition',
      detail: `After its type and labels, a block "${type.text}" opens with "{" on the same line; found ${describeToken(peek(p))}.`,
    })
    return
  }
  const open = take(p)
  const body = nested(
    p,
    () => readBlockBody(p, type, open, readExpression),
    () => emptyBody(p, open.start),
  )
  items.blocks.push({
    type: type.text,
    typeRange: rangeOfToken(p, type),
    labels,
    headerRange: p.source.rangeOf(type.start, headerEnd),
    range: p.source.rangeOf(type.start, p.offset),
    body,
  })
  expectLineEnd(p, 'Missing newline after block definition', 'A block ends with its line')
}

const emptyBody = (p: Parser, start: number): Body => ({
  attributes: [],
  blocks: [],
  range: p.source.rangeOf(start, p.offset),
})

const readBlockBody = (p: Parser, type: Token, open: Token, readExpression: ReadExpression): Body => {
  const items: Items = { attributes: [], blocks: [] }
  const next = peek(p)
  if (next.kind !== 'newline' && next.kind !== 'end' && !sees(p, '}')) {
    readSingleArgument(p, items, readExpression)
    return finishBody(p, items, open.start)
  }
  readItems(p, items, readExpression)
  if (!takeIf(p, '}') && !p.isFailing) {
    fail(p, p.source.rangeOf(type.start, open.end), {
      summary: 'Unclosed block',
      detail: `The block "${type.text}" is not closed before the end of the file.`,
      hint: 'Add the missing "}"; if there are enough of them, one further up closes too little.',
    })
  }
  return finishBody(p, items, open.start)
}

/** `type { name = value }` on one line holds exactly one argument. */
const readSingleArgument = (p: Parser, items: Items, readExpression: ReadExpression): void => {
  const name = peek(p)
  if (name.kind !== 'identifier') {
    failAtNext(p, invalidStart(name))
    return
  }
  take(p)
  if (!sees(p, '=')) {
    fail(p, rangeOfToken(p, name), {
      summary: 'Argument definition required',
      detail: 'A block on a single line can hold only one argument.',
      hint: 'Put nested blocks on lines of their own.',
    })
    return
  }
  items.attributes.push(readAttribute(p, name, readExpression))
  if (takeIf(p, '}')) return
  failAtNext(p, {
    summary: 'Invalid single-argument block definition',
    detail: `A block whose argument stands on its first line closes on that line, right after it; found ${describeToken(peek(p))}.`,
    hint: 'Put each argument on a line of its own.',
  })
}

/** Reports names that are defined twice, and closes the tree. All definitions are kept. */
const finishBody = (p: Parser, items: Items, start: number): Body => {
  const seen = new Map<string, Attribute>()
  for (const attribute of items.attributes) {
    const earlier = seen.get(attribute.name)
    if (earlier === undefined) seen.set(attribute.name, attribute)
    else {
      report(p, attribute.nameRange, {
        summary: 'Attribute redefined',
        detail: `The argument "${attribute.name}" was already set at line ${earlier.nameRange.start.line}; it may be set only once.`,
      })
    }
  }
  const clashing = new Set<string>()
  for (const block of items.blocks) {
    const attribute = seen.get(block.type)
    if (attribute === undefined || clashing.has(block.type)) continue
    clashing.add(block.type)
    report(p, block.typeRange, {
      summary: 'Argument and block of one name',
      detail: `"${block.type}" is set as an argument at line ${attribute.nameRange.start.line} and given as a block here; it can be one of them.`,
      hint: 'Write all of it in one of the two forms.',
    })
  }
  return { ...items, range: p.source.rangeOf(start, p.offset) }
}
