import type { FormatSpec } from './format-spec.ts'

/** No float64 has more digits after the point than this; further ones are zeros. */
const MAX_FRACTION_DIGITS = 1_100

/** A finite float64 as `mantissa × 2^exponent`, exactly. */
const decompose = (value: number): { readonly mantissa: bigint; readonly exponent: number } => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & 0xf_ffff_ffff_ffffn
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 }
}

/** `value × 10^digits` rounded to a whole number, halves to even, as Go rounds; `digits` may be negative. */
const scaledAndRounded = (value: number, digits: number): bigint => {
  const { mantissa, exponent } = decompose(Math.abs(value))
  const numerator = mantissa * (digits > 0 ? 10n ** BigInt(digits) : 1n) * (exponent > 0 ? 1n << BigInt(exponent) : 1n)
  const denominator = (digits < 0 ? 10n ** BigInt(-digits) : 1n) * (exponent < 0 ? 1n << BigInt(-exponent) : 1n)
  const quotient = numerator / denominator
  const twice = (numerator % denominator) * 2n
  const isUp = twice > denominator || (twice === denominator && quotient % 2n === 1n)
  return isUp ? quotient + 1n : quotient
}

/** `%f`: digits before and after the point, the sign left off. */
const fixedDigits = (value: number, precision: number): string => {
  const exact = Math.min(precision, MAX_FRACTION_DIGITS)
  const digits = scaledAndRounded(value, exact)
    .toString()
    .padStart(exact + 1, '0')
  const whole = digits.slice(0, digits.length - exact)
  const fraction = digits.slice(digits.length - exact).padEnd(precision, '0')
  return precision === 0 ? whole : `${whole}.${fraction}`
}

type Scientific = { readonly digits: string; readonly exponent: number }

/** The power of ten of a number's first digit. Twenty digits, because the shortest form may be rounded up to the next one. */
const decimalExponent = (value: number): number => Number(Math.abs(value).toExponential(20).split('e')[1])

/** The first `count` digits of a number, rounded, and the power of ten of the first one. */
const significantDigits = (value: number, count: number): Scientific => {
  if (value === 0) return { digits: '0'.repeat(count), exponent: 0 }
  const exact = Math.min(count, MAX_FRACTION_DIGITS)
  const exponent = decimalExponent(value)
  const digits = scaledAndRounded(value, exact - 1 - exponent).toString()
  // Rounding up may have made one digit more: 9.99 to two digits is 10.
  const isCarried = digits.length > exact
  return { digits: digits.slice(0, exact).padEnd(count, '0'), exponent: exponent + Number(isCarried) }
}

/** The fewest digits that still tell a number from its neighbours. */
const shortestDigits = (value: number): Scientific => {
  const [mantissa = '0', exponent = '0'] = Math.abs(value).toExponential().split('e')
  return { digits: mantissa.replace('.', ''), exponent: Number(exponent) }
}

const exponentText = (exponent: number): string =>
  `e${exponent < 0 ? '-' : '+'}${Math.abs(exponent).toString().padStart(2, '0')}`

const scientificText = ({ digits, exponent }: Scientific): string =>
  `${digits[0] ?? '0'}${digits.length > 1 ? `.${digits.slice(1)}` : ''}${exponentText(exponent)}`

/** Digits and the exponent of the first one, written out without an exponent. */
const plainText = ({ digits, exponent }: Scientific): string => {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const fraction = digits.slice(exponent + 1)
  return fraction === '' ? whole : `${whole}.${fraction}`
}

/** Without a precision `%g` turns to the form with an exponent from this power of ten on. */
const SHORTEST_EXPONENT = 6

/** `%g`: the shorter of both forms, without trailing zeros unless `keepsZeros`, which fills up to the precision or 6. */
const generalDigits = (value: number, precision: number | null, keepsZeros: boolean): string => {
  const rounded = precision === null ? shortestDigits(value) : significantDigits(value, Math.max(precision, 1))
  const digits = keepsZeros
    ? rounded.digits.padEnd(precision ?? SHORTEST_EXPONENT, '0')
    : rounded.digits.replace(/0+$/, '') || '0'
  const threshold = precision === null ? SHORTEST_EXPONENT : Math.max(precision, 1)
  const shown = { digits, exponent: rounded.exponent }
  return shown.exponent < -4 || shown.exponent >= threshold ? scientificText(shown) : plainText(shown)
}

/** `%b` of a float: the exact mantissa and the power of two. */
const binaryDigits = (value: number): string => {
  const { mantissa, exponent } = decompose(Math.abs(value))
  return `${mantissa}p${exponent < 0 ? '-' : '+'}${Math.abs(exponent)}`
}

/** Bits of a float64's mantissa behind its leading one. */
const MANTISSA_BITS = 52

/** `%x` of a float: the mantissa in hexadecimal, rounded to `precision` digits where that is given, and the power of two. */
const hexDigits = (value: number, precision: number | null): string => {
  const { mantissa, exponent } = decompose(Math.abs(value))
  const missingBits = MANTISSA_BITS + 1 - mantissa.toString(2).length
  const normal = mantissa === 0n ? 0n : mantissa << BigInt(missingBits)
  const dropped = BigInt(Math.max(0, MANTISSA_BITS - 4 * (precision ?? MANTISSA_BITS)))
  const half = dropped === 0n ? 0n : 1n << (dropped - 1n)
  const isOdd = ((normal >> dropped) & 1n) === 1n
  const rounded = ((normal + half - (isOdd || half === 0n ? 0n : 1n)) >> dropped) << dropped
  const isCarried = rounded >> BigInt(MANTISSA_BITS + 1) === 1n
  const power = mantissa === 0n ? 0 : exponent + MANTISSA_BITS - missingBits + Number(isCarried)
  const fraction = (rounded & ((1n << BigInt(MANTISSA_BITS)) - 1n)).toString(16).padStart(MANTISSA_BITS / 4, '0')
  const digits = precision === null ? fraction.replace(/0+$/, '') : fraction.slice(0, precision).padEnd(precision, '0')
  const lead = mantissa === 0n ? '0' : '1'
  return `0x${lead}${digits === '' ? '' : `.${digits}`}p${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}

/** The digits of a finite float without its sign, or null for a verb that floats do not have. */
const floatDigits = (value: number, { verb, precision, flags }: FormatSpec): string | null => {
  switch (verb) {
    case 'v':
      return generalDigits(value, precision, false)
    case 'g':
    case 'G':
      return generalDigits(value, precision, flags.includes('#'))
    case 'e':
    case 'E':
      return scientificText(significantDigits(value, (precision ?? 6) + 1))
    case 'f':
    case 'F':
      return fixedDigits(value, precision ?? 6)
    case 'b':
      return binaryDigits(value)
    case 'x':
    case 'X':
      return hexDigits(value, precision)
    default:
      return null
  }
}

export type SignedDigits = { readonly sign: string; readonly digits: string; readonly isNumeral: boolean }

const signOf = (isNegative: boolean, flags: string): string => {
  if (isNegative) return '-'
  if (flags.includes('+')) return '+'
  return flags.includes(' ') ? ' ' : ''
}

/** A float by its verb, the sign apart so that zeros can go between; null for a verb that floats do not have. */
export const formatFloat = (value: number, spec: FormatSpec): SignedDigits | null => {
  const digits = Number.isFinite(value) ? floatDigits(value, spec) : floatDigits(1, spec) === null ? null : 'Inf'
  if (digits === null) return null
  if (Number.isNaN(value)) return { sign: signOf(false, spec.flags), digits: 'NaN', isNumeral: false }
  const isNegative = value < 0 || Object.is(value, -0)
  if (!Number.isFinite(value)) return { sign: isNegative ? '-' : '+', digits, isNumeral: false }
  const isUpper = spec.verb === 'E' || spec.verb === 'G' || spec.verb === 'X'
  return { sign: signOf(isNegative, spec.flags), digits: isUpper ? digits.toUpperCase() : digits, isNumeral: true }
}

const bases: Readonly<Record<string, readonly [number, string]>> = {
  v: [10, ''],
  d: [10, ''],
  b: [2, '0b'],
  o: [8, '0'],
  O: [8, ''],
  x: [16, '0x'],
  X: [16, '0X'],
}

/** A whole number by its verb, or null for a verb that is not about digits. */
export const formatInteger = (value: bigint, { verb, precision, flags }: FormatSpec): SignedDigits | null => {
  const base = bases[verb]
  if (base === undefined) return null
  const [radix, prefix] = base
  const magnitude = value < 0n ? -value : value
  const isBlank = precision === 0 && value === 0n
  const digits = isBlank ? '' : magnitude.toString(radix).padStart(precision ?? 0, '0')
  const cased = verb === 'X' ? digits.toUpperCase() : digits
  const needsPrefix = flags.includes('#') && !(verb === 'o' && cased.startsWith('0'))
  const marked = verb === 'O' ? `0o${cased}` : `${needsPrefix ? prefix : ''}${cased}`
  return { sign: signOf(value < 0n, flags), digits: isBlank ? '' : marked, isNumeral: true }
}
