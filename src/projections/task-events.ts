import type { Database } from 'better-sqlite3'
import type { Changes } from '../domain/cluster/index.ts'
import type { Recorded } from '../domain/events.ts'
import type { AllocationsReported } from '../domain/report/events.ts'
import type { Things } from './things.ts'

/**
 * Task events are facts that nothing takes back: rows without an end. Only those of reports that the fold took are kept: a
 * repeated report, or one about another node's allocation, changed nothing.
 */
export const createTaskEventWriter = (db: Database, things: Things) => {
  const insert = db.prepare<[number, number, string, string, number, string, string]>(
    'INSERT INTO task_event (position, allocation_key, task, type, at, message, details) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  return (event: Recorded<AllocationsReported>, changes: Changes): void => {
    for (const report of event.data.allocations) {
      if (report.events.length === 0 || !changes.allocations.has(report.allocationId)) continue
      const key = things.keyOf('allocation', report.allocationId)
      for (const { task, type, at, message, details } of report.events) {
        insert.run(event.position, key, task, type, at, message, JSON.stringify(details))
      }
    }
  }
}
