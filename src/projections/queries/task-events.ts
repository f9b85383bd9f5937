import { MAX_TASK_EVENTS_KEPT } from '../../domain/limits.ts'
import type { At } from '../interval.ts'
import { parseJson, type Sql } from './sql.ts'

export type TaskEventRow = {
  readonly task: string
  readonly type: string
  readonly at: number
  readonly message: string
  readonly details: Readonly<Record<string, string>>
  readonly position: number
}

type Raw = Omit<TaskEventRow, 'details'> & { readonly details: string }

/** A task's newest events, newest first, at most MAX_TASK_EVENTS_KEPT. */
export const createTaskEventQuery =
  (sql: Sql) =>
  (allocationKey: number, task: string, at: At, first: number): readonly TaskEventRow[] => {
    const text = `SELECT task, type, at, message, details, position FROM task_event
WHERE allocation_key = @allocation AND task = @task AND position <= @until ORDER BY key DESC LIMIT @first`
    const until = at === 'now' ? Number.MAX_SAFE_INTEGER : at
    const bindings = { allocation: allocationKey, task, until, first: Math.min(first, MAX_TASK_EVENTS_KEPT) }
    return sql
      .all<Raw>(text, bindings)
      .map(raw => ({ ...raw, details: parseJson<Record<string, string>>(raw.details) }))
  }
