import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import type { EventStore, RecordedEvent } from '../../../src/eventstore/port.ts'
import { importLog } from '../../../src/logfile/import-log.ts'
import { IMPORT_STREAM } from '../../../src/logfile/import-mark.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import type { Dump } from '../../../src/projections/dump.ts'
import { OPEN } from '../../../src/projections/interval.ts'
import { createTables } from '../../../src/projections/schema.ts'
import { digestOf, foldHistory, parseHistory } from '../../histories/fold-history.ts'
import { eventsOf, exportToBytes, fileOf, storeOf, withHoles } from '../../support/log-file.ts'
import { historyOf, randomSteps } from '../../support/random-history.ts'
import { root } from '../../support/source-tree.ts'

const clusterIn = async (store: EventStore): Promise<readonly RecordedEvent[]> =>
  (await eventsOf(store)).filter(({ stream }) => stream !== IMPORT_STREAM)

/** `value` with every field that is named for a position moved; maps and sets as they are kept in the state, too. */
const moved = (value: unknown, move: (position: number) => number): unknown => {
  if (value instanceof Map) return new Map(Array.from(value, ([key, entry]) => [key, moved(entry, move)]))
  if (value instanceof Set) return new Set(Array.from(value, entry => moved(entry, move)))
  if (Array.isArray(value)) return value.map(entry => moved(entry, move))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [
      name,
      typeof entry === 'number' && /position/i.test(name) ? move(entry) : moved(entry, move),
    ]),
  )
}

/** Where each event of `from` stands in `to`; what is no event's position (-1, an open interval) stays as it is. */
const moverOf = (from: readonly RecordedEvent[], to: readonly RecordedEvent[]): ((position: number) => number) => {
  const places = new Map(from.map(({ position }, index) => [position, to[index]?.position ?? NaN]))
  return position => (position < 0 || position === OPEN ? position : (places.get(position) ?? NaN))
}

const tables = new Database(':memory:').exec(createTables)

/** Rows with the names of their columns. */
const named = (rows: Dump): unknown =>
  Object.fromEntries(
    Object.entries(rows).map(([table, values]) => {
      const names = tables.prepare<[], string>(`SELECT name FROM pragma_table_info('${table}')`).pluck().all()
      return [table, values.map(row => Object.fromEntries(names.map((name, index) => [name, row[index]])))]
    }),
  )

describe('a cluster that was moved to another store', () => {
  const stores = { dense: () => createMemoryStore(), 'with holes': () => withHoles(createMemoryStore()) } as const
  const moves = [
    ['dense', 'with holes'],
    ['with holes', 'dense'],
    ['with holes', 'with holes'],
  ] as const

  it.each(moves)('from a %s one to a %s one is the same in everything but positions', async (fromKind, toKind) => {
    await fc.assert(
      fc.asyncProperty(randomSteps(60), async steps => {
        // Every history is first brought into the kind of store that it is to come from.
        const source = stores[fromKind]()
        await importLog(source, fileOf(await exportToBytes(await storeOf(historyOf(steps)))), systemClock)
        const target = stores[toKind]()
        await importLog(target, fileOf(await exportToBytes(source)), systemClock)
        const [before, after] = [await clusterIn(source), await clusterIn(target)]
        const move = moverOf(before, after)
        const [old, fresh] = [foldHistory(before), foldHistory(after)]
        expect(fresh.state).toEqual(moved(old.state, move))
        expect(named(fresh.rows)).toEqual(moved(named(old.rows), move))
      }),
      { numRuns: 15 },
    )
  })

  it('means what it meant, as an agent recorded it', async () => {
    const recorded = parseHistory(readFileSync(join(root, 'test/histories/0.1.0.jsonl'), 'utf8'))
    const source = createMemoryStore()
    for (const event of recorded)
      await source.append(event.stream, event.revision === 0 ? 'no-stream' : event.revision - 1, [event])
    const target = withHoles(createMemoryStore())
    await importLog(target, fileOf(await exportToBytes(source)), systemClock)
    expect(digestOf(foldHistory(await clusterIn(target)))).toEqual(digestOf(foldHistory(recorded)))
  })
})
