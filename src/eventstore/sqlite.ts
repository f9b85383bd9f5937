/**
 * The embedded event store: one SQLite file in WAL mode with every commit synced, written by a thread of its own in
 * groups, read on the caller's thread in pages. One process at a time has it, kept so by a lock beside the file.
 */

import type { AppError } from '../platform/errors.ts'
import { lockFile } from '../platform/file-lock.ts'
import { createFeed } from './feed.ts'
import type { EventStore, RecordedEvent } from './port.ts'
import { decodeEvent, encodeAppend, encodeBatch } from './serde.ts'
import type { WrittenEvent } from './sqlite-plan.ts'
import { createReader, readStream } from './sqlite-reader.ts'
import { openDatabase } from './sqlite-schema.ts'
import { defaultWorkerUrl, startWorker } from './sqlite-worker-link.ts'
import { createWriter, MAX_QUEUED_CALLS } from './sqlite-writer.ts'

export type SqliteStoreOptions = {
  /** The file; it and its directory are made when they are not there. `<path>.lock` is its lock. */
  readonly path: string
  /** The writer thread's program, where it does not stand beside this module. */
  readonly workerUrl?: URL
  readonly maxQueuedCalls?: number
  /** Called once when a failed write has stopped the store: the process should end and start again. */
  readonly onStopped?: (error: AppError) => void
}

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/**
 * Opens the event log at `path`. Throws DATA_DIR_LOCKED if another process has it, DATA_DIR_UNUSABLE if the file cannot
 * be made or is not ours, STORE_CORRUPT if the newest events are not as they were written.
 *
 * A failed append means: STORE_UNAVAILABLE, no effect (disk full); OVERLOADED, no effect (too much waits);
 * STORE_OUTCOME_UNKNOWN, the disk failed in the middle, and the store refuses everything from then on.
 */
export const openSqliteStore = async (options: SqliteStoreOptions): Promise<EventStore> => {
  const { path } = options
  const lock = lockFile(`${path}.lock`)
  try {
    const database = openDatabase(path)
    try {
      const reader = createReader(database, path)
      reader.verifyNewest()
      return assemble(options, reader, () => {
        database.close()
        lock.release()
      })
    } catch (error) {
      database.close()
      throw error
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

const assemble = (
  options: SqliteStoreOptions,
  reader: ReturnType<typeof createReader>,
  release: () => void,
): EventStore => {
  const { path } = options
  const feed = createFeed({
    head: reader.head(),
    readPage: (after, filter) => reader.page(after, feed.head(), filter),
    pause: nextTurn,
  })
  const writer = createWriter({
    path,
    reader,
    link: startWorker(path, options.workerUrl ?? defaultWorkerUrl),
    maxQueuedCalls: options.maxQueuedCalls ?? MAX_QUEUED_CALLS,
    onCommitted: written => {
      const head = written.at(-1)?.place.position ?? feed.head()
      feed.publish(feed.hasSubscribers() ? written.map(committedEvent) : [], head)
    },
    onStopped: error => {
      feed.end(error)
      options.onStopped?.(error)
    },
  })
  const requireOpen = (attempted: string): void => {
    const refused = writer.refusal(attempted)
    if (refused) throw refused
  }
  let closing: Promise<void> | undefined

  return {
    append: async (stream, expected, events) => {
      const append = encodeAppend({ stream, expected, events })
      const [result] = await writer.submit([{ kind: 'append', append }], `append to ${stream}`)
      if (!result) throw new Error('invariant broken: one append has one result')
      return result
    },
    appendBatch: async appends => {
      requireOpen('append a batch')
      if (appends.length === 0) return []
      const writes = encodeBatch(appends).map(append => ({ kind: 'append', append }) as const)
      return writer.submit(writes, `append a batch of ${appends.length}`)
    },
    read: (stream, from = 0) =>
      readWhileOpen(
        () => requireOpen(`read ${stream}`),
        () => readStream(reader, path, stream, from),
      ),
    subscribe: feed.subscribe,
    keepNewest: async stream => {
      await writer.submit([{ kind: 'keep-newest', stream }], `keep the newest event of ${stream}`)
    },
    head: async () => {
      requireOpen('read the head')
      return feed.head()
    },
    close: () => {
      closing ??= (async () => {
        await writer.close()
        feed.end()
        release()
      })()
      return closing
    },
  }
}

const committedEvent = ({ place, id, type, body }: WrittenEvent) => ({
  event: decodeEvent(place, id, type, body),
  bytes: body.length,
})

/** Looks at the stream when it is called, not when iteration begins; a closed store is reported to the iteration. */
const readWhileOpen = (check: () => void, open: () => AsyncGenerator<RecordedEvent>): AsyncGenerator<RecordedEvent> => {
  let events: AsyncGenerator<RecordedEvent> | undefined
  let failure: unknown
  try {
    check()
    events = open()
  } catch (error) {
    failure = error
  }
  async function* guarded(): AsyncGenerator<RecordedEvent> {
    if (!events) throw failure
    for await (const event of events) {
      yield event
      check()
    }
  }
  return guarded()
}
