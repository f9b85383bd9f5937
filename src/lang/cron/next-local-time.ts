import { CRON_FIRST_YEAR, CRON_LAST_YEAR, type CronSchedule, type MonthDays, type WeekDays } from './cron-schedule.ts'

const SECOND_MS = 1_000
const DAY_MS = 86_400_000

/** A day of the Gregorian calendar with what the rules of a schedule ask about it. */
type CalendarDay = { readonly day: number; readonly weekDay: number; readonly daysInMonth: number }

const weekDayOf = (year: number, month: number, day: number): number =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay()

const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate()

/** The working day nearest to `day`, without leaving the month: Saturday goes back to Friday, Sunday on to Monday. */
const nearestWorkday = (day: number, weekDay: number, lastDay: number): number => {
  if (weekDay === 6) return day > 1 ? day - 1 : day + 2
  if (weekDay === 0) return day < lastDay ? day + 1 : day - 2
  return day
}

/** The weekday of another day in the same month. */
const weekDayIn = (date: CalendarDay, day: number): number => (((date.weekDay + day - date.day) % 7) + 7) % 7

const isMonthDay = (rule: MonthDays & { readonly kind: 'restricted' }, date: CalendarDay): boolean => {
  const last = date.daysInMonth
  const isNearest = (wanted: number): boolean =>
    wanted <= last && nearestWorkday(wanted, weekDayIn(date, wanted), last) === date.day
  return (
    rule.days.includes(date.day) ||
    (rule.hasLastDay && date.day === last) ||
    (rule.hasLastWorkday && isNearest(last)) ||
    rule.nearestWorkdays.some(isNearest)
  )
}

const isWeekDay = (rule: WeekDays & { readonly kind: 'restricted' }, date: CalendarDay): boolean =>
  rule.days.includes(date.weekDay) ||
  (rule.last.includes(date.weekDay) && date.day + 7 > date.daysInMonth) ||
  rule.nth.some(({ day, week }) => day === date.weekDay && Math.ceil(date.day / 7) === week)

/** Whether a schedule names a day: with both kinds of days restricted one of them is enough. */
const isScheduledDay = ({ monthDays, weekDays }: CronSchedule, date: CalendarDay): boolean => {
  if (monthDays.kind === 'any') return weekDays.kind === 'any' || isWeekDay(weekDays, date)
  return isMonthDay(monthDays, date) || (weekDays.kind === 'restricted' && isWeekDay(weekDays, date))
}

/** The first time of day, in seconds, that is named and not before `from`; null when the day has no more. */
const nextTimeOfDay = ({ hours, minutes, seconds }: CronSchedule, from: number): number | null => {
  const [fromHour, fromMinute, fromSecond] = [Math.floor(from / 3_600), Math.floor(from / 60) % 60, from % 60]
  for (const hour of hours) {
    if (hour < fromHour) continue
    for (const minute of minutes) {
      if (hour === fromHour && minute < fromMinute) continue
      const isFirstMinute = hour === fromHour && minute === fromMinute
      const second = isFirstMinute ? seconds.find(candidate => candidate >= fromSecond) : seconds[0]
      if (second !== undefined) return hour * 3_600 + minute * 60 + second
    }
  }
  return null
}

/** The first scheduled day of a month from `fromDay` on, or null. */
const nextDayInMonth = (schedule: CronSchedule, year: number, month: number, fromDay: number): number | null => {
  const count = daysInMonth(year, month)
  const firstWeekDay = weekDayOf(year, month, 1)
  for (let day = fromDay; day <= count; day++) {
    if (isScheduledDay(schedule, { day, weekDay: (firstWeekDay + day - 1) % 7, daysInMonth: count })) return day
  }
  return null
}

/** The start, in local ms, of the first scheduled day from the given date on, or null past the last year. */
const nextDay = (
  schedule: CronSchedule,
  from: { readonly year: number; readonly month: number; readonly day: number },
): number | null => {
  for (let year = from.year; year <= CRON_LAST_YEAR; year++) {
    if (schedule.years !== 'any' && !schedule.years.includes(year)) continue
    for (const month of schedule.months) {
      const isFirstYear = year === from.year
      if (isFirstYear && month < from.month) continue
      const day = nextDayInMonth(schedule, year, month, isFirstYear && month === from.month ? from.day : 1)
      if (day !== null) return Date.UTC(year, month - 1, day)
    }
  }
  return null
}

/**
 * The first local time at or after `fromLocalMs` whose fields match the schedule, or null past CRON_LAST_YEAR. Local
 * times are counted in ms as if the zone's clock were UTC, on whole seconds; no zone is involved here.
 */
export const nextLocalTime = (schedule: CronSchedule, fromLocalMs: number): number | null => {
  let from = Math.max(fromLocalMs, Date.UTC(CRON_FIRST_YEAR, 0, 1))
  // Twice at most: a scheduled day whose times are all over, then the next scheduled day from its midnight.
  for (;;) {
    const date = new Date(from)
    const dayStart = nextDay(schedule, {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
    })
    if (dayStart === null) return null
    const timeOfDay = nextTimeOfDay(schedule, dayStart > from ? 0 : (from - dayStart) / SECOND_MS)
    if (timeOfDay !== null) return dayStart + timeOfDay * SECOND_MS
    from = dayStart + DAY_MS
  }
}
