import { TemplateError } from './template-error.ts'
import type { Token } from './token.ts'

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
}

const escapePattern =
  /\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\'"]))|([^\\])/suy

type Piece = { readonly kind: 'byte'; readonly byte: number } | { readonly kind: 'character'; readonly code: number }

const isCharacterCode = (code: number): boolean => code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff)

/** What one escape or one plain character stands for, or null where Go refuses it. `quote` may only be escaped in itself. */
const pieceOf = (match: RegExpExecArray, quote: string): Piece | null => {
  const [, hex, octal, short, long, simple, plain] = match
  if (hex !== undefined) return { kind: 'byte', byte: Number.parseInt(hex, 16) }
  if (octal !== undefined) {
    const byte = Number.parseInt(octal, 8)
    return byte < 256 ? { kind: 'byte', byte } : null
  }
  if (simple !== undefined) {
    const isOtherQuote = simple !== quote && (simple === '"' || simple === "'")
    return isOtherQuote ? null : { kind: 'character', code: simpleEscapes[simple] ?? 0 }
  }
  if (plain !== undefined) return { kind: 'character', code: plain.codePointAt(0) ?? 0 }
  const code = Number.parseInt(short ?? long ?? '', 16)
  return isCharacterCode(code) ? { kind: 'character', code } : null
}

/** The pieces of a quoted constant without its quotes, or null where Go refuses it. */
const piecesOf = (text: string): readonly Piece[] | null => {
  const quote = text[0] ?? ''
  const inner = text.slice(1, -1)
  const pieces: Piece[] = []
  escapePattern.lastIndex = 0
  while (escapePattern.lastIndex < inner.length) {
    const match = escapePattern.exec(inner)
    const piece = match === null ? null : pieceOf(match, quote)
    if (piece === null) return null
    pieces.push(piece)
  }
  return pieces
}

const stringValue = ({ text, offset }: Token): string => {
  const pieces = piecesOf(text)
  if (pieces === null) throw new TemplateError(`invalid syntax in string ${text}`, offset)
  // Escapes can name single bytes, so a string is put together from bytes and read as UTF-8 at the end.
  const parts = pieces.map(piece =>
    piece.kind === 'byte' ? Buffer.of(piece.byte) : Buffer.from(String.fromCodePoint(piece.code)),
  )
  return Buffer.concat(parts).toString('utf8')
}

const characterValue = ({ text, offset }: Token): bigint => {
  const [piece, ...more] = piecesOf(text) ?? []
  if (piece === undefined || more.length > 0) throw new TemplateError(`malformed character constant: ${text}`, offset)
  return BigInt(piece.kind === 'byte' ? piece.byte : piece.code)
}

const MAX_INT = 2n ** 63n - 1n
const MIN_INT = -(2n ** 63n)

const wholePattern = /^(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|\d+)$/

/** Underscores may stand between digits and behind the prefix of a base, nowhere else. */
const hasMisplacedUnderscore = (digits: string): boolean => {
  const unprefixed = digits.replace(/^0[xXbBoO]_?/, '0')
  return /__|_$|_[.+-]|[.+-]_/.test(unprefixed) || (!/^0[xX]/.test(digits) && /_[eE]|[eE]_/.test(unprefixed))
}

/** A float written in hexadecimal, such as `0x1.8p3`: a mantissa and a power of two. */
const hexFloat = (digits: string): number => {
  const [, whole = '', fraction = '', exponent = '0'] =
    /^0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([+-]?\d+)$/.exec(digits) ?? []
  return Number.parseInt(`0${whole}${fraction}`, 16) * 2 ** (Number(exponent) - 4 * fraction.length)
}

/** A number constant: int when it is written as one, else float64. */
const numberValue = ({ text, offset }: Token): bigint | number => {
  const isNegative = text.startsWith('-')
  const written = text.replace(/^[+-]/, '')
  const digits = written.replaceAll('_', '')
  if (hasMisplacedUnderscore(written)) throw new TemplateError(`illegal number syntax: "${text}"`, offset)
  if (digits.endsWith('i')) throw new TemplateError(`complex numbers are not supported: ${text}`, offset)
  if (wholePattern.test(digits)) {
    if (/^0[0-9]+$/.test(digits) && /[89]/.test(digits))
      throw new TemplateError(`illegal number syntax: "${text}"`, offset)
    const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits)
    const signed = isNegative ? -value : value
    if (signed > MAX_INT || signed < MIN_INT) throw new TemplateError(`integer overflow: "${text}"`, offset)
    return signed
  }
  const value = /^0[xX].*[pP]/.test(digits) ? hexFloat(digits) : Number(digits)
  if (!Number.isFinite(value)) throw new TemplateError(`illegal number syntax: "${text}"`, offset)
  return isNegative ? -value : value
}

/** The value of a token that is a constant. Throws TemplateError for a malformed one. */
export const constantValue = (token: Token & { readonly kind: ConstantKind }): boolean | bigint | number | string => {
  switch (token.kind) {
    case 'bool':
      return token.text === 'true'
    case 'number':
      return numberValue(token)
    case 'char':
      return characterValue(token)
    case 'string':
      return stringValue(token)
    case 'raw-string':
      return token.text.slice(1, -1).replaceAll('\r', '')
  }
}

export type ConstantKind = 'bool' | 'number' | 'char' | 'string' | 'raw-string'
