import type { CronSchedule } from './cron-schedule.ts'
import { nextLocalTime } from './next-local-time.ts'
import { offsetMs } from './time-zone.ts'

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000

/** No zone was ever further from UTC than this. */
const MAX_OFFSET_MS = 16 * HOUR_MS

/** No zone changes its offset twice within this time, so equal offsets at its ends mean one offset throughout. */
const STEADY_MS = 6 * HOUR_MS

/** The first instant after `from`, up to `to`, with another offset than `from`. The offsets at both ends must differ. */
const transitionBetween = (timeZone: string, from: number, to: number): number => {
  const before = offsetMs(timeZone, from)
  let [low, high] = [from / SECOND_MS, to / SECOND_MS]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetMs(timeZone, middle * SECOND_MS) === before) low = middle
    else high = middle
  }
  return high * SECOND_MS
}

/**
 * The first instant after `afterMs` at which a zone's clock shows a time that the schedule names, in ms; null when there
 * is none up to the end of CRON_LAST_YEAR. It follows that a local time which a change of clocks skips does not fire that
 * day, and that one which is shown twice fires twice. `timeZone` is an IANA name (see isTimeZone), else RangeError.
 */
export const next = (schedule: CronSchedule, afterMs: number, timeZone: string): number | null => {
  let from = (Math.floor(afterMs / SECOND_MS) + 1) * SECOND_MS
  // Every turn passes a stretch without a match, STEADY_MS long or up to a change of clocks; years without a match are
  // jumped over by looking at the calendar alone, so turns are spent only near local times that the schedule names.
  for (;;) {
    const earliest = nextLocalTime(schedule, from - MAX_OFFSET_MS)
    if (earliest === null) return null
    from = Math.max(from, earliest - MAX_OFFSET_MS)
    const offset = offsetMs(timeZone, from)
    const local = nextLocalTime(schedule, from + offset)
    const candidate = local === null ? Number.POSITIVE_INFINITY : local - offset
    const end = Math.min(candidate, from + STEADY_MS)
    if (offsetMs(timeZone, end) !== offset) from = transitionBetween(timeZone, from, end)
    else if (end === candidate) return candidate
    else from = end
  }
}
