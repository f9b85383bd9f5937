import type { Database, Statement } from 'better-sqlite3'
import type { SqlValue } from '../projection.ts'

type Bindings = Readonly<Record<string, SqlValue>>

/* oxlint-disable typescript/no-unnecessary-type-parameters -- what a text selects, or a column holds, is stated where it is read */

/** Prepared statements by their text: queries are built from a few fixed parts, so there are few texts. */
export type Sql = {
  readonly all: <T>(text: string, bindings: Bindings) => readonly T[]
  readonly get: <T>(text: string, bindings: Bindings) => T | undefined
}

export const createSql = (db: Database): Sql => {
  const statements = new Map<string, Statement<[Bindings]>>()
  const prepare = (text: string): Statement<[Bindings]> => {
    const known = statements.get(text)
    if (known !== undefined) return known
    const statement = db.prepare<[Bindings]>(text)
    statements.set(text, statement)
    return statement
  }
  return {
    // The row's type is what the text selects: each query states both side by side.
    all: <T>(text: string, bindings: Bindings) => prepare(text).all(bindings) as T[],
    get: <T>(text: string, bindings: Bindings) => prepare(text).get(bindings) as T | undefined,
  }
}

/** The parts of a WHERE clause that are asked for, joined. */
export const where = (...conditions: readonly (string | false)[]): string => {
  const wanted = conditions.filter(condition => condition !== false)
  return wanted.length === 0 ? '' : `WHERE ${wanted.join(' AND ')}`
}

/** What follows every text that begins with `prefix` in the order of code points. */
export const endOfPrefix = (prefix: string): string => `${prefix}\u{10ffff}`

/**
 * Narrows rows of things to those of jobs of one namespace. The plus keeps SQLite from starting at the table of job ids: a
 * page is found in the order of the list, and its rows are looked at one by one.
 */
export const inNamespace = '+j.id >= @namespace AND +j.id < @namespaceEnd'

export const parseJson = <T>(text: string): T => JSON.parse(text) as T
