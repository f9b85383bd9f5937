import { MAX_NUMBER_DIGITS } from './limits.ts'
import { type HclNumber, normalizeFraction, normalizeInteger } from './number-literal.ts'

/**
 * Arithmetic as a person expects it of decimal numbers: whole numbers are exact at any size, and fractions are rounded
 * to 15 significant digits, so that `0.1 + 0.2` is `0.3`. Undefined is a result that is no number or too large.
 */

const SIGNIFICANT_DIGITS = 15

const largest = 10n ** BigInt(MAX_NUMBER_DIGITS)

const isWhole = (value: HclNumber): boolean => typeof value === 'bigint' || Number.isInteger(value)

const boundedInteger = (value: bigint): HclNumber | undefined =>
  value < largest && value > -largest ? normalizeInteger(value) : undefined

/** A fraction in its one form; undefined if it is infinite or not a number. */
export const roundedFraction = (value: number): HclNumber | undefined => {
  if (!Number.isFinite(value)) return undefined
  return normalizeFraction(Number.isInteger(value) ? value : Number(value.toPrecision(SIGNIFICANT_DIGITS)))
}

type Operation = {
  readonly ofNumbers: (x: number, y: number) => number
  readonly ofIntegers: (x: bigint, y: bigint) => bigint
}

const calculate = (operation: Operation, x: HclNumber, y: HclNumber): HclNumber | undefined => {
  if (!isWhole(x) || !isWhole(y)) return roundedFraction(operation.ofNumbers(Number(x), Number(y)))
  if (typeof x === 'number' && typeof y === 'number') {
    const quick = operation.ofNumbers(x, y)
    if (Number.isSafeInteger(quick)) return quick === 0 ? 0 : quick
  }
  return boundedInteger(operation.ofIntegers(BigInt(x), BigInt(y)))
}

const addition: Operation = { ofNumbers: (x, y) => x + y, ofIntegers: (x, y) => x + y }
const subtraction: Operation = { ofNumbers: (x, y) => x - y, ofIntegers: (x, y) => x - y }
const multiplication: Operation = { ofNumbers: (x, y) => x * y, ofIntegers: (x, y) => x * y }
const remainder: Operation = { ofNumbers: (x, y) => x % y, ofIntegers: (x, y) => x % y }

export const addNumbers = (x: HclNumber, y: HclNumber): HclNumber | undefined => calculate(addition, x, y)

/** Always a number, since no operand is larger than the largest result. */
export const subtractNumbers = (x: HclNumber, y: HclNumber): HclNumber => calculate(subtraction, x, y) ?? x

export const multiplyNumbers = (x: HclNumber, y: HclNumber): HclNumber | undefined => calculate(multiplication, x, y)

/** The remainder has the sign of the dividend; undefined for a divisor of zero. */
export const remainderOf = (x: HclNumber, y: HclNumber): HclNumber | undefined =>
  Number(y) === 0 ? undefined : calculate(remainder, x, y)

/** Exact where both are whole and it divides evenly; undefined for a divisor of zero. */
export const divideNumbers = (x: HclNumber, y: HclNumber): HclNumber | undefined => {
  if (Number(y) === 0) return undefined
  if (isWhole(x) && isWhole(y)) {
    const [dividend, divisor] = [BigInt(x), BigInt(y)]
    if (dividend % divisor === 0n) return boundedInteger(dividend / divisor)
  }
  return roundedFraction(Number(x) / Number(y))
}

/** Negative, zero or positive; exact also between bigints and fractions. */
export const compareNumbers = (x: HclNumber, y: HclNumber): number => (x < y ? -1 : x > y ? 1 : 0)

/** The power; exact for whole numbers, undefined where it is no number or too large. */
export const powerOf = (base: HclNumber, exponent: HclNumber): HclNumber | undefined => {
  if (!isWhole(base) || !isWhole(exponent) || Number(exponent) < 0) {
    return roundedFraction(Number(base) ** Number(exponent))
  }
  if (exponent === 0) return 1
  if (base === 0 || base === 1) return base
  if (base === -1) return BigInt(exponent) % 2n === 0n ? 1 : -1
  const magnitude = Math.abs(Number(base))
  if (Math.log10(magnitude) * Number(exponent) > MAX_NUMBER_DIGITS + 1) return undefined
  return boundedInteger(BigInt(base) ** BigInt(exponent))
}
