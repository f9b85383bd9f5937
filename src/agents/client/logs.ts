import { join } from 'node:path'
import type { Clock } from '../../platform/clock.ts'
import type { LinkRequest } from '../../protocol/client-link.ts'
import { outputNumbers } from './drivers/output-files.ts'
import { followChanges } from './follow-changes.ts'
import { readPiece, type Sink, sizeOfFile } from './stream-file.ts'

export type LogRequest = Extract<LinkRequest, { kind: 'logs' }>

export type LogSource = {
  /** The allocation's directory. */
  readonly root: string
  readonly request: Pick<LogRequest, 'task' | 'type' | 'origin' | 'offset' | 'follows'>
  /** True when the task will write no more. */
  readonly isOver: () => boolean
  readonly clock: Clock
}

type Place = { readonly number: number; readonly offset: number }

const componentsOf = ({ request }: LogSource, number: number): readonly string[] => [
  'alloc',
  'logs',
  `${request.task}.${request.type}.${number}`,
]

const numbersOf = ({ root, request }: LogSource): Promise<readonly number[]> =>
  outputNumbers(join(root, 'alloc', 'logs', `${request.task}.${request.type}`))

/** Where to begin in the files that exist, taken as one: `offset` bytes after their start or before their end. */
const findStart = async (source: LogSource): Promise<Place> => {
  const numbers = await numbersOf(source)
  const sizes = await Promise.all(numbers.map(number => sizeOfFile(source.root, componentsOf(source, number))))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const { origin, offset } = source.request
  let remaining = Math.max(0, origin === 'start' ? offset : total - offset)
  for (const [index, number] of numbers.entries()) {
    const size = sizes[index] ?? 0
    if (remaining < size) return { number, offset: remaining }
    remaining -= size
  }
  return { number: numbers.at(-1) ?? 0, offset: sizes.at(-1) ?? 0 }
}

/** Sends all there is from `place` on, over the ends of files. Answers where it stopped. */
const sendWhatIsThere = async (source: LogSource, place: Place, sink: Sink, signal: AbortSignal): Promise<Place> => {
  let { number, offset } = place
  while (!signal.aborted) {
    // Looked at before the read: a file is complete once the next one exists.
    const next = (await numbersOf(source)).find(candidate => candidate > number)
    const piece = await readPiece(source.root, componentsOf(source, number), offset)
    if (piece !== null && piece.length > 0) {
      await sink(piece)
      offset += piece.length
    } else if (next === undefined) break
    else {
      number = next
      offset = 0
    }
  }
  return { number, offset }
}

/**
 * Streams a task's output, its numbered files merged in order. Following ends with the signal, or when the task will
 * write no more. Files that rotation removed meanwhile are skipped.
 */
export const streamLogs = async (source: LogSource, sink: Sink, signal: AbortSignal): Promise<void> => {
  const { request, clock } = source
  const changes = request.follows ? followChanges(clock, join(source.root, 'alloc', 'logs'), signal) : undefined
  try {
    let place = await findStart(source)
    for (;;) {
      const isLast = source.isOver()
      place = await sendWhatIsThere(source, place, sink, signal)
      if (changes === undefined || signal.aborted || isLast) return
      await changes.next()
    }
  } finally {
    changes?.close()
  }
}
