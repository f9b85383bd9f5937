import { fail, type Parser } from './parser.ts'

/** What stands at the parser's offset in a template: text (taken), a `${` or `%{` (not taken), or the end (taken). */
export type Literal = { readonly kind: 'text'; readonly value: string } | { readonly kind: 'sequence' | 'closed' }

const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['"', '"'],
  ['\\', '\\'],
])

const isSequence = (text: string, at: number): boolean => (text[at] === '$' || text[at] === '%') && text[at + 1] === '{'

const isEscapedSequence = (text: string, at: number): boolean =>
  (text[at] === '$' || text[at] === '%') && text[at + 1] === text[at] && text[at + 2] === '{'

const composed = (text: string): Literal => ({ kind: 'text', value: text.normalize('NFC') })

const unterminated = (p: Parser, start: number, detail: string, hint: string): Literal => {
  fail(p, p.source.rangeOf(start, start + 1), { summary: 'Unterminated template string', detail, hint })
  return { kind: 'closed' }
}

/** The character that an escape stands for and the escape's length, or undefined if there is no such escape. */
const readEscape = (text: string, at: number): { readonly value: string; readonly length: number } | undefined => {
  const selector = text[at + 1] ?? ''
  const simple = simpleEscapes.get(selector)
  if (simple !== undefined) return { value: simple, length: 2 }
  const digitCount = selector === 'u' ? 4 : selector === 'U' ? 8 : 0
  const digits = text.slice(at + 2, at + 2 + digitCount)
  if (digitCount === 0 || !/^[0-9a-fA-F]+$/.test(digits) || digits.length < digitCount) return undefined
  const code = Number.parseInt(digits, 16)
  const isCharacter = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff)
  return { value: isCharacter ? String.fromCodePoint(code) : '\ufffd', length: 2 + digitCount }
}

/** Reads on in a quoted string that was opened at `open`. */
export const scanQuotedLiteral = (p: Parser, open: number): Literal => {
  const { text } = p.source
  let value = ''
  let at = p.offset
  for (;;) {
    const plainEnd = nextSpecial(text, at, /["\\\r\n$%]/g)
    value += text.slice(at, plainEnd)
    at = plainEnd
    p.offset = at
    const next = text[at]
    if (next === undefined) {
      return unterminated(
        p,
        open,
        'This string is not closed before the end of the file.',
        'Close it with a double quote.',
      )
    }
    if (next === '"' || isSequence(text, at)) {
      if (value !== '') return composed(value)
      if (next !== '"') return { kind: 'sequence' }
      p.offset = at + 1
      return { kind: 'closed' }
    }
    if (next === '\n' || next === '\r') return multiLine(p, open, at)
    if (next === '\\') {
      const escape = readEscape(text, at)
      if (escape === undefined) return badEscape(p, at)
      value += escape.value
      at += escape.length
    } else if (isEscapedSequence(text, at)) {
      value += text.slice(at + 1, at + 3)
      at += 3
    } else {
      value += next
      at += 1
    }
  }
}

const nextSpecial = (text: string, from: number, special: RegExp): number => {
  special.lastIndex = from
  return special.exec(text)?.index ?? text.length
}

const multiLine = (p: Parser, open: number, at: number): Literal => {
  fail(p, p.source.rangeOf(open, at), {
    summary: 'Invalid multi-line string',
    detail: 'A quoted string ends on the line on which it begins.',
    hint: 'Write \\n for a line break, or use a heredoc (<<EOT) for a string of several lines.',
  })
  return { kind: 'closed' }
}

const badEscape = (p: Parser, at: number): Literal => {
  const selector = String.fromCodePoint(p.source.text.codePointAt(at + 1) ?? 0x20)
  const digits = selector === 'u' ? 'four' : selector === 'U' ? 'eight' : ''
  fail(p, p.source.rangeOf(at, at + 1 + selector.length), {
    summary: 'Invalid escape sequence',
    detail:
      digits === ''
        ? `"\\${selector}" is not an escape sequence; there are \\n, \\r, \\t, \\", \\\\, \\uNNNN and \\UNNNNNNNN.`
        : `"\\${selector}" must be followed by ${digits} hexadecimal digits.`,
    hint: 'A backslash itself is written twice.',
  })
  return { kind: 'closed' }
}

/** If the line at `at` is the marker alone, the offset of the line break after it. */
const closingLineEnd = (text: string, at: number, marker: string): number | undefined => {
  const lineEnd = text.indexOf('\n', at)
  if (lineEnd < 0) return undefined
  const end = text[lineEnd - 1] === '\r' ? lineEnd - 1 : lineEnd
  const line = text.slice(at, end)
  return line.trim() === marker && !line.includes('\r') ? end : undefined
}

/** Reads on in a heredoc that was opened at `open`: at most to the end of the line. */
export const scanHeredocLiteral = (p: Parser, open: number, marker: string): Literal => {
  const { text } = p.source
  let at = p.offset
  if (text[at - 1] === '\n') {
    const end = closingLineEnd(text, at, marker)
    if (end !== undefined) {
      p.offset = end
      return { kind: 'closed' }
    }
  }
  let value = ''
  for (;;) {
    const plainEnd = nextSpecial(text, at, /[\r\n$%]/g)
    value += text.slice(at, plainEnd)
    at = plainEnd
    p.offset = at
    const next = text[at]
    if (next === undefined) return failUnclosedHeredoc(p, open, marker)
    if (isSequence(text, at)) return value === '' ? { kind: 'sequence' } : composed(value)
    if (isEscapedSequence(text, at)) {
      value += text.slice(at + 1, at + 3)
      at += 3
      continue
    }
    if (next === '\r' && text[at + 1] !== '\n') return strayReturn(p, at)
    value += next
    at += 1
    if (next === '\n') {
      p.offset = at
      return composed(value)
    }
  }
}

const strayReturn = (p: Parser, at: number): Literal => {
  fail(p, p.source.rangeOf(at, at + 1), {
    summary: 'Invalid character',
    detail: 'A carriage return stands here without a line feed after it.',
    hint: 'Save the file with line ends of Unix or Windows.',
  })
  return { kind: 'closed' }
}

/** True if some line below consists of the marker alone, so that reading the text is worth it. */
export const isClosedBelow = (text: string, from: number, marker: string): boolean => {
  const closingLine = new RegExp(`^[^\\S\\n]*${marker}[^\\S\\n]*\\n`, 'gm')
  closingLine.lastIndex = from
  return closingLine.test(text)
}

/** Reports a heredoc without an end at its opening, from where reading goes on. */
export const failUnclosedHeredoc = (p: Parser, open: number, marker: string): Literal => {
  const lastLine = p.source.text.slice(p.source.text.lastIndexOf('\n') + 1).trim()
  const hint =
    lastLine === marker
      ? `The file ends right after "${marker}": add a line break there.`
      : `Write "${marker}" on a line of its own after the text.`
  p.offset = open
  return unterminated(p, open, `This heredoc is not closed: no line consists of "${marker}" alone.`, hint)
}
