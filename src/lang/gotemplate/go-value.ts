import { MAX_DATA_DEPTH } from './limits.ts'

/**
 * A value as a template sees it. Whole numbers are bigint and are Go's int; every JavaScript number is Go's float64, so
 * that `5` and `5.0` stay different kinds as they are in Go. `null` is nil and what a missing entry gives.
 */
export type GoValue = null | boolean | bigint | number | string | readonly GoValue[] | GoMap | GoStruct

/** A map with string keys. `zero` is what a missing key gives: nil for a map of anything, '' for a map of strings. */
export type GoMap = { readonly kind: 'map'; readonly entries: ReadonlyMap<string, GoValue>; readonly zero: GoValue }

/** A record with fixed fields; asking for another one is an error, unlike with maps. `type` is its name in messages. */
export type GoStruct = { readonly kind: 'struct'; readonly type: string; readonly fields: ReadonlyMap<string, GoValue> }

/** A readonly array by Array.isArray, which does not see those by itself. */
export const isList = (value: GoValue): value is readonly GoValue[] => Array.isArray(value)

export const isMap = (value: GoValue): value is GoMap =>
  typeof value === 'object' && value !== null && !isList(value) && value.kind === 'map'

export const isStruct = (value: GoValue): value is GoStruct =>
  typeof value === 'object' && value !== null && !isList(value) && value.kind === 'struct'

export const goMap = (entries: Iterable<readonly [string, GoValue]>, zero: GoValue = null): GoMap => ({
  kind: 'map',
  entries: new Map(entries),
  zero,
})

export const goStruct = (type: string, fields: Readonly<Record<string, GoValue>>): GoStruct => ({
  kind: 'struct',
  type,
  fields: new Map(Object.entries(fields)),
})

/** Whether a number is one that Go would hold as int: whole, and small enough to be exact. */
const isWhole = (value: number): boolean => Number.isSafeInteger(value) && !Object.is(value, -0)

const convert = (value: unknown, depth: number): GoValue => {
  if (depth > MAX_DATA_DEPTH)
    throw new RangeError(`the data of a template is nested more than ${MAX_DATA_DEPTH} levels deep`)
  switch (typeof value) {
    case 'undefined':
      return null
    case 'boolean':
    case 'string':
    case 'bigint':
      return value
    case 'number':
      return isWhole(value) ? BigInt(value) : value
    case 'object':
      if (value === null) return null
      if (Array.isArray(value)) return value.map(element => convert(element, depth + 1))
      return goMap(
        (value instanceof Map ? [...value] : Object.entries(value)).map(([key, entry]) => [
          String(key),
          convert(entry, depth + 1),
        ]),
      )
    case 'function':
    case 'symbol':
      throw new TypeError(`the data of a template holds a ${typeof value}, which no template can show`)
  }
}

/** JSON-like data as a template's value: whole numbers become ints, objects and Maps become maps, undefined nil. */
export const goValue = (data: unknown): GoValue => convert(data, 0)

/** Strings in the order of their bytes, which is Go's; it differs from JavaScript's beyond the Basic Multilingual Plane. */
export const compareStrings = (left: string, right: string): number => {
  const isPlain = left.length < 64 && right.length < 64 && !/[\ud800-\udfff]/.test(left + right)
  if (isPlain) return left < right ? -1 : Number(left > right)
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

/** The entries of a map in the order in which Go prints and ranges over them: by the bytes of their keys. */
export const sortedEntries = (map: GoMap): readonly (readonly [string, GoValue])[] =>
  [...map.entries].sort(([left], [right]) => compareStrings(left, right))

/** The name of a value's type as Go's `%T` prints it. */
export const typeName = (value: GoValue): string => {
  if (value === null) return '<nil>'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'float64'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  if (isList(value)) return '[]interface {}'
  if (isStruct(value)) return value.type
  return value.zero === '' ? 'map[string]string' : 'map[string]interface {}'
}

/** Whether a value counts as true for if, with, and, or, not: whatever is not nil, false, zero or empty. */
export const isTrue = (value: GoValue): boolean => {
  if (isList(value)) return value.length > 0
  if (isMap(value)) return value.entries.size > 0
  return isStruct(value) || Boolean(value)
}
