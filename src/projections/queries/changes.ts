import type { FollowedKind } from '../schema.ts'
import type { Sql } from './sql.ts'

export type ChangeRow = { readonly position: number; readonly key: number }

/** Tables that say whether a thing was there at a position. */
const presence = { job: 'job_spec', allocation: 'allocation' } as const

/**
 * Changes of a kind in the order of the log. They are rows like all others, so a subscriber that resumes reads the very list
 * that one who was never cut off has read.
 */
export const createChangeQueries = (sql: Sql) => ({
  after: (kind: FollowedKind, position: number, limit: number): readonly ChangeRow[] =>
    sql.all<ChangeRow>(
      `SELECT position, key FROM ${kind}_change WHERE position > @position ORDER BY position, key LIMIT @limit`,
      { position, limit },
    ),
  /** All changes at one position after a key: the rest of a position that a limit cut. */
  restOf: (kind: FollowedKind, position: number, key: number): readonly ChangeRow[] =>
    sql.all<ChangeRow>(
      `SELECT position, key FROM ${kind}_change WHERE position = @position AND key > @key ORDER BY key`,
      { position, key },
    ),
  countAfter: (kind: FollowedKind, position: number, limit: number): number =>
    sql.get<{ n: number }>(
      `SELECT COUNT(*) AS n FROM (SELECT 1 FROM ${kind}_change WHERE position > @position LIMIT @limit)`,
      { position, limit },
    )?.n ?? 0,
  /** Whether the thing began to be there at `position`, is there, or is gone. */
  kindAt: (kind: FollowedKind, { position, key }: ChangeRow): 'APPEARED' | 'CHANGED' | 'GONE' => {
    const table = presence[kind]
    const row = sql.get<{ from_position: number }>(
      `SELECT from_position FROM ${table} WHERE key = @key AND to_position > @position ORDER BY to_position LIMIT 1`,
      { key, position },
    )
    if (row === undefined || row.from_position > position) return 'GONE'
    if (row.from_position < position) return 'CHANGED'
    const before = sql.get<{ key: number }>(
      `SELECT key FROM ${table} WHERE key = @key AND to_position = @position LIMIT 1`,
      { key, position },
    )
    return before === undefined ? 'APPEARED' : 'CHANGED'
  },
})
