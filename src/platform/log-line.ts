/** pino's numbers for levels, in the width of the longest. */
const words: ReadonlyMap<unknown, string> = new Map([
  [20, '[DEBUG]'],
  [30, '[INFO] '],
  [40, '[WARN] '],
  [50, '[ERROR]'],
])

const isPlain = (text: string): boolean => /^[\w@%+:,./()-]+$/.test(text)

const shown = (value: unknown): string =>
  typeof value === 'string' && isPlain(value) ? value : (JSON.stringify(value) ?? String(value))

/**
 * A line of JSON as a person reads it, in the form that Nomad's logs have:
 * `2026-01-01T00:00:00.000Z [INFO]  client: node registered: nodeId=…`. What is no JSON stays as it is.
 */
export const renderLogLine = (line: string): string => {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    return line
  }
  if (typeof parsed !== 'object' || parsed === null) return line
  const { level, time, msg, component = 'agent', ...fields } = parsed as Readonly<Record<string, unknown>>
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${shown(value)}`)
  const message = rest.length === 0 ? String(msg) : `${String(msg)}:${rest.join('')}`
  return `${String(time)} ${words.get(level) ?? `[${String(level)}]`} ${String(component)}: ${message}\n`
}
