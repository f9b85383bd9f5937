import type { At } from '../interval.ts'
import type { Sql } from './sql.ts'

export type Moment = { readonly time: number } | { readonly position: number }

/** Times and positions, by the running maximum of recorded times: time as the log knows it. */
export const createMoments = (sql: Sql, position: () => number) => {
  const positionAt = (time: number): number => {
    const later = sql.get<{ position: number }>('SELECT position FROM log_time WHERE at > @time ORDER BY at LIMIT 1', {
      time,
    })
    return later === undefined ? position() : later.position - 1
  }
  return {
    /** The moment to read: a time or a position at or after the newest event is now. */
    at: (moment: Moment): At => {
      const wanted = 'position' in moment ? moment.position : positionAt(moment.time)
      return wanted >= position() ? 'now' : wanted
    },
    /** When a position was recorded, ms; 0 before the first event. */
    timeOf: (at: number): number =>
      sql.get<{ at: number }>('SELECT at FROM log_time WHERE position <= @at ORDER BY position DESC LIMIT 1', { at })
        ?.at ?? 0,
  }
}
