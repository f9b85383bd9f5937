import { type HclNumber, printNumber, readNumber } from './number-literal.ts'
import { describeKind, type Value } from './value.ts'

/** A conversion's result; the message of a refusal completes "… required". */
export type Converted<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string }

const refused = (message: string): { readonly ok: false; readonly message: string } => ({ ok: false, message })

/** Numbers and booleans become text (`1.0` is "1"); null, lists and objects do not. */
export const toStringValue = (value: Value): Converted<string> => {
  if (typeof value === 'string') return { ok: true, value }
  if (typeof value === 'boolean') return { ok: true, value: String(value) }
  if (typeof value === 'number' || typeof value === 'bigint') return { ok: true, value: printNumber(value) }
  return refused(`a string is required, and this is ${describeKind(value)}`)
}

/** Numbers, and texts that are one decimal number, as "500" or "-1.5e3". */
export const toNumber = (value: Value): Converted<HclNumber> => {
  if (typeof value === 'number' || typeof value === 'bigint') return { ok: true, value }
  if (typeof value !== 'string') return refused(`a number is required, and this is ${describeKind(value)}`)
  const number = readNumber(value)
  return number === undefined ? refused('a number is required, and this text is none') : { ok: true, value: number }
}

/** Booleans, and the texts "true", "false", "1" and "0". */
export const toBool = (value: Value): Converted<boolean> => {
  if (typeof value === 'boolean') return { ok: true, value }
  if (value === 'true' || value === '1') return { ok: true, value: true }
  if (value === 'false' || value === '0') return { ok: true, value: false }
  if (typeof value !== 'string') return refused(`a bool is required, and this is ${describeKind(value)}`)
  return refused('a bool is required: true or false, and this text is neither')
}
