/**
 * Versions and the ranges that constraints write over them, in the two meanings that job files know: `version` reads
 * leniently (`1.7rc2`, `v1.2`), knows `~>` and lets a prerelease satisfy a range only beside the same release; `semver`
 * wants the prerelease after a hyphen, orders it as semver.org does and never matches `~>`.
 */
export type VersionStyle = 'version' | 'semver'

type Version = { readonly segments: readonly number[]; readonly written: number; readonly prerelease: string }
type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '~>'
type Bound = { readonly operator: Operator; readonly version: Version }

const shapes = {
  version: /^v?(\d+(?:\.\d+)*)(?:-([0-9A-Za-z.~-]+)|([A-Za-z~][0-9A-Za-z.~-]*))?(?:\+[0-9A-Za-z.~-]+)?$/,
  semver: /^v?(\d+(?:\.\d+)*)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/,
} as const
const boundShape = /^\s*(=|!=|>=|<=|>|<|~>)?\s*(\S+)\s*$/
const MAX_LENGTH = 256

const parseVersion = (text: string, style: VersionStyle): Version | null => {
  if (text.length > MAX_LENGTH) return null
  const match = shapes[style].exec(text.trim())
  const numbers = match?.[1]
  if (match === null || numbers === undefined) return null
  const segments = numbers.split('.').map(Number)
  if (!segments.every(Number.isSafeInteger)) return null
  const padded = [...segments, 0, 0].slice(0, Math.max(3, segments.length))
  return { segments: padded, written: segments.length, prerelease: match[2] ?? match[3] ?? '' }
}

const isNumber = (text: string): boolean => /^\d+$/.test(text)

const comparePart = (a: string, b: string): number => {
  if (a === b) return 0
  if (isNumber(a) && isNumber(b)) return Math.sign(Number(a) - Number(b))
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1
  return a < b ? -1 : 1
}

const comparePrerelease = (a: string, b: string): number => {
  if (a === b) return 0
  if (a === '' || b === '') return a === '' ? 1 : -1
  const left = a.split('.')
  const right = b.split('.')
  for (let part = 0; part < Math.min(left.length, right.length); part++) {
    const order = comparePart(left[part] ?? '', right[part] ?? '')
    if (order !== 0) return order
  }
  return Math.sign(left.length - right.length)
}

const compareSegments = (a: Version, b: Version): number => {
  for (let part = 0; part < Math.max(a.segments.length, b.segments.length); part++) {
    const order = Math.sign((a.segments[part] ?? 0) - (b.segments[part] ?? 0))
    if (order !== 0) return order
  }
  return 0
}

const compareVersions = (a: Version, b: Version): number =>
  compareSegments(a, b) || comparePrerelease(a.prerelease, b.prerelease)

/** A prerelease is in a range only if the range names a prerelease of the same release. */
const mayBeInRange = (version: Version, bound: Version): boolean =>
  version.prerelease === '' || (bound.prerelease !== '' && compareSegments(version, bound) === 0)

/** `~> 1.2.3`: at least that, and the same but for the last number that was written. */
const isPessimistic = (version: Version, bound: Version): boolean => {
  if (bound.prerelease !== '' && version.prerelease === '') return false
  if (compareVersions(version, bound) < 0 || bound.segments.length > version.segments.length) return false
  for (let part = 0; part < bound.written - 1; part++) {
    if (version.segments[part] !== bound.segments[part]) return false
  }
  return true
}

const satisfiesBound = (version: Version, { operator, version: bound }: Bound, style: VersionStyle): boolean => {
  const order = compareVersions(version, bound)
  const isComparable = style === 'semver' || mayBeInRange(version, bound)
  switch (operator) {
    case '=':
      return order === 0
    case '!=':
      return order !== 0
    case '>':
      return isComparable && order > 0
    case '<':
      return isComparable && order < 0
    case '>=':
      return isComparable && order >= 0
    case '<=':
      return isComparable && order <= 0
    case '~>':
      return style === 'version' && isComparable && isPessimistic(version, bound)
  }
}

const isOperator = (text: string): text is Operator => ['=', '!=', '>', '<', '>=', '<=', '~>'].includes(text)

const parseBound = (text: string, style: VersionStyle): Bound | null => {
  const match = boundShape.exec(text)
  const operator = match?.[1] ?? '='
  const version = parseVersion(match?.[2] ?? '', style)
  return version === null || !isOperator(operator) ? null : { operator, version }
}

/**
 * Reads a range such as `>= 1.2, < 2` into a test of version texts; null where it cannot be read (then nothing matches).
 * A text that is no version matches nothing.
 */
export const parseVersionRange = (range: string, style: VersionStyle): ((text: string) => boolean) | null => {
  if (range.length > MAX_LENGTH) return null
  const bounds: Bound[] = []
  for (const part of range.split(',')) {
    const bound = parseBound(part, style)
    if (bound === null) return null
    bounds.push(bound)
  }
  return text => {
    const version = parseVersion(text, style)
    return version !== null && bounds.every(bound => satisfiesBound(version, bound, style))
  }
}
