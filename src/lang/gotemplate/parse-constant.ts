import { piecesOf, unquote } from '../gostring/unquote.ts'
import { TemplateError } from './template-error.ts'
import type { Token } from './token.ts'

const stringValue = ({ text, offset }: Token): string => {
  const value = unquote(text)
  if (value === null) throw new TemplateError(`invalid syntax in string ${text}`, offset)
  return value
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
    case 'raw-string':
      return stringValue(token)
  }
}

export type ConstantKind = 'bool' | 'number' | 'char' | 'string' | 'raw-string'
