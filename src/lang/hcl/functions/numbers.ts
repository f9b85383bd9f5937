import { compareNumbers, powerOf, roundedFraction, subtractNumbers } from '../arithmetic.ts'
import { define, defineVariadic, done, failed, type HclFunction, type Outcome, takes } from '../function.ts'
import { MAX_NUMBER_DIGITS } from '../limits.ts'
import { type HclNumber, normalizeInteger } from '../number-literal.ts'

const extreme = (numbers: readonly HclNumber[], sign: 1 | -1): Outcome => {
  const [first] = numbers
  if (first === undefined) return failed('at least one number is required')
  return done(numbers.reduce((best, next) => (compareNumbers(next, best) * sign > 0 ? next : best), first))
}

const fraction = (value: number | undefined): Outcome => {
  const rounded = value === undefined ? undefined : roundedFraction(value)
  return rounded === undefined ? failed('the result is no number, or is too large') : done(rounded)
}

const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** Up to base 36 letters count the same in both cases; above it the capital ones come after the small ones. */
const digitValue = (character: string, base: number): number =>
  alphabet.indexOf(base <= 36 ? character.toLowerCase() : character)

const parseInteger = (text: string, base: HclNumber): Outcome => {
  const radix = Number(base)
  if (!Number.isInteger(radix) || radix < 2 || radix > 62)
    return failed('the base must be a whole number from 2 to 62', 1)
  const found = /^([+-]?)([0-9a-zA-Z]+)$/.exec(text)
  const digits = Array.from(found?.[2] ?? '', character => digitValue(character, radix))
  if (found === null || digits.some(digit => digit < 0 || digit >= radix) || digits.length > MAX_NUMBER_DIGITS) {
    return failed(`this text is not a whole number in base ${radix}`, 0)
  }
  const value = digits.reduce((total, digit) => total * BigInt(radix) + BigInt(digit), 0n)
  return done(normalizeInteger(found[1] === '-' ? -value : value))
}

const rounded = (value: HclNumber, round: (value: number) => number): HclNumber =>
  typeof value === 'bigint' ? value : round(value) + 0

const sign = (value: HclNumber): number => compareNumbers(value, 0)

const number = takes.number('num')

export const numberFunctions: readonly HclFunction[] = [
  defineVariadic('min', [], takes.number('numbers'), (_, numbers) => extreme(numbers, -1)),
  defineVariadic('max', [], takes.number('numbers'), (_, numbers) => extreme(numbers, 1)),
  define('abs', [number], value => done(sign(value) < 0 ? subtractNumbers(0, value) : value)),
  define('ceil', [number], value => done(rounded(value, Math.ceil))),
  define('floor', [number], value => done(rounded(value, Math.floor))),
  define('signum', [number], value => done(sign(value))),
  define('log', [number, takes.number('base')], (value, base) =>
    fraction(Math.log(Number(value)) / Math.log(Number(base))),
  ),
  define('pow', [number, takes.number('power')], (base, power) => {
    const result = powerOf(base, power)
    return result === undefined ? failed('the result is no number, or is too large') : done(result)
  }),
  define('parseint', [takes.string('str'), takes.number('base')], parseInteger),
]
