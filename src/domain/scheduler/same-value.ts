const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A sealed value, wherever it stands: equality is that of the keyed digest, nothing is opened (I10). */
const digestOf = (value: Readonly<Record<string, unknown>>): unknown =>
  'digest' in value && ('sealed' in value || 'source' in value) ? value['digest'] : undefined

const sameRecord = (a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean => {
  const digests = [digestOf(a), digestOf(b)]
  if (digests[0] !== undefined || digests[1] !== undefined) return digests[0] === digests[1]
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && sameValue(a[key], b[key]))
}

/** True where two pieces of a specification say the same, whatever the order of their keys. */
export const sameValue = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, index) => sameValue(entry, b[index]))
  }
  return isRecord(a) && isRecord(b) && sameRecord(a, b)
}
