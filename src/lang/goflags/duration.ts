/**
 * Durations as Go writes and reads them: `1h30m`, `250ms`, `1.5s`. Counted in milliseconds, the unit of every time in
 * this program; what a text says in micro- and nanoseconds is kept as a fraction of a millisecond.
 */

/** Nanoseconds are the finest grain that Go's durations have; Go refuses what does not fit into 64 bits of them. */
const NANOSECONDS_PER_MS = 1_000_000n
const MAX_DURATION_NANOSECONDS = 2n ** 63n - 1n

/** The longest text that is read as a duration; a longer one is nobody's duration. */
export const MAX_DURATION_TEXT_LENGTH = 256

const nanosecondsPerUnit: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}

const termPattern = /(\d*)(?:\.(\d*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y

/** The nanoseconds of one term such as `1.5h`; a fraction is cut to whole nanoseconds. */
const nanosecondsOfTerm = (whole: string, fraction: string, unit: string): bigint => {
  const scale = nanosecondsPerUnit[unit] ?? 0n
  const ofWhole = BigInt(whole === '' ? '0' : whole) * scale
  const ofFraction = fraction === '' ? 0n : (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length)
  return ofWhole + ofFraction
}

/**
 * The milliseconds that a Go duration means, or null where Go would refuse the text: an optional sign, then one or more
 * numbers each with its unit (`ns`, `us`, `ms`, `s`, `m`, `h`). A bare `0` is a duration too, any other bare number is not.
 */
export const parseGoDuration = (text: string): number | null => {
  if (text.length > MAX_DURATION_TEXT_LENGTH) return null
  const isNegative = text.startsWith('-')
  const unsigned = isNegative || text.startsWith('+') ? text.slice(1) : text
  if (unsigned === '0') return 0
  if (unsigned === '') return null
  let total = 0n
  termPattern.lastIndex = 0
  while (termPattern.lastIndex < unsigned.length) {
    const term = termPattern.exec(unsigned)
    if (term === null) return null
    const [, whole = '', fraction = '', unit = ''] = term
    if (whole === '' && fraction === '') return null
    total += nanosecondsOfTerm(whole, fraction, unit)
    if (total > MAX_DURATION_NANOSECONDS) return null
  }
  // Whole milliseconds apart from the rest: together they may have more digits than a number holds.
  const ms = Number(total / NANOSECONDS_PER_MS) + Number(total % NANOSECONDS_PER_MS) / Number(NANOSECONDS_PER_MS)
  return isNegative && ms !== 0 ? -ms : ms
}

/** `value / unit` in decimal digits, without trailing zeros: `1.5`, `2`, `0.25`. Both are counted in nanoseconds. */
const decimal = (value: bigint, unit: bigint): string => {
  const digits = unit.toString().length - 1
  const fraction = (value % unit).toString().padStart(digits, '0').replace(/0+$/, '')
  const whole = (value / unit).toString()
  return fraction === '' ? whole : `${whole}.${fraction}`
}

/**
 * A duration in ms as Go prints it: `0s`, `250ms`, `1.5s`, `1m30s`, `2562h0m0s`. Below a second the largest fitting unit
 * of ms, µs and ns; from a second on hours, minutes and seconds without leading zero units. `ms` must be finite.
 */
export const formatGoDuration = (ms: number): string => {
  const sign = ms < 0 ? '-' : ''
  const wholeMs = Math.trunc(Math.abs(ms))
  const fraction = Math.round((Math.abs(ms) - wholeMs) * Number(NANOSECONDS_PER_MS))
  const nanoseconds = BigInt(wholeMs) * NANOSECONDS_PER_MS + BigInt(fraction)
  if (nanoseconds === 0n) return '0s'
  if (nanoseconds < 1_000n) return `${sign}${nanoseconds}ns`
  if (nanoseconds < 1_000_000n) return `${sign}${decimal(nanoseconds, 1_000n)}µs`
  if (nanoseconds < 1_000_000_000n) return `${sign}${decimal(nanoseconds, 1_000_000n)}ms`
  const totalMinutes = nanoseconds / 60_000_000_000n
  const seconds = `${decimal(nanoseconds % 60_000_000_000n, 1_000_000_000n)}s`
  if (totalMinutes === 0n) return `${sign}${seconds}`
  const hours = totalMinutes / 60n
  const minutes = `${totalMinutes % 60n}m`
  return `${sign}${hours === 0n ? '' : `${hours}h`}${minutes}${seconds}`
}
