import type { EvaluationStatus } from '../../domain/cluster/index.ts'
import type { GroupChanges, Unplaced } from '../../domain/control/events.ts'
import { splitJobKey } from '../../domain/ids.ts'
import type { JobType } from '../../domain/jobspec/schema.ts'
import { type At, bindingsOf, holds, joined } from '../interval.ts'
import type { JobRow } from './jobs.ts'
import { cutToPage, keyBefore, type Listed, type Page } from './page.ts'
import { endOfPrefix, inNamespace, parseJson, type Sql, where } from './sql.ts'

/** Evaluations that one is linked with and that are shown with it. */
const MAX_RELATED = 50

export type EvaluationRow = {
  readonly at: At
  readonly key: number
  readonly id: string
  readonly namespace: string
  readonly jobId: string
  readonly jobKey: number
  readonly type: JobType
  readonly triggeredBy: string
  readonly priority: number
  readonly waitUntil: number | null
  readonly nodeId: string | null
  readonly deploymentId: string | null
  readonly previousEvaluationId: string | null
  readonly nextEvaluationId: string | null
  readonly blockedEvaluationId: string | null
  readonly cause: string
  readonly status: EvaluationStatus
  readonly statusDescription: string
  readonly isPlanned: boolean
  readonly placementFailures: readonly Unplaced[]
  readonly queuedByGroup: Readonly<Record<string, number>>
  readonly planChanges: readonly GroupChanges[]
  readonly createdAt: number
  readonly createdPosition: number
  readonly modifiedPosition: number
}

export type EvaluationFilter = {
  /** Null = all. */
  readonly namespace: string | null
  readonly prefix?: string | undefined
  readonly status?: string | undefined
  readonly jobKey?: number | undefined
}

type Raw = {
  key: number
  id: string
  job: string
  job_key: number
  job_type: JobType
  triggered_by: string
  priority: number
  wait_until: number
  node: string | null
  deployment: string | null
  previous: string | null
  next: string | null
  blocked: string | null
  cause: string
  status: EvaluationStatus
  description: string
  is_planned: number
  unplaced: string | null
  queued: string | null
  changes: string | null
  created_at: number
  from_position: number
  modified: number
}

const columns = `e.key, i.id, j.id AS job, e.job_key, e.job_type, e.triggered_by, e.priority, e.wait_until, n.id AS node,
dp.id AS deployment, pr.id AS previous, nx.id AS next, bl.id AS blocked, e.cause, st.status, st.description, st.is_planned,
o.unplaced, o.queued, o.changes, e.created_at, e.from_position,
MAX(e.from_position, st.from_position, IFNULL(o.from_position, -1)) AS modified`

const details = (at: At): string => `JOIN evaluation_id i ON i.key = e.key
JOIN ${joined('evaluation_status', 'st', 'e.key', at)}
JOIN job_id j ON j.key = e.job_key
LEFT JOIN ${joined('evaluation_outcome', 'o', 'e.key', at)}
LEFT JOIN node_id n ON n.key = e.node_key
LEFT JOIN deployment_id dp ON dp.key = st.deployment_key
LEFT JOIN evaluation_id pr ON pr.key = e.previous_key
LEFT JOIN evaluation_id nx ON nx.key = st.next_key
LEFT JOIN evaluation_id bl ON bl.key = st.blocked_key`

const toRow = (raw: Raw, at: At): EvaluationRow => ({
  at,
  key: raw.key,
  id: raw.id,
  ...splitJobKey(raw.job),
  jobKey: raw.job_key,
  type: raw.job_type,
  triggeredBy: raw.triggered_by,
  priority: raw.priority,
  waitUntil: raw.wait_until === 0 ? null : raw.wait_until,
  nodeId: raw.node,
  deploymentId: raw.deployment,
  previousEvaluationId: raw.previous,
  nextEvaluationId: raw.next,
  blockedEvaluationId: raw.blocked,
  cause: raw.cause,
  status: raw.status,
  statusDescription: raw.description,
  isPlanned: raw.is_planned === 1,
  placementFailures: raw.unplaced === null ? [] : parseJson<readonly Unplaced[]>(raw.unplaced),
  queuedByGroup: raw.queued === null ? {} : parseJson<Record<string, number>>(raw.queued),
  planChanges: raw.changes === null ? [] : parseJson<readonly GroupChanges[]>(raw.changes),
  createdAt: raw.created_at,
  createdPosition: raw.from_position,
  modifiedPosition: raw.modified,
})

export const createEvaluationQueries = (sql: Sql) => {
  const list = (filter: EvaluationFilter, page: Page, at: At): Listed<EvaluationRow> => {
    const text = `SELECT ${columns} FROM evaluation e ${details(at)} ${where(
      holds('e', at),
      filter.namespace !== null && inNamespace,
      filter.prefix !== undefined && 'i.id >= @prefix AND i.id < @prefixEnd',
      filter.status !== undefined && 'st.status = @status',
      filter.jobKey !== undefined && 'e.job_key = @jobKey',
      'e.key < @before',
    )} ORDER BY e.key DESC LIMIT @limit`
    const rows = sql.all<Raw>(text, {
      ...bindingsOf(at),
      namespace: `${filter.namespace ?? ''}/`,
      namespaceEnd: endOfPrefix(`${filter.namespace ?? ''}/`),
      prefix: filter.prefix ?? '',
      prefixEnd: endOfPrefix(filter.prefix ?? ''),
      status: filter.status ?? null,
      jobKey: filter.jobKey ?? null,
      before: keyBefore(page),
      limit: page.first + 1,
    })
    return cutToPage(
      rows.map(raw => toRow(raw, at)),
      page.first,
    )
  }
  const get = (id: string, at: At): EvaluationRow | null => {
    const text = `SELECT ${columns} FROM evaluation_id own JOIN ${joined('evaluation', 'e', 'own.key', at)} ${details(at)} WHERE own.id = @id`
    const raw = sql.get<Raw>(text, { ...bindingsOf(at), id })
    return raw === undefined ? null : toRow(raw, at)
  }
  return {
    list,
    get,
    /** The newest one that could not place everything, null unless one of the job's waits for room. */
    latestFailure: (job: JobRow): EvaluationRow | null => {
      const { at } = job
      const base = `SELECT ${columns} FROM evaluation e ${details(at)} WHERE e.job_key = @job AND ${holds('e', at)}`
      const bindings = { ...bindingsOf(at), job: job.key }
      const blocked = sql.get<Raw>(`${base} AND st.status = 'blocked' LIMIT 1`, bindings)
      if (blocked === undefined) return null
      const failed = sql.get<Raw>(`${base} AND o.unplaced IS NOT NULL ORDER BY e.key DESC LIMIT 1`, bindings)
      return failed === undefined ? null : toRow(failed, at)
    },
    /** Those before and after it, those that it opened, and the one that waits for room in its place. */
    related: (evaluation: EvaluationRow): readonly EvaluationRow[] => {
      const { at } = evaluation
      const text = `SELECT ${columns} FROM evaluation e ${details(at)} WHERE ${holds('e', at)} AND e.job_key = @job AND e.key <> @key
AND (e.previous_key = @key OR i.id IN (@previous, @next, @blocked)) ORDER BY e.key LIMIT ${MAX_RELATED}`
      const rows = sql.all<Raw>(text, {
        ...bindingsOf(at),
        job: evaluation.jobKey,
        key: evaluation.key,
        previous: evaluation.previousEvaluationId,
        next: evaluation.nextEvaluationId,
        blocked: evaluation.blockedEvaluationId,
      })
      return rows.map(raw => toRow(raw, at))
    },
  }
}
