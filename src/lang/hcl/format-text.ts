import { charactersOf } from './characters.ts'
import { toBool, toNumber, toStringValue } from './convert.ts'
import { encodeJson } from './json-text.ts'
import { type HclNumber, normalizeFraction, printNumber } from './number-literal.ts'
import type { Value } from './value.ts'

/** The text, or what is wrong; `argument` counts the arguments of the function, the format being 0. */
export type Formatted =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly message: string; readonly argument?: number }

/** A width or precision may be this large. */
export const MAX_FORMAT_WIDTH = 1_024

const verbPattern = /%([-+ 0#]*)(\d+)?(?:\.(\d*))?(?:\[(\d+)\])?(.)?/gsu

type Verb = {
  readonly flags: string
  readonly width: number
  readonly precision: number | undefined
  readonly letter: string
}

const pad = (verb: Verb, text: string): string => {
  const missing = verb.width - charactersOf(text).length
  if (missing <= 0) return text
  if (verb.flags.includes('-')) return text + ' '.repeat(missing)
  const isNumeric = /^[+-]?[\d.]/.test(text) && !'qsv'.includes(verb.letter)
  if (!verb.flags.includes('0') || !isNumeric) return ' '.repeat(missing) + text
  const sign = /^[+-]/.exec(text)?.[0] ?? ''
  return sign + '0'.repeat(missing) + text.slice(sign.length)
}

const withSign = (verb: Verb, text: string): string => {
  if (text.startsWith('-')) return text
  if (verb.flags.includes('+')) return `+${text}`
  return verb.flags.includes(' ') ? ` ${text}` : text
}

/** Exponents have at least two digits: `1e+06`. */
const exponentForm = (value: number, precision: number | undefined): string =>
  value.toExponential(precision).replace(/e([+-])(\d)$/, 'e$10$2')

/** The shorter of the two forms, as `%g` chooses it. */
const shortForm = (value: number, precision: number | undefined): string => {
  const exponential = precision === undefined ? value.toExponential() : value.toExponential(Math.max(precision, 1) - 1)
  const exponent = Number(exponential.slice(exponential.indexOf('e') + 1))
  const digitCount = exponential.replace(/e.*$/, '').replace(/\D/g, '').length
  const given = precision === undefined ? 6 : Math.max(precision, 1)
  const highest = precision !== undefined && given > digitCount && digitCount >= exponent + 1 ? digitCount : given
  const rounded = Number(exponential)
  return exponent < -4 || exponent >= highest ? exponentForm(rounded, undefined) : fixedForm(rounded)
}

/** A number without exponent, as short as it is exact. */
const fixedForm = (value: number): string => printNumber(normalizeFraction(value))

const formatInteger = (verb: Verb, value: HclNumber): Formatted => {
  if (typeof value === 'number' && !Number.isInteger(value)) return { ok: false, message: 'a whole number is required' }
  const radix = { b: 2, d: 10, o: 8, x: 16, X: 16 }[verb.letter] ?? 10
  const digits = value.toString(radix)
  const prefix = verb.flags.includes('#') ? ({ x: '0x', X: '0X', o: '0' }[verb.letter] ?? '') : ''
  const text = digits.startsWith('-') ? `-${prefix}${digits.slice(1)}` : `${prefix}${digits}`
  return { ok: true, value: pad(verb, withSign(verb, verb.letter === 'X' ? text.toUpperCase() : text)) }
}

const formatFraction = (verb: Verb, value: HclNumber): Formatted => {
  const { letter, precision } = verb
  if (letter === 'f' && typeof value === 'bigint') {
    const decimals = precision ?? 6
    return {
      ok: true,
      value: pad(verb, withSign(verb, value.toString() + (decimals > 0 ? `.${'0'.repeat(decimals)}` : ''))),
    }
  }
  const number = Number(value)
  const lower = letter.toLowerCase()
  const digits = Math.min(precision ?? 6, 100)
  let text = shortForm(number, precision === undefined ? undefined : Math.min(precision, 100))
  if (lower === 'f') text = number.toFixed(digits)
  if (lower === 'e') text = exponentForm(number, digits)
  return { ok: true, value: pad(verb, withSign(verb, letter === 'E' || letter === 'G' ? text.toUpperCase() : text)) }
}

const formatAsIs = (verb: Verb, value: Value): Formatted => {
  if (!verb.flags.includes('#')) {
    if (typeof value === 'string') return { ok: true, value: pad(verb, value) }
    if (typeof value === 'number' || typeof value === 'bigint') {
      return { ok: true, value: pad(verb, shortForm(Number(value), undefined)) }
    }
  }
  const json = encodeJson(value)
  return json.ok ? { ok: true, value: pad(verb, json.value) } : json
}

const formatString = (verb: Verb, value: Value): Formatted => {
  const text = toStringValue(value)
  if (!text.ok) return text
  const cut = verb.precision === undefined ? text.value : charactersOf(text.value).slice(0, verb.precision).join('')
  if (verb.letter === 's') return { ok: true, value: pad(verb, cut) }
  const json = encodeJson(cut)
  return json.ok ? { ok: true, value: pad(verb, json.value) } : json
}

const formatVerb = (verb: Verb, value: Value): Formatted => {
  if (verb.letter === 'v') return formatAsIs(verb, value)
  if (verb.letter === 's' || verb.letter === 'q') return formatString(verb, value)
  if (verb.letter === 't') {
    const bool = toBool(value)
    return bool.ok ? { ok: true, value: pad(verb, String(bool.value)) } : bool
  }
  const number = toNumber(value)
  if (!number.ok) return number
  return 'bdoxX'.includes(verb.letter) ? formatInteger(verb, number.value) : formatFraction(verb, number.value)
}

const knownLetters = 'vtbdoxXeEfgGsq'

/** Fills a format: `%s`, `%d`, `%5.2f`, `%q`, `%v`, `%[2]s`, `%%` … Every argument must be used. */
export const formatText = (format: string, args: readonly Value[]): Formatted => {
  const pieces: string[] = []
  let at = 0
  let next = 0
  let usedCount = 0
  let hasExplicitIndex = false
  for (const found of format.matchAll(verbPattern)) {
    const [whole, flags = '', width = '0', precision, explicit, letter = ''] = found
    pieces.push(format.slice(at, found.index))
    at = found.index + whole.length
    if (whole === '%%') {
      pieces.push('%')
      continue
    }
    if (letter === '' || !knownLetters.includes(letter)) {
      return { ok: false, message: `"${whole}" is not a format verb; a percent sign itself is written %%` }
    }
    const verb: Verb = {
      flags,
      width: Number(width),
      precision: precision === undefined ? undefined : Number(precision),
      letter,
    }
    if (verb.width > MAX_FORMAT_WIDTH || (verb.precision ?? 0) > MAX_FORMAT_WIDTH) {
      return { ok: false, message: `the width of "${whole}" is over ${MAX_FORMAT_WIDTH}` }
    }
    hasExplicitIndex ||= explicit !== undefined
    const index = explicit === undefined ? next : Number(explicit) - 1
    const value = args[index]
    if (value === undefined) return { ok: false, message: `"${whole}" has no argument: only ${args.length} are given` }
    next = index + 1
    usedCount = Math.max(usedCount, next)
    const text = formatVerb(verb, value)
    if (!text.ok) return { ok: false, message: `for "${whole}", ${text.message}`, argument: index + 1 }
    pieces.push(text.value)
  }
  if (!hasExplicitIndex && usedCount < args.length) {
    return { ok: false, message: `too many arguments: the format uses only ${usedCount}`, argument: usedCount + 1 }
  }
  return { ok: true, value: pieces.join('') + format.slice(at) }
}
