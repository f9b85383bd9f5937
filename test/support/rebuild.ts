import { join } from 'node:path'
import { expect } from 'vitest'
import { decode } from '../../src/app/codec.ts'
import { applyEvent, emptyCluster, noChanges } from '../../src/domain/cluster/index.ts'
import { STATE_CATEGORIES } from '../../src/domain/streams.ts'
import { openSqliteStore } from '../../src/eventstore/sqlite.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLogger } from '../../src/platform/logger.ts'
import { IN_MEMORY } from '../../src/projections/database.ts'
import { createReadModel } from '../../src/projections/runner.ts'

/** I1: the views of a stopped agent's data directory, and views built from its log from zero, hold the same rows. */
export const expectSameRebuilt = async (dataDir: string): Promise<number> => {
  const store = await openSqliteStore({ path: join(dataDir, 'server', 'events.db') })
  const kept = createReadModel({ path: join(dataDir, 'server', 'views.db'), clock: systemClock, logger: silentLogger })
  const fresh = createReadModel({ path: IN_MEMORY, clock: systemClock, logger: silentLogger })
  const state = emptyCluster()
  const done = new AbortController()
  let count = 0
  for await (const item of store.subscribe(-1, { categories: STATE_CATEGORIES }, done.signal)) {
    if (item.kind === 'caught-up') break
    for (const recorded of item.events) {
      const event = decode(recorded)
      const changes = noChanges()
      applyEvent(state, event, changes)
      // What the stopped agent had not written yet it would write now.
      kept.apply(event, state, changes)
      fresh.apply(event, state, changes)
      count += 1
    }
  }
  kept.endBatch(state.position)
  fresh.endBatch(state.position)
  expect(kept.dump()).toEqual(fresh.dump())
  kept.close()
  fresh.close()
  await store.close()
  return count
}
