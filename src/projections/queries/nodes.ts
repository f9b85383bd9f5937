import type { NodeJudgement } from '../../domain/control/events.ts'
import type { DriverState, NodeResources } from '../../domain/node/events.ts'
import { type At, bindingsOf, joined } from '../interval.ts'
import { cutToPage, decodeCursor, type Listed, type Page } from './page.ts'
import { endOfPrefix, parseJson, type Sql, where } from './sql.ts'

export type NodeRow = {
  readonly at: At
  readonly key: number
  readonly id: string
  readonly name: string
  readonly datacenter: string
  readonly nodePool: string
  readonly nodeClass: string
  readonly address: string
  readonly version: string
  readonly registeredAt: number
  readonly resources: NodeResources
  readonly reserved: NodeResources
  readonly attributesByName: Readonly<Record<string, string>>
  readonly metaByName: Readonly<Record<string, string>>
  readonly driversByName: Readonly<Record<string, DriverState>>
  readonly driverTimesByName: Readonly<Record<string, number>>
  readonly foreignPorts: readonly number[]
  readonly status: NodeJudgement
  readonly statusDescription: string
  readonly isEligible: boolean
  readonly modifiedPosition: number
}

export type NodeFilter = {
  readonly prefix?: string | undefined
  readonly status?: string | undefined
  readonly nodePool?: string | undefined
}

type Raw = {
  key: number
  id: string
  name: string
  datacenter: string
  node_pool: string
  node_class: string
  address: string
  version: string
  registered_at: number
  resources: string
  reserved: string
  attributes: string
  meta: string
  drivers: string
  changed_at: string
  foreign_ports: string
  status: NodeJudgement
  cause: string
  is_eligible: number
  modified: number
}

const columns = `i.key, i.id, n.name, n.datacenter, n.node_pool, n.node_class, n.address, n.version, n.registered_at,
f.resources, f.reserved, f.attributes, f.meta, d.drivers, d.changed_at, s.foreign_ports, st.status, st.cause, st.is_eligible,
MAX(n.from_position, f.from_position, s.from_position, d.from_position, st.from_position) AS modified`

const source = (at: At): string => `node_id i JOIN ${joined('node', 'n', 'i.key', at)}
JOIN ${joined('node_facts', 'f', 'i.key', at)}
JOIN ${joined('node_surroundings', 's', 'i.key', at)}
JOIN ${joined('node_drivers', 'd', 'i.key', at)}
JOIN ${joined('node_status', 'st', 'i.key', at)}`

const toRow = (raw: Raw, at: At): NodeRow => ({
  at,
  key: raw.key,
  id: raw.id,
  name: raw.name,
  datacenter: raw.datacenter,
  nodePool: raw.node_pool,
  nodeClass: raw.node_class,
  address: raw.address,
  version: raw.version,
  registeredAt: raw.registered_at,
  resources: parseJson<NodeResources>(raw.resources),
  reserved: parseJson<NodeResources>(raw.reserved),
  attributesByName: parseJson<Record<string, string>>(raw.attributes),
  metaByName: parseJson<Record<string, string>>(raw.meta),
  driversByName: parseJson<Record<string, DriverState>>(raw.drivers),
  driverTimesByName: parseJson<Record<string, number>>(raw.changed_at),
  foreignPorts: parseJson<readonly number[]>(raw.foreign_ports),
  status: raw.status,
  statusDescription: raw.cause,
  isEligible: raw.is_eligible === 1,
  modifiedPosition: raw.modified,
})

export const createNodeQueries = (sql: Sql) => ({
  list: (filter: NodeFilter, page: Page, at: At): Listed<NodeRow> => {
    const [cursor] = page.cursor === null ? [] : (decodeCursor(page.cursor) ?? [])
    const text = `SELECT ${columns} FROM ${source(at)} ${where(
      'i.id > @cursor',
      filter.prefix !== undefined && 'i.id >= @prefix AND i.id < @prefixEnd',
      filter.status !== undefined && 'st.status = @status',
      filter.nodePool !== undefined && 'n.node_pool = @nodePool',
    )} ORDER BY i.id LIMIT @limit`
    const rows = sql.all<Raw>(text, {
      ...bindingsOf(at),
      cursor: String(cursor ?? ''),
      prefix: filter.prefix ?? '',
      prefixEnd: endOfPrefix(filter.prefix ?? ''),
      status: filter.status ?? null,
      nodePool: filter.nodePool ?? null,
      limit: page.first + 1,
    })
    return cutToPage(
      rows.map(raw => toRow(raw, at)),
      page.first,
    )
  },
  get: (id: string, at: At): NodeRow | null => {
    const raw = sql.get<Raw>(`SELECT ${columns} FROM ${source(at)} WHERE i.id = @id`, { ...bindingsOf(at), id })
    return raw === undefined ? null : toRow(raw, at)
  },
})
