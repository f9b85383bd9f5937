import type { HclNumber } from './number-literal.ts'

/** Stands for a value that cannot be known because of a fault that is reported elsewhere. Everything made of it is unknown too. */
export const UNKNOWN = Symbol('unknown value')

/** An object or map. It has no prototype; order of its keys means nothing, what iterates goes by `sortedKeys`. */
export type HclObject = { readonly [key: string]: Value }

/** Plain data: nothing here needs unwrapping. Lists, tuples and sets are arrays (sets sorted, see `setOf`). */
export type Value = null | boolean | HclNumber | string | readonly Value[] | HclObject | typeof UNKNOWN

export type ValueKind = 'null' | 'bool' | 'number' | 'string' | 'list' | 'object' | 'unknown'

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

export const isObject = (value: Value): value is HclObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const kindOf = (value: Value): ValueKind => {
  if (value === null) return 'null'
  if (value === UNKNOWN) return 'unknown'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'number' || typeof value === 'bigint') return 'number'
  return isList(value) ? 'list' : 'object'
}

/** How a value is called in a sentence: "a list", "a string". */
export const describeKind = (value: Value): string => {
  const kind = kindOf(value)
  switch (kind) {
    case 'null':
      return 'null'
    case 'object':
      return 'an object'
    case 'unknown':
      return 'an unknown value'
    case 'bool':
    case 'number':
    case 'string':
    case 'list':
      return `a ${kind}`
  }
}

/** Orders strings as HCL does: by their UTF-8 bytes, which is by code points. */
export const compareStrings = (left: string, right: string): number => {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at += 1) {
    const a = left.charCodeAt(at)
    const b = right.charCodeAt(at)
    if (a === b) continue
    const bothSurrogate = isSurrogate(a) === isSurrogate(b)
    return bothSurrogate ? a - b : isSurrogate(a) ? 1 : -1
  }
  return left.length - right.length
}

const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff

/** The object's keys in the order in which everything iterates over them. */
export const sortedKeys = (object: HclObject): string[] => Object.keys(object).sort(compareStrings)

/** Builds an object without a prototype, so that no key means anything but itself. A later entry wins. */
export const objectOf = (entries: Iterable<readonly [string, Value]>): HclObject => {
  const object: Record<string, Value> = Object.create(null)
  for (const [key, value] of entries) object[key] = value
  return object
}

/** The object's own value under a key, or undefined. */
export const propertyOf = (object: HclObject, key: string): Value | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined

const sets = new WeakSet<readonly Value[]>()

/** True if the list is a set: unordered, each member once, and in a `for` each member is its own key. */
export const isSet = (value: Value): boolean => isList(value) && sets.has(value)

/** Makes a set: members once each, numbers and strings sorted. */
export const setOf = (members: Iterable<Value>): readonly Value[] => {
  const found: Value[] = []
  const seen = new Map<string, Value>()
  for (const member of members) {
    const key = identityOf(member)
    if (seen.has(key)) continue
    seen.set(key, member)
    found.push(member)
  }
  const set = Object.freeze(found.sort(compareMembers))
  sets.add(set)
  return set
}

const compareMembers = (left: Value, right: Value): number => {
  if (typeof left === 'string' && typeof right === 'string') return compareStrings(left, right)
  const bothNumbers = kindOf(left) === 'number' && kindOf(right) === 'number'
  if (bothNumbers) return Number(left) - Number(right)
  return compareStrings(identityOf(left), identityOf(right))
}

/** A text that is equal exactly for equal values. */
export const identityOf = (value: Value): string => {
  if (value === UNKNOWN) return '?'
  if (typeof value === 'string') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(identityOf).join(',')}]`
  if (!isObject(value)) return String(value)
  const entries = sortedKeys(value).map(key => `${JSON.stringify(key)}:${identityOf(value[key] ?? null)}`)
  return `{${entries.join(',')}}`
}

/** Equal by content: kinds never mix, so `1` is not `"1"`. */
export const areEqual = (left: Value, right: Value): boolean => {
  if (isList(left) && isList(right)) {
    return left.length === right.length && left.every((item, index) => areEqual(item, right[index] ?? null))
  }
  if (isObject(left) && isObject(right)) {
    const keys = Object.keys(left)
    return (
      keys.length === Object.keys(right).length &&
      keys.every(key => Object.hasOwn(right, key) && areEqual(left[key] ?? null, right[key] ?? null))
    )
  }
  return left === right
}

/** True if the value is unknown or holds something that is. */
export const holdsUnknown = (value: Value): boolean => {
  if (value === UNKNOWN) return true
  if (isList(value)) return value.some(holdsUnknown)
  return isObject(value) && Object.values(value).some(holdsUnknown)
}

/**
 * How many values there are in the value, itself included (a string counts once more for every 16 characters), and how
 * deep they nest. Stops as soon as either bound is passed, so that shared parts cannot make it run for ever.
 */
export const measureValue = (value: Value, maxSize: number, maxDepth: number): { size: number; depth: number } => {
  let size = 0
  let depth = 0
  let level: Value[] = [value]
  while (level.length > 0 && size <= maxSize && depth <= maxDepth) {
    depth += 1
    const next: Value[] = []
    for (const item of level) {
      size += 1
      if (typeof item === 'string') size += item.length >> 4
      else if (isList(item)) appendUpTo(next, item, maxSize)
      else if (isObject(item)) appendUpTo(next, Object.values(item), maxSize)
    }
    level = next
  }
  return { size, depth }
}

const appendUpTo = (into: Value[], items: readonly Value[], maxCount: number): void => {
  for (const item of items) {
    if (into.length > maxCount) return
    into.push(item)
  }
}
