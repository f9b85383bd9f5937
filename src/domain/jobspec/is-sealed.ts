import type { Sealed } from './schema.ts'

/**
 * True for a sealed value wherever it stands. Exactly its two keys and both of them texts: an env or meta with keys of
 * these names is not one. Meta that cannot be told from one is refused when the job is validated.
 */
export const isSealed = (value: unknown): value is Sealed => {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 2) return false
  if (!('digest' in value) || typeof value.digest !== 'string') return false
  const isInline = 'sealed' in value && typeof value.sealed === 'string'
  return isInline || ('source' in value && typeof value.source === 'string')
}
