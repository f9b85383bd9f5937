import { isList, isObject, UNKNOWN, type Value } from './value.ts'

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A value as plain JSON. Numbers beyond 2^53 become text, what is unknown becomes null. */
export const toJson = (value: Value): Json => {
  if (value === UNKNOWN) return null
  if (typeof value === 'bigint') return String(value)
  if (isList(value)) return value.map(toJson)
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toJson(entry)]))
  return value
}
