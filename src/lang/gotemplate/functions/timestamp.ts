import { type TemplateFunction, textAt, variadic } from '../template-function.ts'

const monthNames = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

const DAY_MS = 86_400_000

const padded = (value: number, width = 2, fill = '0'): string => String(value).padStart(width, fill)

const hour12 = (date: Date): number => date.getUTCHours() % 12 || 12

const dayOfYear = (date: Date): number =>
  Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1

/** What each piece of Go's reference time, Mon Jan 2 15:04:05 MST 2006, stands for; times here are UTC. */
const pieces: Readonly<Record<string, (date: Date) => string>> = {
  January: date => monthNames[date.getUTCMonth()] ?? '',
  Jan: date => (monthNames[date.getUTCMonth()] ?? '').slice(0, 3),
  Monday: date => dayNames[date.getUTCDay()] ?? '',
  Mon: date => (dayNames[date.getUTCDay()] ?? '').slice(0, 3),
  MST: () => 'UTC',
  '2006': date => padded(date.getUTCFullYear(), 4),
  '06': date => padded(date.getUTCFullYear() % 100),
  '01': date => padded(date.getUTCMonth() + 1),
  '1': date => String(date.getUTCMonth() + 1),
  '002': date => padded(dayOfYear(date), 3),
  __2: date => padded(dayOfYear(date), 3, ' '),
  '02': date => padded(date.getUTCDate()),
  _2: date => padded(date.getUTCDate(), 2, ' '),
  '2': date => String(date.getUTCDate()),
  '15': date => padded(date.getUTCHours()),
  '03': date => padded(hour12(date)),
  '3': date => String(hour12(date)),
  '04': date => padded(date.getUTCMinutes()),
  '4': date => String(date.getUTCMinutes()),
  '05': date => padded(date.getUTCSeconds()),
  '5': date => String(date.getUTCSeconds()),
  PM: date => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
  pm: date => (date.getUTCHours() < 12 ? 'am' : 'pm'),
  'Z07:00:00': () => 'Z',
  'Z07:00': () => 'Z',
  Z070000: () => 'Z',
  Z0700: () => 'Z',
  Z07: () => 'Z',
  '-07:00:00': () => '+00:00:00',
  '-07:00': () => '+00:00',
  '-070000': () => '+000000',
  '-0700': () => '+0000',
  '-07': () => '+00',
}

const layoutPattern =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|_2006|2006|__2|_2|002|0[1-6]|15|[1-5]|PM|pm|[Z-]07(?::00:00|:00|0000|00|)|[.,](?:0+|9+)(?!\d)/g

/** `.000` keeps its zeros, `.999` drops them, and itself when nothing is left. */
const fraction = (piece: string, date: Date): string => {
  const digits = padded(date.getUTCMilliseconds(), 3)
    .padEnd(piece.length - 1, '0')
    .slice(0, piece.length - 1)
  const shown = piece.includes('9') ? digits.replace(/0+$/, '') : digits
  return shown === '' ? '' : piece[0] + shown
}

/** A time in UTC by a layout of Go's time package. */
const formatGoTime = (epochMs: number, layout: string): string => {
  const date = new Date(epochMs)
  return layout.replace(layoutPattern, piece => {
    if (piece === '_2006') return `_${padded(date.getUTCFullYear(), 4)}`
    return pieces[piece]?.(date) ?? fraction(piece, date)
  })
}

const RFC_3339 = '2006-01-02T15:04:05Z07:00'

/** `timestamp`: now in RFC 3339, as seconds for the layout "unix", or by any layout. `now` gives epoch ms. */
export const timestampFunction = (now: () => number): TemplateFunction =>
  variadic(
    0,
    args => {
      const layout = args.length === 0 ? RFC_3339 : textAt(args, 0)
      return layout === 'unix' ? String(Math.floor(now() / 1_000)) : formatGoTime(now(), layout)
    },
    1,
  )
