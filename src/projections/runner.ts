import type { Database } from 'better-sqlite3'
import type { Changes, ClusterState } from '../domain/cluster/index.ts'
import type { Recorded } from '../domain/events.ts'
import type { Clock } from '../platform/clock.ts'
import { AppError } from '../platform/errors.ts'
import type { Logger } from '../platform/logger.ts'
import { openDatabase } from './database.ts'
import { type Dump, dumpMoment, dumpTables } from './dump.ts'
import { createViews, type Views } from './queries/views.ts'
import { schemaVersion } from './schema.ts'
import { createThings } from './things.ts'
import { createWaiters } from './waiters.ts'
import { createWriter } from './writer.ts'

export type ReadModelOptions = {
  /** A file, or IN_MEMORY. */
  readonly path: string
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The read side: rows derived from the folded state, event by event. Whoever follows the log calls `apply` right after an
 * event was folded and `endBatch` after each batch; one transaction holds a batch's rows and its checkpoint. Events up to
 * the checkpoint of an earlier run are folded by the caller and skipped here.
 */
export type ReadModel = {
  /** Throws STORE_CORRUPT when the rows that are there came from another log. */
  readonly apply: (event: Recorded, state: ClusterState, changes: Changes) => void
  /** Everything up to `position` has been applied. */
  readonly endBatch: (position: number) => void
  /** The newest position that queries answer for, -1 = none. */
  readonly position: () => number
  readonly schema: string
  /** Resolves once the view has `position`. Throws VIEW_LAGGING after `timeoutMs`, OVERLOADED when too many wait. */
  readonly waitFor: (position: number, timeoutMs: number) => Promise<void>
  /** Called after each batch with the view's position. */
  readonly onBatch: (listener: (position: number) => void) => () => void
  readonly views: Views
  /** Every row, for comparing with a replay. */
  readonly dump: () => Dump
  /** What held at `position`. */
  readonly dumpAt: (position: number) => Dump
  readonly close: () => void
  /** Closes it without what the batch that is open has written: its file stands at the newest checkpoint. */
  readonly discard: () => void
}

const createCheckpoint = (db: Database) => {
  const save = db.prepare<[number, string]>('UPDATE checkpoint SET position = ?, event_id = ? WHERE id = 1')
  const begin = db.prepare('BEGIN')
  const commit = db.prepare('COMMIT')
  const found = db
    .prepare<[], { position: number; event_id: string }>('SELECT position, event_id FROM checkpoint')
    .get()
  let isOpen = false
  let newest = { position: found?.position ?? -1, eventId: found?.event_id ?? '' }
  return {
    start: newest,
    note: (position: number, eventId: string): void => {
      if (!isOpen) begin.run()
      isOpen = true
      newest = { position, eventId }
    },
    commit: (): void => {
      if (!isOpen) return
      save.run(newest.position, newest.eventId)
      commit.run()
      isOpen = false
    },
  }
}

const refuseOtherLog = (event: Recorded): never => {
  throw new AppError(
    'STORE_CORRUPT',
    `the read model was built from another log: it knows another event than ${event.id} at position ${event.position}`,
    { hint: 'it holds nothing that the log does not: remove its files and start again' },
  )
}

export const createReadModel = (options: ReadModelOptions): ReadModel => {
  const db = openDatabase(options.path)
  const things = createThings(db)
  const write = createWriter(db, things)
  const checkpoint = createCheckpoint(db)
  const { start } = checkpoint
  const waiters = createWaiters(options.clock, start.position)
  const listeners = new Set<(position: number) => void>()
  options.logger.info({ position: start.position, schema: schemaVersion }, 'read model opened')

  return {
    apply: (event, state, changes) => {
      if (event.position < start.position) return
      if (event.position === start.position) {
        if (event.id !== start.eventId) refuseOtherLog(event)
        return
      }
      checkpoint.note(event.position, event.id)
      write(event, state, changes)
    },
    endBatch: position => {
      checkpoint.commit()
      waiters.settle(position)
      for (const listener of listeners) listener(waiters.position())
    },
    position: waiters.position,
    schema: schemaVersion,
    waitFor: waiters.waitFor,
    onBatch: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    views: createViews(db, waiters.position),
    dump: () => dumpTables(db),
    dumpAt: position => dumpMoment(db, position),
    close: () => {
      checkpoint.commit()
      db.close()
    },
    // What is not committed when a connection is closed is rolled back.
    discard: () => db.close(),
  }
}
