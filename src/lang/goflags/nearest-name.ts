/** Names further apart than this many single-character edits are not suggested for one another. */
const MAX_SUGGESTION_EDITS = 2

/** No one mistypes names longer than this; it also bounds the work per comparison. */
const MAX_COMPARED_LENGTH = 64

/** How many single-character insertions, deletions and replacements turn `from` into `to`. */
const editDistance = (from: string, to: string): number => {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1))
    }
    previous = current
  }
  return previous[to.length] ?? 0
}

/** The name that `typed` was probably meant to be, or null when none is near. Equally near names: the first in order. */
export const nearestName = (typed: string, names: readonly string[]): string | null => {
  if (typed.length > MAX_COMPARED_LENGTH) return null
  const word = typed.toLowerCase()
  let best: { readonly name: string; readonly edits: number } | null = null
  for (const name of names) {
    if (name.length > MAX_COMPARED_LENGTH) continue
    const edits = editDistance(word, name.toLowerCase())
    const isNear = edits <= MAX_SUGGESTION_EDITS && edits < Math.max(word.length, name.length)
    if (isNear && (best === null || edits < best.edits)) best = { name, edits }
  }
  return best?.name ?? null
}
