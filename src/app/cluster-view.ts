import { applyEvent, type Changes, type ClusterState, emptyCluster, noChanges } from '../domain/cluster/index.ts'
import type { Recorded } from '../domain/events.ts'
import { STATE_CATEGORIES } from '../domain/streams.ts'
import type { EventStore, Position, RecordedEvent } from '../eventstore/port.ts'
import { type Clock, untilAborted } from '../platform/clock.ts'
import { AppError, isAppError } from '../platform/errors.ts'
import { decode } from './codec.ts'

/**
 * The live fold of the log: one subscription feeds the cluster's state, whoever derives rows from it, and whoever waits for
 * a position. Readers of the state never await between reading and deciding, so they see one moment.
 */
export type ClusterView = {
  readonly state: ClusterState
  /** Called with what a batch of events changed, after all of it was folded and every observer has seen it. */
  readonly onChanges: (listener: (changes: Changes) => void) => () => void
  /** Resolves once everything up to `position` is folded and derived. Throws VIEW_LAGGING after `timeoutMs`. */
  readonly reached: (position: Position, timeoutMs: number) => Promise<void>
  /** Resolves once everything that was in the log at the start is folded. */
  readonly caughtUp: Promise<void>
  /**
   * Set once an event was met that this version does not know: the state stands before it for good, and nothing may be
   * decided on it.
   */
  readonly halted: () => AppError | null
  /** Since when, on the monotonic clock, the log may hold what was not heard of; null while all of it is folded as it comes. */
  readonly lostSinceMs: () => number | null
  /** Resolves when the subscription has ended, which it does not while the view is halted; rejects when an event could not be folded. */
  readonly done: Promise<void>
}

/** Sees every event right after it was folded (projections); `endBatch` lets it commit what it gathered. */
export type ViewObserver = {
  readonly apply: (event: Recorded, state: ClusterState, changes: Changes) => void
  readonly endBatch: (position: Position) => void
}

type Waiter = {
  readonly position: Position
  readonly resolve: () => void
  readonly reject: (error: AppError) => void
}

export type ClusterViewOptions = {
  readonly store: EventStore
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly observers: readonly ViewObserver[]
}

const merge = (into: Changes, from: Changes): void => {
  for (const key of ['jobs', 'nodes', 'allocations', 'evaluations', 'deployments', 'services'] as const) {
    for (const id of from[key]) into[key].add(id)
  }
}

export const createClusterView = (options: ClusterViewOptions): ClusterView => {
  const { store, clock, signal, observers } = options
  const state = emptyCluster()
  const listeners = new Set<(changes: Changes) => void>()
  const waiters = new Set<Waiter>()
  let seen: Position = -1
  let halted: AppError | null = null
  let lostSinceMs: number | null = null
  let markCaughtUp: () => void = () => {}
  const caughtUp = new Promise<void>(resolve => {
    markCaughtUp = resolve
  })

  const settle = (position: Position): void => {
    seen = Math.max(seen, position)
    for (const waiter of waiters) {
      if (waiter.position > seen) continue
      waiters.delete(waiter)
      waiter.resolve()
    }
  }

  const fold = (events: readonly Recorded[]): void => {
    const changes = noChanges()
    for (const event of events) {
      const own = noChanges()
      applyEvent(state, event, own)
      for (const observer of observers) observer.apply(event, state, own)
      merge(changes, own)
    }
    const position = events.at(-1)?.position ?? seen
    for (const observer of observers) observer.endBatch(position)
    settle(position)
    for (const listener of listeners) listener(changes)
  }

  /** Folds what can be read of a batch; the error of the event behind it, null when that was all of it. */
  const foldKnown = (events: readonly RecordedEvent[]): AppError | null => {
    const known: Recorded[] = []
    let unknown: AppError | null = null
    for (const event of events) {
      try {
        known.push(decode(event))
      } catch (error) {
        if (!isAppError(error) || error.code !== 'EVENT_UNKNOWN') throw error
        unknown = error
        break
      }
    }
    if (known.length > 0) fold(known)
    return unknown
  }

  const halt = async (error: AppError): Promise<void> => {
    halted = error
    for (const waiter of waiters) waiter.reject(error)
    waiters.clear()
    markCaughtUp()
    await untilAborted(signal)
  }

  const follow = async (): Promise<void> => {
    for await (const item of store.subscribe(-1, { categories: STATE_CATEGORIES }, signal)) {
      switch (item.kind) {
        case 'events': {
          const unknown = foldKnown(item.events)
          if (unknown !== null) return halt(unknown)
          break
        }
        case 'caught-up':
          lostSinceMs = null
          settle(item.position)
          markCaughtUp()
          break
        case 'lost':
          lostSinceMs ??= clock.monotonicMs()
          break
      }
    }
  }

  return {
    state,
    caughtUp,
    halted: () => halted,
    lostSinceMs: () => lostSinceMs,
    done: follow(),
    onChanges: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    reached: (position, timeoutMs) => {
      if (position <= seen) return Promise.resolve()
      if (halted !== null) return Promise.reject(halted)
      return new Promise((resolve, reject) => {
        const waiter: Waiter = {
          position,
          resolve: () => {
            cancel()
            resolve()
          },
          reject: error => {
            cancel()
            reject(error)
          },
        }
        const cancel = clock.after(timeoutMs, () => {
          waiters.delete(waiter)
          reject(new AppError('VIEW_LAGGING', `the state stands at position ${seen}, ${position} was waited for`))
        })
        waiters.add(waiter)
      })
    },
  }
}
