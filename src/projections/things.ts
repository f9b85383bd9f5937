import type { Database } from 'better-sqlite3'
import type { PlacementMetrics } from '../domain/control/events.ts'
import { type ThingKind, thingKinds } from './projection.ts'

/** Ids that are remembered per kind; more are looked up again. */
const MAX_REMEMBERED = 50_000

export type Things = {
  /** The number that stands for an id; a new one for an id that was never seen. */
  readonly keyOf: (kind: ThingKind, id: string) => number
  readonly optionalKey: (kind: ThingKind, id: string | null) => number | null
  /** The number that stands for an id, undefined for one that was never seen. */
  readonly findKey: (kind: ThingKind, id: string) => number | undefined
  readonly metricKey: (metrics: PlacementMetrics) => number
}

const createIds = (db: Database, kind: ThingKind) => {
  const find = db.prepare<[string], number>(`SELECT key FROM ${kind}_id WHERE id = ?`).pluck()
  const insert = db.prepare<[string]>(`INSERT INTO ${kind}_id (id) VALUES (?)`)
  const remembered = new Map<string, number>()
  const remember = (id: string, key: number): number => {
    if (remembered.size >= MAX_REMEMBERED) remembered.clear()
    remembered.set(id, key)
    return key
  }
  const findKey = (id: string): number | undefined => remembered.get(id) ?? find.get(id)
  return {
    findKey,
    keyOf: (id: string): number => {
      const known = findKey(id)
      if (known !== undefined) return remember(id, known)
      return remember(id, Number(insert.run(id).lastInsertRowid))
    },
  }
}

/** The tables of ids. Numbers are given in the order of the log, so that a replay gives the same ones. */
export const createThings = (db: Database): Things => {
  const ids = new Map(thingKinds.map(kind => [kind, createIds(db, kind)] as const))
  const idsOf = (kind: ThingKind): ReturnType<typeof createIds> => {
    const found = ids.get(kind)
    if (found === undefined) throw new Error(`invariant broken: no ids of kind ${kind}`)
    return found
  }
  const insertMetric = db.prepare<[string]>('INSERT INTO placement_metric (metrics) VALUES (?)')
  const metricKeys = new WeakMap<PlacementMetrics, number>()
  return {
    keyOf: (kind, id) => idsOf(kind).keyOf(id),
    optionalKey: (kind, id) => (id === null ? null : idsOf(kind).keyOf(id)),
    findKey: (kind, id) => idsOf(kind).findKey(id),
    metricKey: metrics => {
      const known = metricKeys.get(metrics)
      if (known !== undefined) return known
      const key = Number(insertMetric.run(JSON.stringify(metrics)).lastInsertRowid)
      metricKeys.set(metrics, key)
      return key
    },
  }
}
