import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { decode } from '../../src/app/codec.ts'
import { applyEvent, emptyCluster, noChanges } from '../../src/domain/cluster/index.ts'
import { STATE_CATEGORIES } from '../../src/domain/streams.ts'
import type { EventStore } from '../../src/eventstore/port.ts'
import { openSqliteStore } from '../../src/eventstore/sqlite.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLogger } from '../../src/platform/logger.ts'
import { IN_MEMORY } from '../../src/projections/database.ts'
import type { Dump } from '../../src/projections/dump.ts'
import { createReadModel } from '../../src/projections/runner.ts'

export type Rebuilt = {
  /** How many events were folded. */
  readonly count: number
  readonly kept: Dump
  readonly fresh: Dump
  /** The first table that differs, null when the dumps are equal. */
  readonly difference: string | null
}

/** The views of a stopped agent's data directory beside views that are built from its log from zero; the log is its own unless `open` says. */
export const compareRebuilt = async (
  dataDir: string,
  open: () => Promise<EventStore> = () => openSqliteStore({ path: join(dataDir, 'server', 'events.db') }),
): Promise<Rebuilt> => {
  const store = await open()
  const kept = createReadModel({ path: join(dataDir, 'server', 'views.db'), clock: systemClock, logger: silentLogger })
  const fresh = createReadModel({ path: IN_MEMORY, clock: systemClock, logger: silentLogger })
  const state = emptyCluster()
  let count = 0
  for await (const item of store.subscribe(-1, { categories: STATE_CATEGORIES }, new AbortController().signal)) {
    if (item.kind === 'caught-up') break
    if (item.kind === 'lost') continue
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
  const dumps = { kept: kept.dump(), fresh: fresh.dump() }
  kept.close()
  fresh.close()
  await store.close()
  return { count, ...dumps, difference: differenceOf(dumps.kept, dumps.fresh) }
}

const differenceOf = (kept: Dump, fresh: Dump): string | null => {
  for (const [table, rows] of Object.entries(fresh)) {
    const others = Object.entries(kept).find(([name]) => name === table)?.[1]
    if (!isDeepStrictEqual(others, rows)) return `table ${table}`
  }
  return isDeepStrictEqual(kept, fresh) ? null : 'tables that are not in both'
}
