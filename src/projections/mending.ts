import { applyEvent, emptyCluster, noChanges } from '../domain/cluster/index.ts'
import type { Recorded } from '../domain/events.ts'
import { type Backoff, backoffDelayMs } from '../platform/backoff.ts'
import { sleep } from '../platform/clock.ts'
import { AppError, isAppError, messageOf } from '../platform/errors.ts'
import type { Random } from '../platform/random.ts'
import { IN_MEMORY, isDamage, removeReadModel } from './database.ts'
import { delegateViews } from './delegate-views.ts'
import { createReadModel, type ReadModel, type ReadModelOptions } from './runner.ts'
import { createWaiters } from './waiters.ts'

/**
 * A read model that no fault of its own stops for good, and that stops nothing else: a disk without room, a damaged file, an
 * event that its code cannot take. It then stands still, says where and why, and tries again: opened anew, with a fold of
 * its own over the log, until it has caught up with the live one and goes on with that. Damaged files are removed first:
 * they hold nothing that the log does not.
 *
 *     following ─ fault ─▶ stopped ─ after a while ─▶ catching up ─▶ following
 *                             ▲──────── fault ────────────┘
 */
export type MendingReadModel = ReadModel & {
  /** What it stands still for, null while it follows. */
  readonly trouble: () => Trouble | null
}

export type Trouble = {
  /** The newest position whose rows are there; -1 while they are built anew. */
  readonly position: number
  /** What it could not take, empty when that was no event. */
  readonly event: string
  readonly error: string
}

export type MendingOptions = ReadModelOptions & {
  readonly random: Random
  /** The events of the log from its beginning, then live ones, in batches, until the signal aborts. */
  readonly replay: (signal: AbortSignal) => AsyncIterable<readonly Recorded[]>
}

/** A fold of the whole log goes into every attempt. */
const TRY_AGAIN: Backoff = { firstMs: 1_000, maxMs: 60_000 }

const beingBuilt = (): AppError =>
  new AppError('VIEW_LAGGING', 'the views were damaged and are built anew from the log', {
    hint: 'try again in a moment',
  })

export const createMendingReadModel = (options: MendingOptions): MendingReadModel => {
  const { path, clock, logger, random } = options
  const closed = new AbortController()
  const listeners = new Set<(position: number) => void>()

  const remove = (): void => {
    if (path !== IN_MEMORY) removeReadModel(path)
  }

  const open = (): ReadModel => {
    try {
      return createReadModel(options)
    } catch (error) {
      if (!isDamage(error)) throw error
      logger.warn({ path, error: messageOf(error) }, 'read model is damaged and is built anew')
      remove()
      return createReadModel(options)
    }
  }

  let current = open()
  let isOpen = true
  let trouble: Trouble | null = null
  /** There are no rows, or those of an older position than readers were told of. */
  let isPartial = false
  /** What the live fold has shown, and what a fold of its own has brought in. */
  let seen = -1
  let taken = -1
  const waiters = createWaiters(clock, current.position())

  /** A disk without room may not even let it be opened: then there are no rows until it does. */
  const reopen = (): void => {
    current.discard()
    isOpen = false
    isPartial = true
    try {
      current = open()
      isOpen = true
      isPartial = current.position() < waiters.position()
    } catch (error) {
      logger.warn({ path, error: messageOf(error) }, 'read model cannot be opened and will be tried again')
    }
  }

  const stop = (error: unknown, event: Recorded | null): void => {
    // Rows of another log are no fault that passes.
    if (isAppError(error)) throw error
    if (isDamage(error)) remove()
    reopen()
    const named = event === null ? '' : `${event.type} at position ${event.position}`
    trouble = { position: isOpen ? current.position() : -1, event: named, error: messageOf(error) }
    logger.error({ ...trouble, path }, 'read model stopped and will be tried again')
  }

  const catchUp = async (): Promise<void> => {
    if (!isOpen) reopen()
    if (!isOpen) return
    const state = emptyCluster()
    for await (const events of options.replay(closed.signal)) {
      for (const event of events) {
        const changes = noChanges()
        applyEvent(state, event, changes)
        try {
          current.apply(event, state, changes)
        } catch (error) {
          return stop(error, event)
        }
      }
      current.endBatch(state.position)
      if (state.position < seen) continue
      taken = state.position
      trouble = null
      isPartial = false
      break
    }
  }

  const mend = async (): Promise<void> => {
    const isOver = (): boolean => trouble === null || closed.signal.aborted
    for (let attempt = 0; !isOver(); attempt += 1) {
      await sleep(clock, backoffDelayMs(TRY_AGAIN, attempt, random), closed.signal)
      if (closed.signal.aborted) return
      try {
        await catchUp()
      } catch (error) {
        if (!closed.signal.aborted) stop(error, null)
      }
    }
    if (closed.signal.aborted) return
    logger.info({ position: current.position() }, 'read model goes on')
    tell(current.position())
  }

  const tell = (position: number): void => {
    waiters.settle(position)
    for (const listener of listeners) listener(waiters.position())
  }

  const stopLive = (error: unknown, event: Recorded | null): void => {
    stop(error, event)
    void mend()
  }

  const read = <T>(query: () => T): T => {
    if (isPartial) throw beingBuilt()
    try {
      return query()
    } catch (error) {
      if (!isDamage(error)) throw error
      if (trouble === null) stopLive(error, null)
      throw beingBuilt()
    }
  }

  return {
    apply: (event, state, changes) => {
      if (trouble !== null || event.position <= taken) return
      try {
        current.apply(event, state, changes)
      } catch (error) {
        stopLive(error, event)
      }
    },
    endBatch: position => {
      seen = Math.max(seen, position)
      if (trouble !== null) return
      try {
        current.endBatch(position)
      } catch (error) {
        return stopLive(error, null)
      }
      tell(position)
    },
    trouble: () => trouble,
    position: waiters.position,
    schema: current.schema,
    waitFor: waiters.waitFor,
    onBatch: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    views: delegateViews(() => current.views, read),
    dump: () => read(() => current.dump()),
    dumpAt: position => read(() => current.dumpAt(position)),
    close: () => {
      closed.abort()
      if (trouble === null) current.close()
      else current.discard()
    },
    discard: () => {
      closed.abort()
      current.discard()
    },
  }
}
