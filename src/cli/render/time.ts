import { formatGoDuration } from '../../lang/goflags/index.ts'

const MINUTES_PER_HOUR = 60
const MS_PER_MINUTE = 60_000
const MS_PER_SECOND = 1_000

/** An instant as ISO 8601 to the second in UTC: `2026-03-01T10:00:00Z`. */
export const utcTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')

const twoDigits = (value: number): string => String(value).padStart(2, '0')

/** The same in the zone of this machine, with its offset: `2026-03-01T05:00:00-05:00`, `Z` where that is UTC. */
export const localTime = (ms: number): string => {
  const offsetMinutes = -new Date(ms).getTimezoneOffset()
  if (offsetMinutes === 0) return utcTime(ms)
  const shifted = utcTime(ms + offsetMinutes * MS_PER_MINUTE).slice(0, -1)
  const size = Math.abs(offsetMinutes)
  const offset = `${twoDigits(Math.trunc(size / MINUTES_PER_HOUR))}:${twoDigits(size % MINUTES_PER_HOUR)}`
  return `${shifted}${offsetMinutes < 0 ? '-' : '+'}${offset}`
}

/** An instant that may not have come: `N/A` then. */
export const localTimeOr = (ms: number | null, otherwise: string): string => (ms === null ? otherwise : localTime(ms))

const units = [
  { name: 's', size: 60 },
  { name: 'm', size: 60 },
  { name: 'h', size: 24 },
  { name: 'd', size: 30 },
  { name: 'mo', size: 12 },
] as const

/** Seconds in the two largest units that are not zero: `1m50s`, `3h`, `2mo4d`, `0s`. */
const coarse = (seconds: number): string => {
  const parts: string[] = []
  let rest = seconds
  for (const unit of units) {
    const count = rest % unit.size
    if (count > 0) parts.unshift(`${count}${unit.name}`)
    rest = Math.trunc(rest / unit.size)
  }
  if (rest > 0) parts.unshift(`${rest}y`)
  return parts.length === 0 ? '0s' : parts.slice(0, 2).join('')
}

const wholeSeconds = (ms: number): number => Math.round(ms / MS_PER_SECOND)

/** How long ago an instant was, for lists: `2m ago`, `1m50s ago`; `5s from now` for one that is yet to come. */
export const ago = (ms: number, nowMs: number): string => {
  const seconds = wholeSeconds(nowMs) - wholeSeconds(ms)
  return seconds < 0 ? `${coarse(-seconds)} from now` : `${coarse(seconds)} ago`
}

/** The next launch of a schedule: the instant in UTC, and how far away it is in whole seconds. */
export const launchTime = (ms: number, nowMs: number): string => {
  const seconds = Math.trunc(ms / MS_PER_SECOND) - Math.trunc(nowMs / MS_PER_SECOND)
  return `${utcTime(ms)} (${formatGoDuration(seconds * MS_PER_SECOND)} from now)`
}
