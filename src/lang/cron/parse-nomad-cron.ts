import {
  allValues,
  CronSyntaxError,
  type FieldName,
  fieldValue,
  parseField,
  parsePlainField,
  unknownEntry,
  valuesOf,
} from './cron-field.ts'
import type { CronSchedule, MonthDays, WeekDays } from './cron-schedule.ts'

/** The longest expression that is read, in characters. */
export const MAX_CRON_LENGTH = 1_024

export type ParsedCron =
  | { readonly ok: true; readonly schedule: CronSchedule }
  | { readonly ok: false; readonly message: string }

const aliases: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@hourly': '0 * * * *',
}

const plainField = (field: FieldName, text: string): readonly number[] => {
  const values = parsePlainField(field, text)
  return values === 'all' ? allValues(field) : values
}

const parseMonthDays = (text: string): MonthDays => {
  const entries = parseField('day-of-month', text)
  const nearestWorkdays: number[] = []
  let hasLastDay = false
  let hasLastWorkday = false
  for (const entry of entries) {
    if (entry.kind !== 'special') continue
    const workday = entry.text.endsWith('w') ? fieldValue('day-of-month', entry.text.slice(0, -1)) : null
    if (entry.text === 'l') hasLastDay = true
    else if (entry.text === 'lw') hasLastWorkday = true
    else if (workday !== null) nearestWorkdays.push(workday)
    else throw unknownEntry('day-of-month', entry.text)
  }
  if (entries.some(entry => entry.kind === 'all')) return { kind: 'any' }
  return { kind: 'restricted', days: valuesOf(entries), nearestWorkdays, hasLastDay, hasLastWorkday }
}

const parseWeekDays = (text: string): WeekDays => {
  const entries = parseField('day-of-week', text)
  const nth: { readonly day: number; readonly week: number }[] = []
  const last: number[] = []
  for (const entry of entries) {
    if (entry.kind !== 'special') continue
    const [, dayText = '', week] = /^([0-9a-z]+?)(?:l|#([1-5]))$/.exec(entry.text) ?? []
    const day = fieldValue('day-of-week', dayText)
    if (day === null) throw unknownEntry('day-of-week', entry.text)
    if (week === undefined) last.push(day % 7)
    else nth.push({ day: day % 7, week: Number(week) })
  }
  if (entries.some(entry => entry.kind === 'all')) return { kind: 'any' }
  return { kind: 'restricted', days: valuesOf(entries), nth, last }
}

const scheduleOf = (expression: string, fields: readonly string[]): CronSchedule => {
  // Five fields start at the minute; a sixth is the year, and only with a seventh does the first mean seconds.
  const [second = '', minute = '', hour = '', monthDay = '', month = '', weekDay = '', year = '*'] =
    fields.length >= 7 ? fields : ['0', ...fields]
  const years = parsePlainField('year', year)
  return {
    expression,
    seconds: plainField('second', second),
    minutes: plainField('minute', minute),
    hours: plainField('hour', hour),
    monthDays: parseMonthDays(monthDay),
    months: plainField('month', month),
    weekDays: parseWeekDays(weekDay),
    years: years === 'all' ? 'any' : years,
  }
}

/**
 * Reads a cron expression of Nomad's dialect: five fields from minute to day of week, six with a year at the end, seven
 * with seconds in front too; fields after the seventh are ignored. The aliases `@yearly`, `@annually`, `@monthly`,
 * `@weekly`, `@daily` and `@hourly` stand for whole expressions. An expression that never fires is a valid one. Unlike
 * Nomad, which takes it and never fires, a range that runs backwards is refused.
 */
export const parseNomadCron = (expression: string): ParsedCron => {
  if (expression.length > MAX_CRON_LENGTH) {
    return {
      ok: false,
      message: `the cron expression has ${expression.length} characters, more than the ${MAX_CRON_LENGTH} allowed`,
    }
  }
  const trimmed = expression.trim()
  const expanded = Object.hasOwn(aliases, trimmed) ? (aliases[trimmed] ?? '') : trimmed
  if (expanded.startsWith('@')) {
    return { ok: false, message: `unknown alias '${trimmed}': use one of ${Object.keys(aliases).join(', ')}` }
  }
  const fields = expanded.split(/\s+/).filter(field => field !== '')
  if (fields.length < 5) {
    return {
      ok: false,
      message: `missing field(s): '${trimmed}' has ${fields.length}, a cron expression has 5, 6 or 7`,
    }
  }
  try {
    return { ok: true, schedule: scheduleOf(trimmed, fields) }
  } catch (error) {
    if (error instanceof CronSyntaxError) return { ok: false, message: error.message }
    throw error
  }
}
