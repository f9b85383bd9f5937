import { STATE_CATEGORIES } from '../domain/streams.ts'
import { upcast } from '../domain/upcasters.ts'
import { categoryOf, type EventStore, type RecordedEvent } from '../eventstore/port.ts'
import type { Clock } from '../platform/clock.ts'
import { AppError } from '../platform/errors.ts'
import { checkLog, type LogSummary } from './check-log.ts'
import { compareCopy } from './compare-copy.ts'
import { copyEvents } from './copy-events.ts'
import { damaged, type LogFile, tooNew } from './format.ts'
import { IMPORT_STREAM, isMark, markOf, readMarks } from './import-mark.ts'

/** Throws LOG_FILE_NEWER for an event that this version would not understand. */
const requireKnown = (file: LogFile) => {
  const categories = new Set(STATE_CATEGORIES)
  return ({ stream, type, data, metadata }: RecordedEvent, line: number): void => {
    if (!categories.has(categoryOf(stream))) return
    if (upcast(type, metadata.schema, data).kind === 'ok') return
    throw tooNew(file.name, line, `an event ${type} of schema ${metadata.schema}`)
  }
}

const notEmpty = (what: string): AppError =>
  new AppError('STORE_NOT_EMPTY', `nothing was imported: the event store ${what}`, {
    hint: 'import into an empty store: another data directory, or another prefix in EventStoreDB',
  })

/** Whether everything is there already. Throws STORE_NOT_EMPTY for a store that holds anything but this import. */
const begin = async (store: EventStore, sha256: string, at: number): Promise<'empty or begun' | 'finished'> => {
  const head = await store.head()
  const [first, last] = head < 0 ? [] : await readMarks(store)
  if (head >= 0 && first === undefined) throw notEmpty(`holds a log already, up to position ${head}`)
  if (first !== undefined && !isMark(first, 'began', sha256)) throw notEmpty('was filled from another file')
  if (last === undefined) {
    const result = await store.append(IMPORT_STREAM, 'no-stream', [markOf('began', sha256, at)])
    if (result.kind === 'conflict') throw notEmpty('is filled by somebody else at this moment')
    return 'empty or begun'
  }
  if (last.position === head) return 'finished'
  throw notEmpty('was filled from this file, and has gone on since')
}

/**
 * Fills an empty store from a file: streams keep their revisions, events their ids and their order. The file is read to its
 * end before anything is written. An import that was cut off goes on when it is given the same file again: what stands is
 * recognised by its ids. Until it has finished, and has read back what it wrote, the store is not served.
 *
 * Throws LOG_FILE_DAMAGED and LOG_FILE_NEWER with nothing written; STORE_NOT_EMPTY; STORE_CORRUPT if the store does not hold
 * what was written to it.
 */
export const importLog = async (store: EventStore, file: LogFile, clock: Clock): Promise<LogSummary> => {
  const summary = await checkLog(file.name, file.open(), requireKnown(file))
  const { sha256 } = summary.footer
  if ((await begin(store, sha256, clock.now())) === 'finished') return summary
  const copied = await copyEvents(store, file)
  if (copied.sha256 !== sha256) throw damaged(file.name, copied.line, 'the file was changed while it was read')
  await compareCopy(store, copied)
  await store.append(IMPORT_STREAM, 0, [markOf('finished', sha256, clock.now())])
  return summary
}
