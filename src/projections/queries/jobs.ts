import { jobKey } from '../../domain/ids.ts'
import type { Derivation } from '../../domain/job/events.ts'
import type { JobStatus } from '../../domain/job/index.ts'
import type { JobType } from '../../domain/jobspec/schema.ts'
import { type At, bindingsOf, holds, joined } from '../interval.ts'
import type { TemplateKind } from '../jobs.ts'
import { cutToPage, decodeCursor, keyBefore, type Listed, type Page } from './page.ts'
import { endOfPrefix, parseJson, type Sql, where } from './sql.ts'

export type JobRow = {
  readonly at: At
  readonly key: number
  readonly namespace: string
  readonly id: string
  readonly incarnation: number
  readonly version: number
  readonly versionKey: number
  readonly modifyIndex: number
  readonly isStopped: boolean
  readonly type: JobType
  readonly template: TemplateKind
  readonly priority: number
  readonly parentId: string | null
  readonly derivation: Derivation | null
  readonly submittedAt: number
  readonly createdPosition: number
  readonly modifiedPosition: number
  readonly status: JobStatus
  readonly latestDeploymentKey: number | null
}

export type JobVersionRow = {
  readonly key: number
  readonly namespace: string
  readonly version: number
  readonly isStable: boolean
  readonly submittedAt: number
  readonly position: number
  readonly actor: string
  readonly message: string
  /** The stream that holds what it was submitted as, null when nobody submitted it. */
  readonly source: string | null
}

export type JobFilter = {
  /** Null = all. */
  readonly namespace: string | null
  readonly prefix?: string | undefined
  readonly status?: string | undefined
  readonly type?: string | undefined
  readonly template?: TemplateKind | undefined
  readonly parentKey?: number | undefined
}

type Raw = {
  key: number
  namespace: string
  job_id: string
  incarnation: number
  version: number
  version_key: number
  revision: number
  is_stopped: number
  type: JobType
  template: TemplateKind
  priority: number
  parent: string | null
  derivation: string | null
  submitted_at: number
  created_position: number
  modified: number
  status: JobStatus
  latest_deployment_key: number | null
}

const columns = `s.key, s.namespace, s.job_id, s.incarnation, s.version, s.version_key, s.revision, s.is_stopped, s.type,
s.template, s.priority, p.id AS parent, s.derivation, s.submitted_at, s.created_position,
MAX(s.from_position, st.from_position) AS modified, st.status, st.latest_deployment_key`

const joins = (at: At): string =>
  `JOIN ${joined('job_status', 'st', 's.key', at)} LEFT JOIN job_id p ON p.key = s.parent_key`

const toRow = (raw: Raw, at: At): JobRow => ({
  at,
  key: raw.key,
  namespace: raw.namespace,
  id: raw.job_id,
  incarnation: raw.incarnation,
  version: raw.version,
  versionKey: raw.version_key,
  modifyIndex: raw.revision,
  isStopped: raw.is_stopped === 1,
  type: raw.type,
  template: raw.template,
  priority: raw.priority,
  parentId: raw.parent === null ? null : raw.parent.slice(raw.parent.indexOf('/') + 1),
  derivation: raw.derivation === null ? null : parseJson<Derivation>(raw.derivation),
  submittedAt: raw.submitted_at,
  createdPosition: raw.created_position,
  modifiedPosition: raw.modified,
  status: raw.status,
  latestDeploymentKey: raw.latest_deployment_key,
})

const afterCursor = (page: Page): { readonly afterNamespace: string; readonly afterId: string } => {
  const [namespace, id] = page.cursor === null ? [] : (decodeCursor(page.cursor) ?? [])
  return { afterNamespace: String(namespace ?? ''), afterId: String(id ?? '') }
}

export const createJobQueries = (sql: Sql) => {
  const list = (filter: JobFilter, page: Page, at: At): Listed<JobRow> => {
    const { namespace, prefix, status, type, template, parentKey } = filter
    const text = `SELECT ${columns} FROM job_spec s ${joins(at)} ${where(
      holds('s', at),
      namespace !== null && 's.namespace = @namespace',
      prefix !== undefined && 's.job_id >= @prefix AND s.job_id < @end',
      status !== undefined && 'st.status = @status',
      type !== undefined && 's.type = @type',
      template !== undefined && 's.template = @template',
      parentKey !== undefined && 's.parent_key = @parentKey',
      '(s.namespace, s.job_id) > (@afterNamespace, @afterId)',
    )} ORDER BY s.namespace, s.job_id LIMIT @limit`
    const rows = sql.all<Raw>(text, {
      ...bindingsOf(at),
      ...afterCursor(page),
      namespace,
      prefix: prefix ?? null,
      end: endOfPrefix(prefix ?? ''),
      status: status ?? null,
      type: type ?? null,
      template: template ?? null,
      parentKey: parentKey ?? null,
      limit: page.first + 1,
    })
    return cutToPage(
      rows.map(raw => toRow(raw, at)),
      page.first,
    )
  }

  const one = (condition: string, bindings: Readonly<Record<string, string | number>>, at: At): JobRow | null => {
    const text = `SELECT ${columns} FROM job_id i JOIN ${joined('job_spec', 's', 'i.key', at)} ${joins(at)} WHERE ${condition}`
    const raw = sql.get<Raw>(text, { ...bindingsOf(at), ...bindings })
    return raw === undefined ? null : toRow(raw, at)
  }

  return {
    list,
    get: (namespace: string, id: string, at: At): JobRow | null => one('i.id = @id', { id: jobKey(namespace, id) }, at),
    byKey: (key: number, at: At): JobRow | null => one('i.key = @key', { key }, at),
    /** `namespace/id` of a job, whether it is there or not. */
    nameOf: (key: number): string =>
      sql.get<{ id: string }>('SELECT id FROM job_id WHERE key = @key', { key })?.id ?? '',
    keyOf: (namespace: string, id: string): number | undefined =>
      sql.get<{ key: number }>('SELECT key FROM job_id WHERE id = @id', { id: jobKey(namespace, id) })?.key,
    /** What a template launched, newest first. */
    launched: (parent: JobRow, page: Page): Listed<JobRow> => {
      const { at } = parent
      const text = `SELECT ${columns} FROM job_spec s ${joins(at)} WHERE s.parent_key = @parent AND ${holds('s', at)} AND s.key < @before ORDER BY s.key DESC LIMIT @limit`
      const rows = sql.all<Raw>(text, {
        ...bindingsOf(at),
        parent: parent.key,
        before: keyBefore(page),
        limit: page.first + 1,
      })
      return cutToPage(
        rows.map(raw => toRow(raw, at)),
        page.first,
      )
    },
    countLaunched: (parent: JobRow): Readonly<Record<JobStatus, number>> => {
      const { at } = parent
      const text = `SELECT st.status, COUNT(*) AS n FROM job_spec s JOIN ${joined('job_status', 'st', 's.key', at)} WHERE s.parent_key = @parent AND ${holds('s', at)} GROUP BY st.status`
      const counts = { pending: 0, running: 0, dead: 0 }
      for (const { status, n } of sql.all<{ status: JobStatus; n: number }>(text, {
        ...bindingsOf(at),
        parent: parent.key,
      }))
        counts[status] = n
      return counts
    },
    /** Of its incarnation, newest first; only `version` where that is not null. */
    versions: (job: JobRow, first: number, version: number | null = null): readonly JobVersionRow[] => {
      const { at } = job
      const text = `SELECT v.key, v.version, sb.is_stable, v.submitted_at, v.from_position, v.actor, v.message, v.source FROM job_version v
JOIN ${joined('job_version_stability', 'sb', 'v.key', at)} ${where(
        'v.job_key = @job',
        'v.incarnation = @incarnation',
        version !== null && 'v.version = @version',
        holds('v', at),
      )} ORDER BY v.version DESC LIMIT @first`
      const bindings = { ...bindingsOf(at), job: job.key, incarnation: job.incarnation, version, first }
      return sql.all<RawVersion>(text, bindings).map(raw => ({
        key: raw.key,
        namespace: job.namespace,
        version: raw.version,
        isStable: raw.is_stable === 1,
        submittedAt: raw.submitted_at,
        position: raw.from_position,
        actor: raw.actor,
        message: raw.message,
        source: raw.source,
      }))
    },
  }
}

type RawVersion = {
  key: number
  version: number
  is_stable: number
  submitted_at: number
  from_position: number
  actor: string
  message: string
  source: string | null
}
