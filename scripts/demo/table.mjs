/** A table in columns, two spaces between them, one line for the heads and one for each row. */
export function renderTable(heads, rows) {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map(row => row[column].length)))
  const renderRow = cells =>
    cells
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd()
  return [heads, ...rows].map(renderRow).join('\n')
}

export const renderSeconds = ms => `${(ms / 1_000).toFixed(1)} s`
