import { interpolate, type Lookup } from '../../domain/interpolation.ts'
import type { Json } from '../../domain/json.ts'

const isRecord = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The digest of a sealed value that stands in a driver's config, or undefined for any other value. */
const sealedDigestOf = (value: Json): string | undefined => {
  if (!isRecord(value)) return undefined
  const isSealed = typeof value['sealed'] === 'string' || typeof value['source'] === 'string'
  const digest = value['digest']
  return isSealed && typeof digest === 'string' && Object.keys(value).length === 2 ? digest : undefined
}

/** Interpolates every string of a driver's config, keys too, and puts opened values (by digest) in place of sealed ones. */
export const interpolateJson = (value: Json, lookup: Lookup, clear: Readonly<Record<string, string>>): Json => {
  if (typeof value === 'string') return interpolate(value, lookup)
  if (Array.isArray(value)) return value.map((item: Json) => interpolateJson(item, lookup, clear))
  const digest = sealedDigestOf(value)
  if (digest !== undefined) return interpolate(clear[digest] ?? '', lookup)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [interpolate(key, lookup), interpolateJson(item, lookup, clear)]),
  )
}
