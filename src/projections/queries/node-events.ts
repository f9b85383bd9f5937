import type { NodeJudgement } from '../../domain/control/events.ts'
import type { DriverState } from '../../domain/node/events.ts'
import type { At } from '../interval.ts'
import { parseJson, type Sql } from './sql.ts'

/** Something that happened to a node: a difference between rows that held one after the other. */
export type NodeEventRow = {
  readonly position: number
  readonly subsystem: 'Cluster' | 'Driver'
  readonly message: string
  readonly details: Readonly<Record<string, string>>
}

type Interval = { readonly from_position: number; readonly to_position: number }
type Status = Interval & {
  readonly status: NodeJudgement
  readonly cause: string
  readonly is_eligible: number
}
const registrationColumns = ['name', 'datacenter', 'node_pool', 'node_class', 'address', 'version'] as const
type Registration = Interval & Readonly<Record<(typeof registrationColumns)[number], string>>
type Drivers = Interval & { readonly drivers: string }

type Happening = Omit<NodeEventRow, 'position'>
/** What a row tells that came after `before`, null for the first one of a registration. */
type Tell<R> = (before: R | null, row: R) => readonly Happening[]

const cluster = (message: string, details: Happening['details'] = {}): Happening => ({
  subsystem: 'Cluster',
  message,
  details,
})

const tellStatus: Tell<Status> = (before, { status, cause, is_eligible }) => {
  if (before === null) return [cluster('Node registered')]
  const eligibility = is_eligible === 1 ? 'eligible' : 'ineligible'
  return [
    ...(before.status === status
      ? []
      : status === 'ready'
        ? [cluster('Node reregistered by heartbeat', { cause })]
        : [cluster('Node heartbeat missed', { cause, status })]),
    ...(before.is_eligible === is_eligible ? [] : [cluster(`Node marked as ${eligibility} for scheduling`)]),
  ]
}

const tellRegistration: Tell<Registration> = (before, row) => {
  if (before === null) return []
  const changed = registrationColumns.filter(name => before[name] !== row[name]).map(name => [name, row[name]] as const)
  return changed.length === 0 ? [] : [cluster('Node re-registered', Object.fromEntries(changed))]
}

const driversIn = (row: Drivers): Readonly<Record<string, DriverState>> => parseJson(row.drivers)

const tellDrivers: Tell<Drivers> = (before, row) => {
  if (before === null) return []
  const [was, is] = [driversIn(before), driversIn(row)]
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])].toSorted()
  return names
    .filter(name => JSON.stringify(was[name]) !== JSON.stringify(is[name]))
    .map(name => ({ subsystem: 'Driver', message: is[name]?.message ?? 'is gone', details: { driver: name } }))
}

/** Rows are newest first. A gap between two is a node that was collected and registered again. */
const happenings = <R extends Interval>(rows: readonly R[], count: number, tell: Tell<R>): readonly NodeEventRow[] =>
  rows.slice(0, count).flatMap((row, index) => {
    const older = rows[index + 1]
    const before = older !== undefined && older.to_position === row.from_position ? older : null
    return tell(before, row).map(happening => ({ position: row.from_position, ...happening }))
  })

const newestRows = (table: string, columns: string): string =>
  `SELECT from_position, to_position, ${columns} FROM ${table} WHERE key = @key AND from_position <= @until
ORDER BY to_position DESC LIMIT @limit`

/** What happened to a node up to the moment that its row is of, newest first, at most `first`. */
export const createNodeEventQuery =
  (sql: Sql) =>
  ({ key, at }: { readonly key: number; readonly at: At }, first: number): readonly NodeEventRow[] => {
    // One row more tells what the oldest of those that are shown came after.
    const bindings = { key, until: at === 'now' ? Number.MAX_SAFE_INTEGER : at, limit: first + 1 }
    const statuses = sql.all<Status>(newestRows('node_status', 'status, cause, is_eligible'), bindings)
    const registrations = sql.all<Registration>(newestRows('node', registrationColumns.join(', ')), bindings)
    const drivers = sql.all<Drivers>(newestRows('node_drivers', 'drivers'), bindings)
    return [
      ...happenings(statuses, first, tellStatus),
      ...happenings(registrations, first, tellRegistration),
      ...happenings(drivers, first, tellDrivers),
    ]
      .toSorted((a, b) => b.position - a.position)
      .slice(0, first)
  }
