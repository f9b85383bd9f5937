import { parseGoDuration } from './duration.ts'
import type { FlagType, FlagValue } from './flag-spec.ts'

export type ParsedFlagValue =
  | { readonly ok: true; readonly value: FlagValue }
  | { readonly ok: false; readonly expected: string }

const booleanWords: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map(word => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map(word => [word, false] as const),
])

/** The boolean that Go's ParseBool reads from a word, or null where it refuses the word. */
export const parseGoBoolean = (text: string): boolean | null => booleanWords.get(text) ?? null

const integerPattern = /^[+-]?(?:0[xX](?:_?[0-9a-fA-F])+|0[bB](?:_?[01])+|0[oO]?(?:_?[0-7])+|0|[1-9](?:_?\d)*)$/

/**
 * The whole number that Go reads from a literal with any base prefix (`42`, `0x2a`, `0b101`, `0o17`, `017`, `1_000`), or
 * null where Go refuses it or the number is outside the safe integers.
 */
const parseGoInteger = (text: string): number | null => {
  if (!integerPattern.test(text)) return null
  const isNegative = text.startsWith('-')
  const digits = text.replace(/^[+-]/, '').replaceAll('_', '')
  const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits)
  if (!Number.isSafeInteger(value)) return null
  return isNegative && value !== 0 ? -value : value
}

const floatPattern = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/** The number that Go reads from a decimal literal, or null where Go refuses it or it is too large for a float. */
const parseGoFloat = (text: string): number | null => {
  if (!floatPattern.test(text)) return null
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}

const outcome = (value: FlagValue | null, expected: string): ParsedFlagValue =>
  value === null ? { ok: false, expected } : { ok: true, value }

/** `key=value` as a map of one entry; the value may hold more equals signs, the key may not be empty. */
const parsePair = (text: string): Readonly<Record<string, string>> | null => {
  const equals = text.indexOf('=')
  return equals <= 0 ? null : Object.fromEntries([[text.slice(0, equals), text.slice(equals + 1)]])
}

/** Reads one value of a flag; a list or a map gets the one entry that `text` holds. `expected` says what would be valid. */
export const parseFlagValue = (type: FlagType, text: string): ParsedFlagValue => {
  switch (type) {
    case 'boolean':
      return outcome(parseGoBoolean(text), 'true or false')
    case 'string':
      return { ok: true, value: text }
    case 'int':
      return outcome(parseGoInteger(text), 'a whole number')
    case 'float':
      return outcome(parseGoFloat(text), 'a number')
    case 'duration':
      return outcome(parseGoDuration(text), 'a duration such as 30s, 5m or 1h30m')
    case 'list':
      return { ok: true, value: [text] }
    case 'map':
      return outcome(parsePair(text), 'key=value')
  }
}
