/**
 * What an import leaves in the log that it fills: its first event and its last. A log with the first and not the last is
 * half of one, and is served by nobody. The two belong to the store and not to the cluster: an export leaves them out.
 */
import type { EventStore, NewEvent, RecordedEvent } from '../eventstore/port.ts'
import { AppError } from '../platform/errors.ts'

export const IMPORT_CATEGORY = 'import'
export const IMPORT_STREAM = `${IMPORT_CATEGORY}-log`

const types = { began: 'ImportBegan', finished: 'ImportFinished' } as const

export type Mark = 'began' | 'finished'

const SHA256_DIGITS = 64

/** An id that follows from the file and the mark, so that a repeat is recognised as one (I5): it has the form of a UUID. */
const markId = (mark: Mark, sha256: string): string => {
  const [, a, b, c, d, e] = /^(.{8})(.{4}).(.{3}).(.{3})(.{12})/.exec(sha256.padEnd(SHA256_DIGITS, '0')) ?? []
  return `${a}-${b}-8${c}-${mark === 'began' ? '8' : '9'}${d}-${e}`
}

export const markOf = (mark: Mark, sha256: string, at: number): NewEvent => {
  const id = markId(mark, sha256)
  const metadata = { $correlationId: id, $causationId: id, schema: 1, actor: 'operator', at }
  return { id, type: types[mark], data: { sha256 }, metadata }
}

/** The marks that stand in a store, oldest first. */
export const readMarks = async (store: EventStore): Promise<readonly RecordedEvent[]> => {
  const marks: RecordedEvent[] = []
  for await (const event of store.read(IMPORT_STREAM)) marks.push(event)
  return marks
}

export const isMark = (event: RecordedEvent, mark: Mark, sha256: string): boolean =>
  event.id === markId(mark, sha256) && event.type === types[mark]

/** Throws IMPORT_UNFINISHED for a store that an import has not filled to the end. */
export const refuseHalfImported = async (store: EventStore): Promise<void> => {
  const marks = await readMarks(store)
  if (marks.length === 0 || marks.at(-1)?.type === types.finished) return
  throw new AppError(
    'IMPORT_UNFINISHED',
    'the event store holds part of a log: an import into it did not come to its end',
    {
      hint: 'give the same file to `muster operator log import` again, or begin anew with an empty store',
    },
  )
}
