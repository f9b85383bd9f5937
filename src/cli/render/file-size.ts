const STEP = 1_024
const units = ['KiB', 'MiB', 'GiB', 'TiB'] as const

/** Below it a size has a decimal. */
const SMALL = 10

/** Bytes as people write sizes: `12 B`, `1.5 KiB`, `300 MiB`. */
export const fileSize = (bytes: number): string => {
  if (bytes < STEP) return `${bytes} B`
  let value = bytes
  let unit: string = units[0]
  for (const name of units) {
    value /= STEP
    unit = name
    if (value < STEP) break
  }
  return `${Number(value.toFixed(value < SMALL ? 1 : 0))} ${unit}`
}
