import { MAX_NUMBER_DIGITS } from './limits.ts'

/** A number: whole numbers beyond 2^53 are bigints, so that none is ever rounded; all others are finite numbers. */
export type HclNumber = number | bigint

/** The one form of a whole number: a number where that is exact, else a bigint. */
export const normalizeInteger = (value: bigint): HclNumber =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value

/** Longer texts are not looked at: sign, digits before and after the point, exponent. */
const MAX_NUMBER_TEXT = 2 * MAX_NUMBER_DIGITS + 8

const decimal = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

/**
 * Reads a decimal number such as `12`, `-1.50` or `1e3`. Whole numbers of any size stay exact, up to `MAX_NUMBER_DIGITS`
 * digits; fractions are read as doubles. Undefined if the text is no such number or is too large.
 */
export const readNumber = (text: string): HclNumber | undefined => {
  const found = text.length > MAX_NUMBER_TEXT ? null : decimal.exec(text)
  if (found === null) return undefined
  const [, minus = '', whole = '', fraction = '', exponentText = '0'] = found
  const exponent = Number(exponentText)
  const digits = `${whole}${fraction}`.replace(/^0+/, '').replace(/0+$/, '')
  if (digits === '') return 0
  const trailingZeros = /0*$/.exec(`${whole}${fraction}`)?.[0].length ?? 0
  const scale = exponent - fraction.length + trailingZeros
  if (digits.length + Math.max(scale, 0) > MAX_NUMBER_DIGITS) return undefined
  if (scale >= 0) {
    const value = BigInt(digits) * 10n ** BigInt(scale)
    return normalizeInteger(minus === '-' ? -value : value)
  }
  const value = Number(text)
  return Number.isFinite(value) ? normalizeFraction(value) : undefined
}

/** The one form of a double: `-0` is `0`, and a whole one beyond 2^53 becomes the bigint that it is. */
export const normalizeFraction = (value: number): HclNumber => {
  if (value === 0) return 0
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value
}

/** A number as HCL writes it into a string: decimal, without exponent or needless zeros. */
export const printNumber = (value: HclNumber): string => {
  if (typeof value === 'bigint') return value.toString()
  const short = String(value)
  const found = /^(-?)(\d)(?:\.(\d+))?e-(\d+)$/.exec(short)
  if (found === null) return short
  const [, minus = '', first = '', rest = '', places = '0'] = found
  return `${minus}0.${'0'.repeat(Number(places) - 1)}${first}${rest}`
}
