import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import { AppError } from '../../platform/errors.ts'

import { type FileEntry, type LinkRequest, MAX_STREAM_CHUNK_BYTES } from '../../protocol/client-link.ts'
import { followChanges } from './follow-changes.ts'
import { MAX_LISTED_ENTRIES } from './limits.ts'
import { componentsBelow, followLinks, withDirectory } from './safe-path.ts'
import { readPiece, type Sink } from './stream-file.ts'

/** Directories of a task that no user looks into from outside. */
const closedDirectories: ReadonlySet<string> = new Set(['secrets', 'private'])

const permissionLetters = ['r', 'w', 'x'] as const
const PERMISSION_BITS = 9

/** Go's letters of what is no regular file, with the words for it. */
const kinds = [
  { letter: 'd', words: 'a directory', is: (stats: Stats) => stats.isDirectory() },
  { letter: 'L', words: 'a symbolic link', is: (stats: Stats) => stats.isSymbolicLink() },
  { letter: 'p', words: 'a FIFO', is: (stats: Stats) => stats.isFIFO() },
  { letter: 'S', words: 'a socket', is: (stats: Stats) => stats.isSocket() },
  { letter: 'D', words: 'a device', is: (stats: Stats) => stats.isBlockDevice() || stats.isCharacterDevice() },
] as const

const kindOf = (stats: Stats) => kinds.find(({ is }) => is(stats))

const modeOf = (stats: Stats): string => {
  const kind = kindOf(stats)?.letter ?? '-'
  const letters = Array.from({ length: PERMISSION_BITS }, (_, index) =>
    (stats.mode & (1 << (PERMISSION_BITS - 1 - index))) === 0 ? '-' : (permissionLetters[index % 3] ?? '-'),
  )
  return kind + letters.join('')
}

const entryOf = (name: string, stats: Stats): FileEntry => ({
  name,
  isDirectory: stats.isDirectory(),
  sizeBytes: stats.size,
  mode: modeOf(stats),
  modifiedAt: Math.floor(stats.mtimeMs),
})

const refuseClosed = (path: string, [first, second]: readonly string[]): void => {
  if (first !== 'alloc' && second !== undefined && closedDirectories.has(second)) {
    throw new AppError(
      'REQUEST_REFUSED',
      `${JSON.stringify(path)} is in a task's ${second} directory, which is not shown`,
    )
  }
}

/**
 * The components of a user's path below the allocation's directory, symbolic links followed. Throws REQUEST_REFUSED for
 * secrets and for paths that lead out.
 */
const userComponents = async (root: string, path: string): Promise<readonly string[]> => {
  // A leading slash means the allocation's directory.
  const asked = componentsBelow(root, path.replace(/^\/+/, ''))
  refuseClosed(path, asked)
  const components = await followLinks(root, asked)
  // A link must not open what its own name would not.
  refuseClosed(path, components)
  return components
}

/** The entries of a directory, at most MAX_LISTED_ENTRIES, by name. */
export const listDirectory = async (root: string, path: string): Promise<readonly FileEntry[]> =>
  withDirectory(root, await userComponents(root, path), {}, async directory => {
    const names = (await readdir(directory.at('.'))).sort().slice(0, MAX_LISTED_ENTRIES)
    const entries: FileEntry[] = []
    for (const name of names) {
      // What was removed since the directory was read is no entry any more.
      const stats = await lstat(directory.at(name)).catch(() => undefined)
      if (stats !== undefined) entries.push(entryOf(name, stats))
    }
    return entries
  })

const statAt = (root: string, components: readonly string[]): Promise<Stats> =>
  withDirectory(root, components.slice(0, -1), {}, directory => lstat(directory.at(components.at(-1) ?? '.')))

/** What a path is; of a symbolic link, what it leads to. */
export const statEntry = async (root: string, path: string): Promise<FileEntry> => {
  const components = await userComponents(root, path)
  const asked = componentsBelow(root, path.replace(/^\/+/, '')).at(-1)
  return entryOf(asked ?? '/', await statAt(root, components))
}

export type ReadSource = {
  readonly root: string
  readonly request: Pick<
    Extract<LinkRequest, { kind: 'read' }>,
    'path' | 'origin' | 'offset' | 'limitBytes' | 'follows'
  >
  readonly isOver: () => boolean
  readonly clock: Clock
}

/** The size of a regular file; throws REQUEST_INVALID for anything else, which is not even opened, ENOENT when it does not exist. */
const sizeOfRegular = async (root: string, components: readonly string[], path: string): Promise<number> => {
  const stats = await statAt(root, components)
  const kind = kindOf(stats)
  if (kind === undefined) return stats.size
  throw new AppError('REQUEST_INVALID', `cannot read ${JSON.stringify(path)}: it is ${kind.words}, not a file`)
}

/** Streams a file from an offset, at most `limitBytes` (0 = all), following it where asked until the signal aborts. */
export const streamFile = async (source: ReadSource, sink: Sink, signal: AbortSignal): Promise<void> => {
  const { root, request } = source
  const components = await userComponents(root, request.path)
  const size = await sizeOfRegular(root, components, request.path)
  let offset = Math.max(0, request.origin === 'start' ? request.offset : size - request.offset)
  let left = request.limitBytes > 0 ? request.limitBytes : Number.POSITIVE_INFINITY
  const directory = dirname(join(root, ...components))
  const changes = request.follows ? followChanges(source.clock, directory, signal) : undefined
  try {
    while (!signal.aborted && left > 0) {
      const isLast = source.isOver()
      const piece = await readPiece(root, components, offset, Math.min(left, MAX_STREAM_CHUNK_BYTES))
      if (piece !== null && piece.length > 0) {
        await sink(piece)
        offset += piece.length
        left -= piece.length
      } else if (changes === undefined || isLast) return
      else await changes.next()
    }
  } finally {
    changes?.close()
  }
}
