import { formatFloat, formatInteger, type SignedDigits } from './format-number.ts'
import { type FormatSpec, plainSpec } from './format-spec.ts'
import { type GoMap, type GoStruct, type GoValue, isList, isMap, sortedEntries, typeName } from './go-value.ts'
import { canBackquote, goQuote } from './quote.ts'

const lengthOf = (text: string): number => (/^[\x20-\x7e]*$/.test(text) ? text.length : Array.from(text).length)

/** A text filled up to the width: on the right with `-`, with zeros on the left with `0`, else with spaces. */
const padded = (text: string, { flags, width }: FormatSpec, canZero = true): string => {
  const missing = (width ?? 0) - lengthOf(text)
  if (missing <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(missing)
  return (canZero && flags.includes('0') ? '0' : ' ').repeat(missing) + text
}

/** Numbers get their zeros between sign and digits. */
const paddedNumber = ({ sign, digits, isNumeral }: SignedDigits, spec: FormatSpec): string => {
  const missing = (spec.width ?? 0) - sign.length - digits.length
  const fillsWithZeros = isNumeral && spec.flags.includes('0') && !spec.flags.includes('-')
  if (missing > 0 && fillsWithZeros) return `${sign}${'0'.repeat(missing)}${digits}`
  return padded(sign + digits, spec, false)
}

/** Go's complaint about a verb that a value does not have, with the value by the rest of the directive: `%!d(string=hi)`. */
const badVerb = (value: NonNullable<GoValue>, spec: FormatSpec): string =>
  `%!${spec.verb}(${typeName(value)}=${formatKind(value, { ...spec, verb: 'v' })})`

const cut = (text: string, precision: number | null): string =>
  precision === null ? text : Array.from(text).slice(0, precision).join('')

const hexOf = (text: string, { verb, flags, precision }: FormatSpec): string => {
  const bytes = Buffer.from(text).subarray(0, precision ?? undefined)
  const prefix = flags.includes('#') ? `0${verb}` : ''
  const digits = Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).map(pair =>
    verb === 'X' ? pair.toUpperCase() : pair,
  )
  if (flags.includes(' ')) return digits.map(pair => prefix + pair).join(' ')
  return digits.length === 0 ? '' : prefix + digits.join('')
}

const formatString = (value: string, spec: FormatSpec): string => {
  switch (spec.verb) {
    case 'v':
    case 's':
      return padded(cut(value, spec.precision), spec)
    case 'q': {
      const text = cut(value, spec.precision)
      const isRaw = spec.flags.includes('#') && canBackquote(text)
      return padded(isRaw ? `\`${text}\`` : goQuote(text, '"', spec.flags.includes('+')), spec)
    }
    case 'x':
    case 'X':
      return padded(hexOf(value, spec), spec)
    default:
      return badVerb(value, spec)
  }
}

const REPLACEMENT_CHARACTER = '\ufffd'

const characterOf = (value: bigint): string => {
  const isCharacter = value >= 0n && value <= 0x10_ffffn && !(value >= 0xd800n && value <= 0xdfffn)
  return isCharacter ? String.fromCodePoint(Number(value)) : REPLACEMENT_CHARACTER
}

const formatWhole = (value: bigint, spec: FormatSpec): string => {
  switch (spec.verb) {
    case 'c':
      return padded(characterOf(value), spec)
    case 'q':
      return padded(goQuote(characterOf(value), "'", spec.flags.includes('+')), spec)
    case 'U': {
      const bits = BigInt.asUintN(64, value).toString(16).toUpperCase()
      const digits = `U+${bits.padStart(Math.max(4, spec.precision ?? 4), '0')}`
      return padded(spec.flags.includes('#') ? `${digits} '${characterOf(value)}'` : digits, spec, false)
    }
    default: {
      // A given precision says how many digits there are, so that zeros no longer fill the width.
      const isExact = spec.precision !== null
      const number = formatInteger(value, spec)
      return number === null ? badVerb(value, spec) : paddedNumber({ ...number, isNumeral: !isExact }, spec)
    }
  }
}

const formatMap = (value: GoMap, spec: FormatSpec): string =>
  `map[${sortedEntries(value)
    .map(([key, entry]) => `${formatValue(key, spec)}:${formatElement(entry, spec)}`)
    .join(' ')}]`

const formatStruct = (value: GoStruct, spec: FormatSpec): string => {
  const isNamed = spec.verb === 'v' && spec.flags.includes('+')
  return `{${[...value.fields].map(([name, field]) => (isNamed ? `${name}:` : '') + formatElement(field, spec)).join(' ')}}`
}

/** What a list, a map or a struct holds; nil in there has no complaint about the verb. */
const formatElement = (value: GoValue, spec: FormatSpec): string =>
  value === null ? '<nil>' : formatValue(value, spec)

/** `%#v`: a value as a Go literal. */
const goSyntax = (value: GoValue): string => {
  if (value === null) return 'interface {}(nil)'
  if (typeof value === 'string') return canBackquote(value) && value.includes('"') ? `\`${value}\`` : goQuote(value)
  if (isList(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (isMap(value)) return `${typeName(value)}{${sortedEntries(value).map(pairSyntax).join(', ')}}`
  if (typeof value !== 'object') return formatValue(value, plainSpec('v'))
  return `${value.type}{${[...value.fields].map(([name, field]) => `${name}:${goSyntax(field)}`).join(', ')}}`
}

const pairSyntax = ([key, entry]: readonly [string, GoValue]): string => `${goQuote(key)}:${goSyntax(entry)}`

/** A value that is not nil, by its kind. */
const formatKind = (value: NonNullable<GoValue>, spec: FormatSpec): string => {
  if (typeof value === 'string') return formatString(value, spec)
  if (typeof value === 'bigint') return formatWhole(value, spec)
  if (typeof value === 'boolean') {
    return spec.verb === 't' || spec.verb === 'v' ? padded(String(value), spec) : badVerb(value, spec)
  }
  if (typeof value === 'number') {
    const number = formatFloat(value, spec)
    return number === null ? badVerb(value, spec) : paddedNumber(number, spec)
  }
  if (isList(value)) return `[${value.map(element => formatElement(element, spec)).join(' ')}]`
  return isMap(value) ? formatMap(value, spec) : formatStruct(value, spec)
}

/** A value by one directive of a format, as Go's fmt shows it; lists, maps and structs apply it to what they hold. */
export const formatValue = (value: GoValue, spec: FormatSpec): string => {
  if (spec.verb === 'T') return padded(typeName(value), spec)
  if (value === null) return spec.verb === 'v' ? padded('<nil>', spec) : `%!${spec.verb}(<nil>)`
  if (spec.verb !== 'v') return formatKind(value, spec)
  if (spec.flags.includes('#')) return padded(goSyntax(value), spec)
  // With `%+v` the plus asks for the names of fields, not for the signs of numbers.
  const isScalar = typeof value !== 'object'
  return formatKind(value, isScalar ? { ...spec, flags: spec.flags.replaceAll('+', '') } : spec)
}

/** A value as `{{.}}` and `%v` show it: `map[a:1 b:2]`, `[1 2]`, `<nil>`. */
export const showValue = (value: GoValue): string =>
  typeof value === 'string' ? value : formatValue(value, plainSpec('v'))
