import type { DeploymentGroupState } from '../../domain/cluster/index.ts'
import type { DeploymentStatus } from '../../domain/control/events.ts'
import { splitJobKey } from '../../domain/ids.ts'
import { type At, bindingsOf, holds, joined } from '../interval.ts'
import { cutToPage, keyBefore, type Listed, type Page } from './page.ts'
import { endOfPrefix, inNamespace, parseJson, type Sql, where } from './sql.ts'

export type DeploymentGroupRow = DeploymentGroupState & { readonly group: string }

export type DeploymentRow = {
  readonly at: At
  readonly key: number
  readonly id: string
  readonly namespace: string
  readonly jobId: string
  readonly jobKey: number
  readonly incarnation: number
  readonly jobVersion: number
  readonly status: DeploymentStatus
  readonly description: string
  readonly groupStates: readonly DeploymentGroupRow[]
  readonly createdAt: number
  readonly createdPosition: number
  readonly modifiedPosition: number
}

export type DeploymentFilter = {
  /** Null = all. */
  readonly namespace: string | null
  readonly prefix?: string | undefined
  readonly status?: string | undefined
  readonly jobKey?: number | undefined
  readonly incarnation?: number | undefined
}

type Raw = {
  key: number
  id: string
  job: string
  job_key: number
  incarnation: number
  job_version: number
  status: DeploymentStatus
  description: string
  groups: string
  created_at: number
  from_position: number
  modified: number
}

const columns = `d.key, i.id, j.id AS job, d.job_key, d.incarnation, d.job_version, st.status, st.description, st.groups,
d.created_at, d.from_position, MAX(d.from_position, st.from_position) AS modified`

const details = (at: At): string => `JOIN deployment_id i ON i.key = d.key
JOIN ${joined('deployment_status', 'st', 'd.key', at)} JOIN job_id j ON j.key = d.job_key`

const toRow = (raw: Raw, at: At): DeploymentRow => ({
  at,
  key: raw.key,
  id: raw.id,
  ...splitJobKey(raw.job),
  jobKey: raw.job_key,
  incarnation: raw.incarnation,
  jobVersion: raw.job_version,
  status: raw.status,
  description: raw.description,
  groupStates: parseJson<readonly DeploymentGroupRow[]>(raw.groups),
  createdAt: raw.created_at,
  createdPosition: raw.from_position,
  modifiedPosition: raw.modified,
})

export const createDeploymentQueries = (sql: Sql) => {
  const one = (
    condition: string,
    bindings: Readonly<Record<string, string | number>>,
    at: At,
  ): DeploymentRow | null => {
    const text = `SELECT ${columns} FROM deployment_id own JOIN ${joined('deployment', 'd', 'own.key', at)} ${details(at)} WHERE ${condition}`
    const raw = sql.get<Raw>(text, { ...bindingsOf(at), ...bindings })
    return raw === undefined ? null : toRow(raw, at)
  }
  return {
    list: (filter: DeploymentFilter, page: Page, at: At): Listed<DeploymentRow> => {
      const text = `SELECT ${columns} FROM deployment d ${details(at)} ${where(
        holds('d', at),
        filter.namespace !== null && inNamespace,
        filter.prefix !== undefined && 'i.id >= @prefix AND i.id < @prefixEnd',
        filter.status !== undefined && 'st.status = @status',
        filter.jobKey !== undefined && 'd.job_key = @jobKey',
        filter.incarnation !== undefined && 'd.incarnation = @incarnation',
        'd.key < @before',
      )} ORDER BY d.key DESC LIMIT @limit`
      const rows = sql.all<Raw>(text, {
        ...bindingsOf(at),
        namespace: `${filter.namespace ?? ''}/`,
        namespaceEnd: endOfPrefix(`${filter.namespace ?? ''}/`),
        prefix: filter.prefix ?? '',
        prefixEnd: endOfPrefix(filter.prefix ?? ''),
        status: filter.status ?? null,
        jobKey: filter.jobKey ?? null,
        incarnation: filter.incarnation ?? null,
        before: keyBefore(page),
        limit: page.first + 1,
      })
      return cutToPage(
        rows.map(raw => toRow(raw, at)),
        page.first,
      )
    },
    get: (id: string, at: At): DeploymentRow | null => one('own.id = @id', { id }, at),
    byKey: (key: number, at: At): DeploymentRow | null => one('own.key = @key', { key }, at),
  }
}
