/**
 * Node rows by score, the best on top, ties to the lower row (that is: the lower node id). Every row's place is known, so
 * one changed score costs log(n) and nothing else is looked at.
 */
export type NodeHeap = {
  /** Score by row, of the rows that are in the heap. */
  readonly scores: Int32Array
  /** The best row, -1 when empty. */
  readonly top: () => number
  readonly has: (row: number) => boolean
  readonly set: (row: number, score: number) => void
  readonly remove: (row: number) => void
  /** The best `count` rows, best first. */
  readonly best: (count: number) => readonly number[]
  /** Fills the empty heap with rows whose `scores` are set already. */
  readonly load: (rows: readonly number[]) => void
}

export const createNodeHeap = (nodes: number): NodeHeap => {
  const scores = new Int32Array(nodes)
  const places = new Int32Array(nodes).fill(-1)
  const heap = new Int32Array(nodes)
  let size = 0

  const isBefore = (a: number, b: number): boolean => {
    const difference = (scores[a] ?? 0) - (scores[b] ?? 0)
    return difference > 0 || (difference === 0 && a < b)
  }
  const put = (place: number, row: number): void => {
    heap[place] = row
    places[row] = place
  }
  const up = (from: number, row: number): void => {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      const other = heap[parent] ?? 0
      if (!isBefore(row, other)) break
      put(place, other)
      place = parent
    }
    put(place, row)
  }
  const down = (from: number, row: number): void => {
    let place = from
    for (let child = 2 * place + 1; child < size; child = 2 * place + 1) {
      const right = child + 1
      const better = right < size && isBefore(heap[right] ?? 0, heap[child] ?? 0) ? right : child
      const other = heap[better] ?? 0
      if (!isBefore(other, row)) break
      put(place, other)
      place = better
    }
    put(place, row)
  }
  const settle = (row: number): void => {
    up(places[row] ?? 0, row)
    down(places[row] ?? 0, row)
  }
  const has = (row: number): boolean => (places[row] ?? -1) >= 0
  const remove = (row: number): void => {
    const place = places[row] ?? -1
    if (place < 0) return
    places[row] = -1
    size -= 1
    const last = heap[size] ?? 0
    if (place === size) return
    put(place, last)
    settle(last)
  }
  const best = (count: number): readonly number[] => {
    const found: number[] = []
    for (let place = 0; place < size; place++) {
      const row = heap[place] ?? 0
      const worst = found.at(-1)
      if (found.length === count && worst !== undefined && !isBefore(row, worst)) continue
      const at = found.findIndex(other => isBefore(row, other))
      found.splice(at < 0 ? found.length : at, 0, row)
      if (found.length > count) found.pop()
    }
    return found
  }
  return {
    scores,
    top: () => (size === 0 ? -1 : (heap[0] ?? -1)),
    has,
    set: (row, score) => {
      scores[row] = score
      if (has(row)) return settle(row)
      size += 1
      up(size - 1, row)
    },
    remove,
    best,
    load: rows => {
      for (const row of rows) put(size++, row)
      for (let place = (size >> 1) - 1; place >= 0; place--) down(place, heap[place] ?? 0)
    },
  }
}
