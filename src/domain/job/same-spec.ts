import { isSealed } from '../jobspec/is-sealed.ts'
import type { Job } from '../jobspec/schema.ts'

/**
 * The text of a specification with its keys in order and every sealed value as its digest: two specifications say the same
 * exactly when these texts are equal, and deciding that opens nothing (I10).
 */
const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  if (isSealed(value)) return { digest: value.digest }
  const entries = Object.entries(value).map(([key, entry]) => [key, canonical(entry)] as const)
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

export const isSameSpec = (a: Job, b: Job): boolean => JSON.stringify(canonical(a)) === JSON.stringify(canonical(b))
