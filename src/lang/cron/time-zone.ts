/** Zones whose formatters are kept; the whole IANA database has about six hundred names. */
const MAX_CACHED_ZONES = 1_000

const formatters = new Map<string, Intl.DateTimeFormat>()

const openFormatter = (timeZone: string): Intl.DateTimeFormat =>
  new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })

const formatterOf = (timeZone: string): Intl.DateTimeFormat => {
  const known = formatters.get(timeZone)
  if (known !== undefined) return known
  const opened = openFormatter(timeZone)
  if (formatters.size >= MAX_CACHED_ZONES) formatters.clear()
  formatters.set(timeZone, opened)
  return opened
}

/** Whether `name` is a zone of the IANA database that this machine knows. A bare offset such as `+01:00` is none. */
export const isTimeZone = (name: string): boolean => {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    formatterOf(name)
    return true
  } catch {
    // Intl has no other way to say that it does not know a zone.
    return false
  }
}

const utcNames: ReadonlySet<string> = new Set(['UTC', 'Etc/UTC', 'GMT', 'Etc/GMT'])

/**
 * What has to be added to an instant to get the local time in a zone, in ms. Instants are on whole seconds and of
 * years with four digits. Throws RangeError for a name that isTimeZone refuses.
 */
export const offsetMs = (timeZone: string, instantMs: number): number => {
  if (utcNames.has(timeZone)) return 0
  // The locale and the options fix the form: MM/DD/YYYY, HH:MM:SS.
  const text = formatterOf(timeZone).format(instantMs)
  const at = (from: number, to: number): number => Number(text.slice(from, to))
  return Date.UTC(at(6, 10), at(0, 2) - 1, at(3, 5), at(12, 14), at(15, 17), at(18, 20)) - instantMs
}
