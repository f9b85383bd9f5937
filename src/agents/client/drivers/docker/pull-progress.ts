/** Adds up what Docker tells of a pull, layer by layer. */

/** Layers told of in one pull; images have at most 127. */
const MAX_LAYERS = 1_000

type Layer = { readonly doneBytes: number; readonly totalBytes: number; readonly isComplete: boolean }

export type PullProgress = {
  /** Takes one line of JSON. True where it tells of anything new. */
  readonly read: (line: string) => boolean
  readonly error: () => string | undefined
  /** Such as `2/5 layers, 10 of 48 MB`. */
  readonly summary: () => string
}

const BYTES_PER_MB = 1_000_000

const parse = (line: string): Readonly<Record<string, unknown>> => {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
  } catch {
    return {}
  }
}

const bytesOf = (detail: unknown, name: 'current' | 'total'): number => {
  if (typeof detail !== 'object' || detail === null || !(name in detail)) return 0
  const value: unknown = Object.entries(detail).find(([key]) => key === name)?.[1]
  return typeof value === 'number' ? value : 0
}

export const createPullProgress = (): PullProgress => {
  const layers = new Map<string, Layer>()
  let error: string | undefined
  let last = ''

  return {
    read: line => {
      if (line.trim() === '' || line === last) return false
      last = line
      const message = parse(line)
      if (typeof message['error'] === 'string') error = message['error'].trim()
      const { id, status, progressDetail } = message
      const isLayer = typeof id === 'string' && typeof status === 'string' && /^[0-9a-f]{12}$/.test(id)
      if (!isLayer || (layers.size >= MAX_LAYERS && !layers.has(id))) return true
      const before = layers.get(id)
      const isDownload = status === 'Downloading'
      layers.set(id, {
        doneBytes: isDownload ? bytesOf(progressDetail, 'current') : (before?.totalBytes ?? 0),
        totalBytes: isDownload ? bytesOf(progressDetail, 'total') : (before?.totalBytes ?? 0),
        isComplete: status === 'Pull complete' || status === 'Already exists',
      })
      return true
    },
    error: () => error,
    summary: () => {
      const all = [...layers.values()]
      const sum = (pick: (layer: Layer) => number): number =>
        Math.round(all.reduce((total, layer) => total + pick(layer), 0) / BYTES_PER_MB)
      const complete = all.filter(layer => layer.isComplete).length
      return `${complete}/${all.length} layers, ${sum(layer => layer.doneBytes)} of ${sum(layer => layer.totalBytes)} MB`
    },
  }
}
