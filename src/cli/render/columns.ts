/** What stands for an empty value. */
export const NONE = '<none>'

const GAP = '  '

/** Width on screen, near enough: characters, not UTF-16 units. */
const width = (text: string): number => Array.from(text).length

const shown = (value: string): string => (value === '' ? NONE : value)

/**
 * A table: columns as wide as their widest entry, two spaces between them, nothing behind the last. The first row is the
 * heading. Empty entries show as `<none>`.
 */
export const renderTable = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths: number[] = []
  for (const row of rows) {
    for (const [column, value] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, width(shown(value)))
    }
  }
  return rows.map(row =>
    row
      .map((value, column) => {
        const text = shown(value)
        const isLast = column === row.length - 1
        return isLast ? text : `${text}${' '.repeat((widths[column] ?? 0) - width(text))}`
      })
      .join(GAP),
  )
}

/** `Key   = value` lines with the equals signs below one another. Empty values show as `<none>`. */
export const renderKeyValues = (pairs: readonly (readonly [key: string, value: string])[]): readonly string[] => {
  const longest = Math.max(0, ...pairs.map(([key]) => width(key)))
  return pairs.map(([key, value]) => `${key}${' '.repeat(longest - width(key))} = ${shown(value)}`)
}
