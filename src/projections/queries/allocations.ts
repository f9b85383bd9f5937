import type { ClientStatus, ObservedStatus } from '../../domain/cluster/index.ts'
import type { PlacementMetrics, RescheduleAttempt, StopReason } from '../../domain/control/events.ts'
import { splitJobKey } from '../../domain/ids.ts'
import type { CheckReport, TaskReport } from '../../domain/report/events.ts'
import { type At, bindingsOf, holds, joined } from '../interval.ts'
import { cutToPage, keyBefore, type Listed, type Page } from './page.ts'
import { endOfPrefix, inNamespace, parseJson, type Sql, where } from './sql.ts'

export type AllocationRow = {
  readonly at: At
  readonly key: number
  readonly id: string
  readonly namespace: string
  readonly jobId: string
  readonly jobKey: number
  readonly incarnation: number
  readonly group: string
  readonly index: number
  readonly name: string
  readonly nodeId: string
  readonly nodeName: string
  readonly nodeAddress: string
  readonly ports: readonly number[]
  readonly previousAllocationId: string | null
  readonly nextAllocationId: string | null
  readonly reschedules: readonly RescheduleAttempt[]
  readonly score: number
  readonly metricKey: number
  readonly resources: { readonly cpuMhz: number; readonly memoryMb: number; readonly diskMb: number }
  readonly versionKey: number
  readonly jobVersion: number
  readonly evaluationId: string
  readonly deploymentId: string | null
  readonly followUpEvaluationId: string | null
  readonly followUpAt: number | null
  readonly desiredStatus: 'run' | 'stop'
  readonly stopReason: StopReason | null
  readonly clientStatus: ClientStatus
  readonly observed: ObservedStatus
  readonly isHealthy: boolean | null
  readonly taskReports: readonly TaskReport[]
  readonly checkReports: readonly CheckReport[]
  readonly createdAt: number
  readonly createdPosition: number
  readonly modifiedPosition: number
}

/** Everything that is given must hold. Ids are whole. */
export type AllocationFilter = {
  /** Null = all. */
  readonly namespace: string | null
  readonly prefix?: string | undefined
  readonly status?: string | undefined
  readonly jobKey?: number | undefined
  readonly incarnation?: number | undefined
  readonly nodeId?: string | undefined
  readonly evaluationId?: string | undefined
  readonly deploymentId?: string | undefined
}

type Raw = {
  key: number
  id: string
  job: string
  job_key: number
  incarnation: number
  group_name: string
  group_index: number
  name: string
  node: string
  node_name: string | null
  node_address: string | null
  ports: string | null
  previous: string | null
  next: string | null
  reschedules: string | null
  score: number
  metric_key: number
  cpu_mhz: number
  memory_mb: number
  disk_mb: number
  version_key: number
  job_version: number
  evaluation: string
  deployment: string | null
  follow_up: string | null
  follow_up_at: number | null
  desired: 'run' | 'stop'
  stop_reason: StopReason | null
  status: ClientStatus
  observed: ObservedStatus
  is_healthy: number | null
  tasks: string | null
  checks: string | null
  created_at: number
  from_position: number
  modified: number
}

const columns = `a.key, i.id, j.id AS job, a.job_key, a.incarnation, a.group_name, a.group_index, a.name, n.id AS node,
nd.name AS node_name, nd.address AS node_address, a.ports, pr.id AS previous, nx.id AS next, a.reschedules, a.score,
a.metric_key, a.cpu_mhz, a.memory_mb, a.disk_mb, pl.version_key, pl.job_version, ev.id AS evaluation,
dp.id AS deployment, fu.id AS follow_up, fe.wait_until AS follow_up_at, pl.desired, pl.stop_reason, st.status, st.observed,
h.is_healthy, t.tasks, c.checks, a.created_at, a.from_position,
MAX(a.from_position, pl.from_position, st.from_position, IFNULL(h.from_position, -1), IFNULL(t.from_position, -1), IFNULL(c.from_position, -1)) AS modified`

const details = (at: At): string => `JOIN allocation_id i ON i.key = a.key
JOIN ${joined('allocation_plan', 'pl', 'a.key', at)}
JOIN ${joined('allocation_status', 'st', 'a.key', at)}
JOIN job_id j ON j.key = a.job_key
JOIN node_id n ON n.key = a.node_key
JOIN evaluation_id ev ON ev.key = pl.evaluation_key
LEFT JOIN ${joined('node', 'nd', 'a.node_key', at)}
LEFT JOIN ${joined('allocation_health', 'h', 'a.key', at)}
LEFT JOIN ${joined('allocation_tasks', 't', 'a.key', at)}
LEFT JOIN ${joined('allocation_checks', 'c', 'a.key', at)}
LEFT JOIN allocation_id pr ON pr.key = a.previous_key
LEFT JOIN allocation_id nx ON nx.key = pl.next_key
LEFT JOIN deployment_id dp ON dp.key = pl.deployment_key
LEFT JOIN evaluation_id fu ON fu.key = pl.follow_up_key
LEFT JOIN ${joined('evaluation', 'fe', 'pl.follow_up_key', at)}`

/** What a column that is empty for an empty list holds. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- stated where the column is read
const listOf = <T>(text: string | null): readonly T[] => (text === null ? [] : parseJson<readonly T[]>(text))

const toRow = (raw: Raw, at: At): AllocationRow => ({
  at,
  key: raw.key,
  id: raw.id,
  ...splitJobKey(raw.job),
  jobKey: raw.job_key,
  incarnation: raw.incarnation,
  group: raw.group_name,
  index: raw.group_index,
  name: raw.name,
  nodeId: raw.node,
  nodeName: raw.node_name ?? '',
  nodeAddress: raw.node_address ?? '',
  ports: listOf<number>(raw.ports),
  previousAllocationId: raw.previous,
  nextAllocationId: raw.next,
  reschedules: listOf<RescheduleAttempt>(raw.reschedules),
  score: raw.score,
  metricKey: raw.metric_key,
  resources: { cpuMhz: raw.cpu_mhz, memoryMb: raw.memory_mb, diskMb: raw.disk_mb },
  versionKey: raw.version_key,
  jobVersion: raw.job_version,
  evaluationId: raw.evaluation,
  deploymentId: raw.deployment,
  followUpEvaluationId: raw.follow_up,
  followUpAt: raw.follow_up_at,
  desiredStatus: raw.desired,
  stopReason: raw.stop_reason,
  clientStatus: raw.status,
  observed: raw.observed,
  isHealthy: raw.is_healthy === null ? null : raw.is_healthy === 1,
  taskReports: listOf<TaskReport>(raw.tasks),
  checkReports: listOf<CheckReport>(raw.checks),
  createdAt: raw.created_at,
  createdPosition: raw.from_position,
  modifiedPosition: raw.modified,
})

const keyIn = (kind: string): string => `(SELECT key FROM ${kind}_id WHERE id = @${kind})`

type Source = { readonly text: string; readonly key: string; readonly condition: string }

/** Starts from the table whose index answers the filter, in the order of that index, so that a page costs what it shows. */
const sourceOf = (filter: AllocationFilter, at: At): Source => {
  const startingFrom = (table: string, condition: string): Source => ({
    text: `${table} d JOIN ${joined('allocation', 'a', 'd.key', at)} ${details(at)}`,
    key: 'd.key',
    condition: `${holds('d', at)} AND ${condition}`,
  })
  if (filter.evaluationId !== undefined)
    return startingFrom('allocation_plan', `d.evaluation_key = ${keyIn('evaluation')}`)
  if (filter.deploymentId !== undefined)
    return startingFrom('allocation_plan', `d.deployment_key = ${keyIn('deployment')}`)
  if (filter.status !== undefined && filter.jobKey === undefined && filter.nodeId === undefined)
    return startingFrom('allocation_status', 'd.status = @status')
  return { text: `allocation a ${details(at)}`, key: 'a.key', condition: holds('a', at) }
}

export const createAllocationQueries = (sql: Sql) => {
  const list = (filter: AllocationFilter, page: Page, at: At): Listed<AllocationRow> => {
    const source = sourceOf(filter, at)
    const text = `SELECT ${columns} FROM ${source.text} ${where(
      source.condition,
      filter.namespace !== null && inNamespace,
      filter.prefix !== undefined && 'i.id >= @prefix AND i.id < @prefixEnd',
      filter.status !== undefined && 'st.status = @status',
      filter.jobKey !== undefined && 'a.job_key = @jobKey',
      filter.incarnation !== undefined && 'a.incarnation = @incarnation',
      filter.nodeId !== undefined && `a.node_key = ${keyIn('node')}`,
      filter.evaluationId !== undefined && `pl.evaluation_key = ${keyIn('evaluation')}`,
      filter.deploymentId !== undefined && `pl.deployment_key = ${keyIn('deployment')}`,
      `${source.key} < @before`,
    )} ORDER BY ${source.key} DESC LIMIT @limit`
    const rows = sql.all<Raw>(text, {
      ...bindingsOf(at),
      namespace: `${filter.namespace ?? ''}/`,
      namespaceEnd: endOfPrefix(`${filter.namespace ?? ''}/`),
      prefix: filter.prefix ?? '',
      prefixEnd: endOfPrefix(filter.prefix ?? ''),
      status: filter.status ?? null,
      jobKey: filter.jobKey ?? null,
      incarnation: filter.incarnation ?? null,
      node: filter.nodeId ?? null,
      evaluation: filter.evaluationId ?? null,
      deployment: filter.deploymentId ?? null,
      before: keyBefore(page),
      limit: page.first + 1,
    })
    return cutToPage(
      rows.map(raw => toRow(raw, at)),
      page.first,
    )
  }

  const one = (
    condition: string,
    bindings: Readonly<Record<string, string | number>>,
    at: At,
  ): AllocationRow | null => {
    const text = `SELECT ${columns} FROM allocation_id own JOIN ${joined('allocation', 'a', 'own.key', at)} ${details(at)} WHERE ${condition}`
    const raw = sql.get<Raw>(text, { ...bindingsOf(at), ...bindings })
    return raw === undefined ? null : toRow(raw, at)
  }

  return {
    list,
    get: (id: string, at: At): AllocationRow | null => one('own.id = @id', { id }, at),
    byKey: (key: number, at: At): AllocationRow | null => one('own.key = @key', { key }, at),
    idOf: (key: number): string =>
      sql.get<{ id: string }>('SELECT id FROM allocation_id WHERE key = @key', { key })?.id ?? '',
    metrics: (key: number): PlacementMetrics | null => {
      const row = sql.get<{ metrics: string }>('SELECT metrics FROM placement_metric WHERE key = @key', { key })
      return row === undefined ? null : parseJson<PlacementMetrics>(row.metrics)
    },
  }
}
