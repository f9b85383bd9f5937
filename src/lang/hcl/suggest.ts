/** Names that differ by more edits than a third of their length are not what was meant. */
const EDITS_PER_CHARACTERS = 3

/** Words longer than this are not compared: nobody mistypes them, and comparing takes time by the square. */
const MAX_COMPARED_LENGTH = 64

/** How many insertions, deletions, replacements and swaps of neighbours lead from one word to the other. */
export const editDistance = (from: string, to: string): number => {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1]
      let best = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + (isSame ? 0 : 1),
      )
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (isSwap) best = Math.min(best, (beforePrevious[column - 2] ?? 0) + 1)
      current.push(best)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[to.length] ?? 0
}

/** The candidate that was probably meant, or undefined if none is close. Case counts as less than a different letter. */
export const suggest = (name: string, candidates: Iterable<string>): string | undefined => {
  if (name.length > MAX_COMPARED_LENGTH) return undefined
  let best: { readonly candidate: string; readonly distance: number } | undefined
  for (const candidate of candidates) {
    if (candidate === name || candidate.length > MAX_COMPARED_LENGTH) continue
    const distance =
      editDistance(name.toLowerCase(), candidate.toLowerCase()) +
      (name.toLowerCase() === candidate.toLowerCase() ? 0 : 0.5)
    const allowed = Math.max(1, Math.floor(Math.max(name.length, candidate.length) / EDITS_PER_CHARACTERS)) + 0.5
    if (distance <= allowed && (best === undefined || distance < best.distance)) best = { candidate, distance }
  }
  return best?.candidate
}

/** `Did you mean "x"?` or undefined. */
export const suggestionHint = (name: string, candidates: Iterable<string>): string | undefined => {
  const found = suggest(name, candidates)
  return found === undefined ? undefined : `Did you mean "${found}"?`
}
