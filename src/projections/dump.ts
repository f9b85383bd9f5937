import type { Database } from 'better-sqlite3'
import { projections } from './registry.ts'

/** Rows by table, ordered: two read models of the same log have equal dumps, however they came about (I1). */
export type Dump = Readonly<Record<string, readonly (readonly unknown[])[]>>

const plainTables = (db: Database): readonly string[] =>
  db
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .pluck()
    .all()

const rowsOf = (db: Database, table: string): readonly (readonly unknown[])[] => {
  const columns = db.prepare<[], string>(`SELECT name FROM pragma_table_info('${table}')`).pluck().all()
  return db
    .prepare<[], readonly unknown[]>(
      `SELECT * FROM ${table} ORDER BY ${columns.map((_, index) => index + 1).join(', ')}`,
    )
    .raw()
    .all()
}

/** Every row of every table, in the order of all its columns. */
export const dumpTables = (db: Database): Dump =>
  Object.fromEntries(plainTables(db).map(table => [table, rowsOf(db, table)]))

/**
 * What held at `position`, by facet, without where it ends: a read model of a whole log dumped at p equals one of the log
 * up to p dumped now.
 */
export const dumpMoment = (db: Database, position: number): Dump =>
  Object.fromEntries(
    projections.flatMap(({ kind, facets }) =>
      facets.map(facet => {
        const columns = Object.keys(facet.columns).map(name => `f.${name}`)
        const rows = db
          .prepare<[number, number], readonly unknown[]>(
            `SELECT i.id, ${columns.join(', ')}, f.from_position FROM ${facet.table} f JOIN ${kind}_id i ON i.key = f.key WHERE f.from_position <= ? AND f.to_position > ? ORDER BY f.key`,
          )
          .raw()
          .all(position, position)
        return [facet.table, rows] as const
      }),
    ),
  )
