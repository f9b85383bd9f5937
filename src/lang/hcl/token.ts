import type { Fault } from './diagnostic.ts'

/** A token with its offsets. `heredoc` ends after the line of its marker; `quote` is the opening quote alone. */
export type Token = { readonly text: string; readonly start: number; readonly end: number } & (
  | { readonly kind: 'identifier' | 'number' | 'sign' | 'newline' | 'end' | 'quote' }
  | { readonly kind: 'heredoc'; readonly indent: 'kept' | 'flushed' }
  | { readonly kind: 'invalid'; readonly fault: Fault }
)

const identifier = /[\p{ID_Start}_][\p{ID_Continue}-]*/uy
const number = /\d+(?:\.\d+)*(?:[eE][+-]?\d+)?/y
const sign = /\.\.\.|&&|\|\||==|!=|<=|>=|=>|~\}|[{}[\]().,=:?+\-*/%!<>]/y
const heredoc = /<<(-?)([\p{ID_Start}_][\p{ID_Continue}-]*)\r?\n/uy
const space = /[ \t]+|\r(?=\n)|(?:#|\/\/)[^\n]*/y

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray | null => {
  pattern.lastIndex = at
  return pattern.exec(text)
}

const faults: Readonly<Record<string, Fault>> = {
  "'": {
    summary: 'Invalid character',
    detail: 'Single quotes do not enclose strings.',
    hint: 'Use double quotes (").',
  },
  '`': {
    summary: 'Invalid character',
    detail: 'Backticks do not enclose strings.',
    hint: 'Use double quotes ("), or a heredoc (<<EOT) for a string of several lines.',
  },
  ';': {
    summary: 'Invalid character',
    detail: 'Semicolons do not separate anything here.',
    hint: 'Put each argument on a line of its own; separate items with commas.',
  },
  '&': {
    summary: 'Unsupported operator',
    detail: 'There are no operators on bits.',
    hint: 'The logical AND is written "&&".',
  },
  '|': {
    summary: 'Unsupported operator',
    detail: 'There are no operators on bits.',
    hint: 'The logical OR is written "||".',
  },
  '~': {
    summary: 'Unsupported operator',
    detail: 'There are no operators on bits.',
    hint: 'The logical NOT is written "!".',
  },
}

const unknownCharacter: Fault = {
  summary: 'Invalid character',
  detail: 'This character has no meaning here.',
  hint: 'Text belongs between double quotes.',
}

const unclosedComment: Fault = {
  summary: 'Unterminated comment',
  detail: 'This comment is not closed before the end of the file.',
  hint: 'Close it with "*/", or begin each line of it with "#".',
}

/** The offset of the first character that is neither space nor comment, or the unclosed comment found on the way. */
const skipSpace = (
  text: string,
  from: number,
  newlines: 'kept' | 'skipped',
): number | { readonly unclosed: number } => {
  let at = from === 0 && text.startsWith('\ufeff') ? 1 : from
  for (;;) {
    const found = matchAt(space, text, at)
    if (found !== null) at += found[0].length
    else if (newlines === 'skipped' && text[at] === '\n') at += 1
    else if (text.startsWith('/*', at)) {
      const close = text.indexOf('*/', at + 2)
      if (close < 0) return { unclosed: at }
      at = close + 2
    } else return at
  }
}

const lexHeredoc = (text: string, start: number): Token | undefined => {
  const found = matchAt(heredoc, text, start)
  if (found === null) return undefined
  const indent = found[1] === '-' ? 'flushed' : 'kept'
  return { kind: 'heredoc', indent, text: found[2] ?? '', start, end: start + found[0].length }
}

/** The token at or after the offset; `newlines` says whether a line break counts as one. Never throws. */
export const lexToken = (text: string, offset: number, newlines: 'kept' | 'skipped'): Token => {
  const start = skipSpace(text, offset, newlines)
  if (typeof start === 'object') {
    return { kind: 'invalid', text: '/*', start: start.unclosed, end: text.length, fault: unclosedComment }
  }
  if (start >= text.length) return { kind: 'end', text: '', start: text.length, end: text.length }
  const first = text[start] ?? ''
  if (first === '\n') return { kind: 'newline', text: first, start, end: start + 1 }
  if (first === '"') return { kind: 'quote', text: first, start, end: start + 1 }
  const word = matchAt(identifier, text, start)
  if (word !== null) return { kind: 'identifier', text: word[0], start, end: start + word[0].length }
  const digits = matchAt(number, text, start)
  if (digits !== null) return { kind: 'number', text: digits[0], start, end: start + digits[0].length }
  const opening = first === '<' ? lexHeredoc(text, start) : undefined
  if (opening !== undefined) return opening
  const symbol = matchAt(sign, text, start)
  if (symbol !== null) return { kind: 'sign', text: symbol[0], start, end: start + symbol[0].length }
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0)
  const fault = faults[character] ?? unknownCharacter
  return { kind: 'invalid', text: character, start, end: start + character.length, fault }
}
