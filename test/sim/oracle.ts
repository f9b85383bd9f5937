import { createHash } from 'node:crypto'
import { decode } from '../../src/app/codec.ts'
import { applyEvent, type ClusterState, emptyCluster, noChanges } from '../../src/domain/cluster/index.ts'
import type { Recorded } from '../../src/domain/events.ts'
import { STATE_CATEGORIES } from '../../src/domain/streams.ts'
import type { RecordedEvent } from '../../src/eventstore/port.ts'
import { categoryOf } from '../../src/eventstore/port.ts'

/** Sees every event right before and right after it is folded. Throws a Violation when a promise is broken. */
export type Watcher = {
  readonly before?: (event: Recorded, state: ClusterState) => void
  readonly after: (event: Recorded, state: ClusterState) => void
}

/** A promise of the system that did not hold. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** A fold of its own over the log, event by event, whatever servers live or die: what is true is what the log says. */
export type Oracle = {
  readonly state: ClusterState
  /** Folds what the log has got since, showing every event to the watchers. */
  readonly follow: (log: readonly RecordedEvent[], watchers: readonly Watcher[]) => void
  /** Digest of the whole log so far. */
  readonly hash: () => string
}

export const createOracle = (trace: ((line: string) => void) | null): Oracle => {
  const state = emptyCluster()
  const digest = createHash('sha256')
  const ids = new Set<string>()
  let seen = 0
  return {
    state,
    hash: () => digest.copy().digest('hex').slice(0, 32),
    follow: (log, watchers) => {
      for (; seen < log.length; seen++) {
        const stored = log[seen]
        if (stored === undefined) return
        digest.update(JSON.stringify(stored))
        if (ids.has(stored.id))
          throw new Violation(
            `I5: the event id ${stored.id} (${stored.type} in ${stored.stream}) stands in the log twice`,
          )
        ids.add(stored.id)
        if (!STATE_CATEGORIES.includes(categoryOf(stored.stream))) continue
        const event = decode(stored)
        trace?.(`${event.position} ${event.stream}@${event.revision} ${event.type} ${JSON.stringify(event.data)}`)
        for (const watcher of watchers) watcher.before?.(event, state)
        applyEvent(state, event, noChanges())
        for (const watcher of watchers) watcher.after(event, state)
      }
    },
  }
}

/** The state that a replay of the whole log from zero gives. */
export const replay = (log: readonly RecordedEvent[]): ClusterState => {
  const state = emptyCluster()
  for (const stored of log) {
    if (STATE_CATEGORIES.includes(categoryOf(stored.stream))) applyEvent(state, decode(stored), noChanges())
  }
  return state
}
