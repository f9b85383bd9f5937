import { TemplateError } from './template-error.ts'
import { keywords, type Token } from './token.ts'

export type Delimiters = { readonly left: string; readonly right: string }

const SPACES = ' \t\r\n'
const keywordSet: ReadonlySet<string> = new Set(keywords)
const wordCharacter = /[\p{L}\p{Nd}_]/u

/** Go's form of naming a character in an error: `U+0040 '@'`. */
const named = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  return `U+${code.toString(16).toUpperCase().padStart(4, '0')} '${character}'`
}

type Lexer = {
  readonly source: string
  readonly delimiters: Delimiters
  readonly tokens: Token[]
  position: number
  parentheses: number
}

const isSpaceAt = (source: string, offset: number): boolean => {
  const character = source[offset]
  return character !== undefined && SPACES.includes(character)
}

/** A text without the white space at its end. A loop, because a regular expression would look at every space again. */
const trimmedEnd = (text: string): string => {
  let end = text.length
  while (isSpaceAt(text, end - 1)) end--
  return text.slice(0, end)
}

/** The character at an offset, whole even where it takes two code units; '' at the end. */
const characterAt = (source: string, offset: number): string => {
  const code = source.codePointAt(offset)
  return code === undefined ? '' : String.fromCodePoint(code)
}

const isWordAt = (source: string, offset: number): boolean => wordCharacter.test(characterAt(source, offset))

/** The end of the run of letters, digits and underscores that starts at an offset. */
const wordEnd = (source: string, offset: number): number => {
  let end = offset
  while (end < source.length && isWordAt(source, end)) end += characterAt(source, end).length
  return end
}

const push = (lexer: Lexer, kind: Token['kind'], end: number): void => {
  lexer.tokens.push({ kind, text: lexer.source.slice(lexer.position, end), offset: lexer.position })
  lexer.position = end
}

/** How many characters a closing delimiter takes at an offset, its trim marker included; 0 when there is none. */
const rightDelimiterLength = ({ source, delimiters }: Lexer, offset: number): number => {
  if (source.startsWith(delimiters.right, offset)) return delimiters.right.length
  const isTrimmed = isSpaceAt(source, offset) && source.startsWith(`-${delimiters.right}`, offset + 1)
  return isTrimmed ? 2 + delimiters.right.length : 0
}

/** Passes a closing delimiter of the given length and, when that asks for it, the white space behind it. */
const passRightDelimiter = (lexer: Lexer, length: number): void => {
  lexer.position += length
  if (length === lexer.delimiters.right.length) return
  while (isSpaceAt(lexer.source, lexer.position)) lexer.position++
}

/** What an action needs after a word, a field or a variable: something that cannot belong to it. */
const assertTerminated = (lexer: Lexer, end: number): void => {
  const { source, delimiters } = lexer
  const character = characterAt(source, end)
  if (character === '' || SPACES.includes(character) || '.,|:=()'.includes(character)) return
  if (source.startsWith(delimiters.right, end)) return
  throw new TemplateError(`bad character ${named(character)}`, end)
}

const lexWord = (lexer: Lexer): void => {
  const end = wordEnd(lexer.source, lexer.position)
  assertTerminated(lexer, end)
  const word = lexer.source.slice(lexer.position, end)
  if (keywordSet.has(word)) return push(lexer, 'keyword', end)
  if (word === 'true' || word === 'false') return push(lexer, 'bool', end)
  push(lexer, word === 'nil' ? 'nil' : 'identifier', end)
}

/** A field or a variable: a dot or a dollar sign and the word behind it, which may be missing. */
const lexNamed = (lexer: Lexer, kind: 'field' | 'variable'): void => {
  const end = wordEnd(lexer.source, lexer.position + 1)
  assertTerminated(lexer, end)
  push(lexer, kind === 'field' && end === lexer.position + 1 ? 'dot' : kind, end)
}

const numberPattern =
  /[+-]?(?:0[xX][0-9a-fA-F_]+(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?\d+)?|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)i?/y

const lexNumber = (lexer: Lexer): void => {
  numberPattern.lastIndex = lexer.position
  const match = numberPattern.exec(lexer.source)
  const end = lexer.position + (match?.[0].length ?? 1)
  if (match === null || isWordAt(lexer.source, end)) {
    const stop = Math.max(end, wordEnd(lexer.source, end))
    throw new TemplateError(
      `bad number syntax: ${JSON.stringify(lexer.source.slice(lexer.position, stop))}`,
      lexer.position,
    )
  }
  push(lexer, 'number', end)
}

/** A string or a character in quotes; a backslash takes the character behind it along. */
const lexQuoted = (lexer: Lexer, kind: 'string' | 'char', what: string): void => {
  const quote = lexer.source[lexer.position]
  let end = lexer.position + 1
  for (; lexer.source[end] !== quote; end++) {
    if (lexer.source[end] === '\\') end++
    if (end >= lexer.source.length || lexer.source[end] === '\n')
      throw new TemplateError(`unterminated ${what}`, lexer.position)
  }
  push(lexer, kind, end + 1)
}

const lexRawString = (lexer: Lexer): void => {
  const end = lexer.source.indexOf('`', lexer.position + 1)
  if (end < 0) throw new TemplateError('unterminated raw quoted string', lexer.position)
  push(lexer, 'raw-string', end + 1)
}

const lexSpace = (lexer: Lexer): void => {
  let end = lexer.position
  while (isSpaceAt(lexer.source, end) && rightDelimiterLength(lexer, end) === 0) end++
  push(lexer, 'space', end)
}

const lexParenthesis = (lexer: Lexer, character: '(' | ')'): void => {
  lexer.parentheses += character === '(' ? 1 : -1
  if (lexer.parentheses < 0) throw new TemplateError('unexpected right paren', lexer.position)
  push(lexer, character === '(' ? 'left-paren' : 'right-paren', lexer.position + 1)
}

const isDigitAt = (source: string, offset: number): boolean => /[0-9]/.test(source[offset] ?? '')

/** Takes one token of an action whose first character is punctuation; answers whether there was one. */
const lexPunctuation = (lexer: Lexer, character: string): boolean => {
  const { source, position } = lexer
  switch (character) {
    case ':':
      if (source[position + 1] !== '=') throw new TemplateError('expected :=', position)
      push(lexer, 'declare', position + 2)
      return true
    case '=':
      push(lexer, 'assign', position + 1)
      return true
    case '|':
      push(lexer, 'pipe', position + 1)
      return true
    case ',':
      push(lexer, 'comma', position + 1)
      return true
    case '(':
    case ')':
      lexParenthesis(lexer, character)
      return true
    case '"':
      lexQuoted(lexer, 'string', 'quoted string')
      return true
    case "'":
      lexQuoted(lexer, 'char', 'character constant')
      return true
    case '`':
      lexRawString(lexer)
      return true
    case '$':
      lexNamed(lexer, 'variable')
      return true
    default:
      return false
  }
}

const lexActionToken = (lexer: Lexer): void => {
  const { source, position } = lexer
  const character = characterAt(source, position)
  if (isSpaceAt(source, position)) return lexSpace(lexer)
  if (lexPunctuation(lexer, character)) return
  if (character === '.' && !isDigitAt(source, position + 1)) return lexNamed(lexer, 'field')
  if (/[.+\-0-9]/.test(character)) return lexNumber(lexer)
  if (isWordAt(source, position)) return lexWord(lexer)
  throw new TemplateError(`unrecognized character in action: ${named(character)}`, position)
}

/** The inside of an action up to and with its closing delimiter. */
const lexAction = (lexer: Lexer, start: number): void => {
  lexer.parentheses = 0
  for (;;) {
    const length = rightDelimiterLength(lexer, lexer.position)
    if (length > 0) {
      if (lexer.parentheses > 0) throw new TemplateError('unclosed left paren', lexer.position)
      lexer.tokens.push({ kind: 'right', text: lexer.delimiters.right, offset: lexer.position })
      return passRightDelimiter(lexer, length)
    }
    if (lexer.position >= lexer.source.length) throw new TemplateError('unclosed action', start)
    lexActionToken(lexer)
  }
}

const lexComment = (lexer: Lexer): void => {
  const end = lexer.source.indexOf('*/', lexer.position + 2)
  if (end < 0) throw new TemplateError('unclosed comment', lexer.position)
  const length = rightDelimiterLength(lexer, end + 2)
  if (length === 0) throw new TemplateError('comment ends before closing delimiter', lexer.position)
  lexer.position = end + 2
  passRightDelimiter(lexer, length)
}

/**
 * Cuts a template into tokens. White space inside actions is a token, since `f .x` and `f.x` differ. White space that
 * `{{-` and `-}}` ask to trim is gone, and so are comments. Throws TemplateError.
 */
export const lex = (source: string, delimiters: Delimiters): readonly Token[] => {
  const lexer: Lexer = { source, delimiters, tokens: [], position: 0, parentheses: 0 }
  while (lexer.position < source.length) {
    const start = source.indexOf(delimiters.left, lexer.position)
    const textEnd = start < 0 ? source.length : start
    const inside = textEnd + delimiters.left.length
    const isTrimmed = start >= 0 && source[inside] === '-' && isSpaceAt(source, inside + 1)
    const raw = source.slice(lexer.position, textEnd)
    const text = isTrimmed ? trimmedEnd(raw) : raw
    if (text !== '') lexer.tokens.push({ kind: 'text', text, offset: lexer.position })
    lexer.position = textEnd
    if (start < 0) break
    lexer.position = inside + (isTrimmed ? 2 : 0)
    if (source.startsWith('/*', lexer.position)) {
      lexComment(lexer)
      continue
    }
    lexer.tokens.push({ kind: 'left', text: delimiters.left, offset: start })
    lexAction(lexer, start)
  }
  lexer.tokens.push({ kind: 'end-of-source', text: '', offset: source.length })
  return lexer.tokens
}
