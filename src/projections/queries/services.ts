import { splitJobKey } from '../../domain/ids.ts'
import { type At, bindingsOf, holds } from '../interval.ts'
import { cutToPage, decodeCursor, type Listed, type Page } from './page.ts'
import { endOfPrefix, parseJson, type Sql, where } from './sql.ts'

export type ServiceName = { readonly at: At; readonly namespace: string; readonly name: string }

export type ServiceInstanceRow = {
  readonly id: string
  readonly jobId: string
  readonly allocationId: string
  readonly nodeId: string
  readonly datacenter: string
  readonly address: string
  readonly port: number
  readonly tags: readonly string[]
}

type Raw = {
  id: string
  job: string
  allocation: string
  node: string
  datacenter: string
  address: string
  port: number
  tags: string
}

/** Instances of one service that are shown at once. */
export const MAX_INSTANCES_SHOWN = 10_000

export const createServiceQueries = (sql: Sql) => ({
  /** Names that at least one instance stands for. A null namespace is all. */
  list: (
    filter: { readonly namespace: string | null; readonly prefix?: string | undefined },
    page: Page,
    at: At,
  ): Listed<ServiceName> => {
    const [namespace, name] = page.cursor === null ? [] : (decodeCursor(page.cursor) ?? [])
    const text = `SELECT DISTINCT s.namespace, s.name FROM service_instance s ${where(
      holds('s', at),
      filter.namespace !== null && 's.namespace = @namespace',
      filter.prefix !== undefined && 's.name >= @prefix AND s.name < @prefixEnd',
      '(s.namespace, s.name) > (@afterNamespace, @afterName)',
    )} ORDER BY s.namespace, s.name LIMIT @limit`
    const rows = sql.all<{ namespace: string; name: string }>(text, {
      ...bindingsOf(at),
      namespace: filter.namespace,
      prefix: filter.prefix ?? '',
      prefixEnd: endOfPrefix(filter.prefix ?? ''),
      afterNamespace: String(namespace ?? ''),
      afterName: String(name ?? ''),
      limit: page.first + 1,
    })
    return cutToPage(
      rows.map(row => ({ at, ...row })),
      page.first,
    )
  },

  instances: ({ at, namespace, name }: ServiceName): readonly ServiceInstanceRow[] => {
    const text = `SELECT i.id, j.id AS job, a.id AS allocation, n.id AS node, s.datacenter, s.address, s.port, s.tags
FROM service_instance s JOIN instance_id i ON i.key = s.key JOIN job_id j ON j.key = s.job_key
JOIN allocation_id a ON a.key = s.allocation_key JOIN node_id n ON n.key = s.node_key
WHERE ${holds('s', at)} AND s.namespace = @namespace AND s.name = @name
ORDER BY j.id, s.address, s.port, i.id LIMIT ${MAX_INSTANCES_SHOWN}`
    return sql.all<Raw>(text, { ...bindingsOf(at), namespace, name }).map(raw => ({
      id: raw.id.slice(raw.id.indexOf('\n') + 1),
      jobId: splitJobKey(raw.job).jobId,
      allocationId: raw.allocation,
      nodeId: raw.node,
      datacenter: raw.datacenter,
      address: raw.address,
      port: raw.port,
      tags: parseJson<readonly string[]>(raw.tags),
    }))
  },
})
