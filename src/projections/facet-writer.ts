import type { Database } from 'better-sqlite3'
import { OPEN } from './interval.ts'
import type { Facet, FacetContext, SqlValue } from './projection.ts'

/** Brings the open row of one key up to date. Answers whether anything changed. */
export type FacetWriter = (context: FacetContext, id: string, key: number, position: number) => boolean

/**
 * Compares what a facet derives with the row that is open, and where they differ closes that row at `position` and opens
 * another there. A row that was opened at the very same position never held anywhere, so it is replaced.
 */
export const createFacetWriter = (db: Database, facet: Facet): FacetWriter => {
  const names = Object.keys(facet.columns)
  const readOpen = db
    .prepare<[number], readonly SqlValue[]>(
      `SELECT from_position, ${names.join(', ')} FROM ${facet.table} WHERE key = ? AND to_position = ${OPEN}`,
    )
    .raw()
  const close = db.prepare<[number, number]>(
    `UPDATE ${facet.table} SET to_position = ? WHERE key = ? AND to_position = ${OPEN}`,
  )
  const drop = db.prepare<[number]>(`DELETE FROM ${facet.table} WHERE key = ? AND to_position = ${OPEN}`)
  const insert = db.prepare<SqlValue[]>(
    `INSERT INTO ${facet.table} (key, ${names.join(', ')}, from_position, to_position) VALUES (?, ${names.map(() => '?').join(', ')}, ?, ${OPEN})`,
  )
  return (context, id, key, position) => {
    const open = readOpen.get(key)
    if (open !== undefined && facet.isThere?.(context.state, id) === true) return false
    const next = facet.values(context, id)
    if (open === undefined && next === null) return false
    if (open !== undefined && next !== null && next.every((value, index) => value === open[index + 1])) return false
    if (open !== undefined) {
      if (open[0] === position) drop.run(key)
      else close.run(position, key)
    }
    if (next !== null) insert.run(key, ...next, position)
    return true
  }
}
