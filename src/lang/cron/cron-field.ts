import { CronExpressionParser } from 'cron-parser'
import { CRON_FIRST_YEAR, CRON_LAST_YEAR } from './cron-schedule.ts'

export type FieldName = 'second' | 'minute' | 'hour' | 'day-of-month' | 'month' | 'day-of-week' | 'year'

/** One entry of a comma-separated field. `special` is what only one field understands, such as `LW` or `5#3`. */
export type FieldEntry =
  | { readonly kind: 'all' }
  | { readonly kind: 'values'; readonly values: readonly number[] }
  | { readonly kind: 'special'; readonly text: string }

/** What is wrong with a cron expression, for the one who wrote it. */
export class CronSyntaxError extends Error {
  override readonly name = 'CronSyntaxError'
}

type FieldRule = { readonly first: number; readonly last: number; readonly names: readonly (readonly string[])[] }

const monthNames = [
  ['january', 'jan'],
  ['february', 'feb'],
  ['march', 'mar'],
  ['april', 'apr'],
  ['may'],
  ['june', 'jun'],
  ['july', 'jul'],
  ['august', 'aug'],
  ['september', 'sep'],
  ['october', 'oct'],
  ['november', 'nov'],
  ['december', 'dec'],
]

const dayNames = [
  ['sunday', 'sun'],
  ['monday', 'mon'],
  ['tuesday', 'tue'],
  ['wednesday', 'wed'],
  ['thursday', 'thu'],
  ['friday', 'fri'],
  ['saturday', 'sat'],
]

const rules: Readonly<Record<FieldName, FieldRule>> = {
  second: { first: 0, last: 59, names: [] },
  minute: { first: 0, last: 59, names: [] },
  hour: { first: 0, last: 23, names: [] },
  'day-of-month': { first: 1, last: 31, names: [] },
  month: { first: 1, last: 12, names: monthNames },
  'day-of-week': { first: 0, last: 6, names: dayNames },
  year: { first: CRON_FIRST_YEAR, last: CRON_LAST_YEAR, names: [] },
}

/** A number or a name of the field, or null. Seven is a second name of Sunday; nothing else may be out of bounds. */
export const fieldValue = (field: FieldName, text: string): number | null => {
  const rule = rules[field]
  const named = rule.names.findIndex(names => names.includes(text))
  if (named >= 0) return named + rule.first
  const pattern = field === 'year' ? /^\d{4}$/ : /^\d{1,2}$/
  if (!pattern.test(text)) return null
  const value = Number(text)
  if (field === 'day-of-week' && value === 7) return 7
  return value >= rule.first && value <= rule.last ? value : null
}

const range = (first: number, last: number, step: number): readonly number[] =>
  Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step)

/** The values of `first-last/step`. cron-parser counts them out for every field that it knows; it has no years. */
const spanValues = (field: FieldName, first: number, last: number, step: number): readonly number[] => {
  const span = first === last ? `${first}` : `${first}-${last}/${step}`
  switch (field) {
    case 'second':
      return CronExpressionParser.parse(`${span} * * * * *`).fields.second.values
    case 'minute':
      return CronExpressionParser.parse(`0 ${span} * * * *`).fields.minute.values
    case 'hour':
      return CronExpressionParser.parse(`0 0 ${span} * * *`).fields.hour.values
    case 'day-of-month':
      return CronExpressionParser.parse(`0 0 0 ${span} * *`).fields.dayOfMonth.values.map(Number)
    case 'month':
      return CronExpressionParser.parse(`0 0 0 1 ${span} *`).fields.month.values
    case 'day-of-week':
      return CronExpressionParser.parse(`0 0 0 * * ${span}`).fields.dayOfWeek.values.map(day => Number(day) % 7)
    case 'year':
      return range(first, last, step)
  }
}

const stepOf = (field: FieldName, entry: string, text: string | undefined): number => {
  if (text === undefined) return 1
  const step = Number(text)
  if (step >= 1 && step <= rules[field].last) return step
  throw new CronSyntaxError(
    `invalid interval '${entry}' in ${field} field: the step must be from 1 to ${rules[field].last}`,
  )
}

const entryPattern = /^(?:\*|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:\/(\d{1,4}))?$/

const parseEntry = (field: FieldName, entry: string): FieldEntry => {
  if (entry === '*' || entry === '?') return { kind: 'all' }
  const parts = entryPattern.exec(entry)
  if (parts === null) return { kind: 'special', text: entry }
  const rule = rules[field]
  const [, firstText, lastText, stepText] = parts
  const first = firstText === undefined ? rule.first : fieldValue(field, firstText)
  const last = lastText === undefined ? null : fieldValue(field, lastText)
  // What is no value of this field may still be something special, such as the L of a day; the field's owner decides.
  if (first === null || (lastText !== undefined && last === null)) return { kind: 'special', text: entry }
  const step = stepOf(field, entry, stepText)
  const end = last ?? (firstText !== undefined && stepText === undefined ? first : Math.max(rule.last, first))
  const endOrSunday = field === 'day-of-week' && lastText !== undefined && end === 0 && first > 0 ? 7 : end
  if (endOrSunday < first) {
    throw new CronSyntaxError(
      `range '${entry}' in ${field} field runs backwards: write it as two ranges, joined by a comma`,
    )
  }
  return { kind: 'values', values: spanValues(field, first, endOrSunday, step) }
}

/** Takes a field apart into its entries. Throws CronSyntaxError; empty entries between commas are passed over. */
export const parseField = (field: FieldName, text: string): readonly FieldEntry[] => {
  const entries = text
    .toLowerCase()
    .split(',')
    .filter(entry => entry !== '')
  if (entries.length === 0) throw new CronSyntaxError(`${field} field: missing directive`)
  return entries.map(entry => parseEntry(field, entry))
}

/** The error for an entry that its field does not understand. */
export const unknownEntry = (field: FieldName, text: string): CronSyntaxError =>
  new CronSyntaxError(`syntax error in ${field} field: '${text}'`)

/** The union of all values in the entries of one field, sorted and each once. */
export const valuesOf = (entries: readonly FieldEntry[]): readonly number[] =>
  [...new Set(entries.flatMap(entry => (entry.kind === 'values' ? entry.values : [])))].sort(
    (left, right) => left - right,
  )

/** A field that understands no special entries: all its values, or `all` when one entry is a wildcard. */
export const parsePlainField = (field: FieldName, text: string): readonly number[] | 'all' => {
  const entries = parseField(field, text)
  for (const entry of entries) if (entry.kind === 'special') throw unknownEntry(field, entry.text)
  return entries.some(entry => entry.kind === 'all') ? 'all' : valuesOf(entries)
}

/** Every value that a field can have. */
export const allValues = (field: FieldName): readonly number[] => range(rules[field].first, rules[field].last, 1)
