/** Shares are cut into this many steps; between two steps the curve is taken as a line. */
const STEPS = 4_096
/** Scores are integers of this many parts of one. */
export const MILLION = 1_000_000

/**
 * 10^(step / STEPS) in millionths. Built from square roots and products, which IEEE 754 rounds in one way only, because
 * Math.pow may differ between machines and Node versions (design §5).
 */
const table = ((): Float64Array => {
  const roots: number[] = []
  for (let part = STEPS, root = 10; part >= 1; part /= 2, root = Math.sqrt(root)) roots[part] = root
  const values = new Float64Array(STEPS + 1)
  for (let step = 0; step <= STEPS; step++) {
    let value = 1
    for (let part = STEPS; part >= 1; part /= 2) if ((step & part) !== 0) value *= roots[part] ?? 1
    values[step] = Math.round(value * MILLION)
  }
  return values
})()

/** 10 to the power of part/whole, in millionths. The share is held between 0 and 1; a whole of 0 gives the share 0. */
export const tenToTheShare = (part: number, whole: number): number => {
  if (whole <= 0 || part <= 0) return MILLION
  if (part >= whole) return 10 * MILLION
  const scaled = part * STEPS
  const step = Math.floor(scaled / whole)
  const low = table[step] ?? MILLION
  const high = table[step + 1] ?? low
  return low + Math.floor(((high - low) * (scaled - step * whole)) / whole)
}
