import { splitJobKey } from '../../domain/ids.ts'
import { type At, bindingsOf, holds, joined } from '../interval.ts'
import { endOfPrefix, type Sql, where } from './sql.ts'

export const objectKinds = ['job', 'allocation', 'evaluation', 'deployment', 'node'] as const
export type ObjectKind = (typeof objectKinds)[number]

export type Candidate = {
  readonly kind: ObjectKind
  readonly id: string
  readonly namespace: string
  readonly name: string
}

type Raw = { id: string; job: string | null; name: string }

/** Where each kind's ids stand, and the name that a person knows a thing by; null = its job's id. */
const sources = {
  allocation: { table: 'allocation', name: 't.name', job: 't.job_key' },
  evaluation: { table: 'evaluation', name: "''", job: 't.job_key' },
  deployment: { table: 'deployment', name: "''", job: 't.job_key' },
  node: { table: 'node', name: 't.name', job: 'NULL' },
} as const

type Search = {
  readonly prefix: string
  /** Null = all. */
  readonly namespace: string | null
  readonly at: At
  readonly limit: number
}

export const createSearch = (sql: Sql) => {
  const jobs = ({ prefix, namespace, at, limit }: Search): readonly Candidate[] => {
    const text = `SELECT s.namespace, s.job_id AS id FROM job_spec s ${where(
      holds('s', at),
      's.job_id >= @prefix AND s.job_id < @prefixEnd',
      namespace !== null && 's.namespace = @namespace',
    )} ORDER BY s.job_id, s.namespace LIMIT @limit`
    const bindings = { ...bindingsOf(at), prefix, prefixEnd: endOfPrefix(prefix), namespace, limit }
    return sql
      .all<{ namespace: string; id: string }>(text, bindings)
      .map(row => ({ kind: 'job', id: row.id, namespace: row.namespace, name: row.id }))
  }

  const others = (kind: keyof typeof sources, { prefix, namespace, at, limit }: Search): readonly Candidate[] => {
    const { table, name, job } = sources[kind]
    const isFiltered = namespace !== null && kind !== 'node'
    const text = `SELECT i.id, j.id AS job, ${name} AS name FROM ${kind}_id i JOIN ${joined(table, 't', 'i.key', at)}
LEFT JOIN job_id j ON j.key = ${job} ${where(
      'i.id >= @prefix AND i.id < @prefixEnd',
      isFiltered && 'j.id >= @namespace AND j.id < @namespaceEnd',
    )} ORDER BY i.id LIMIT @limit`
    const rows = sql.all<Raw>(text, {
      ...bindingsOf(at),
      prefix: prefix.toLowerCase(),
      prefixEnd: endOfPrefix(prefix.toLowerCase()),
      namespace: `${namespace ?? ''}/`,
      namespaceEnd: endOfPrefix(`${namespace ?? ''}/`),
      limit,
    })
    return rows.map(raw => {
      const owner = raw.job === null ? { namespace: '', jobId: '' } : splitJobKey(raw.job)
      return { kind, id: raw.id, namespace: owner.namespace, name: raw.name === '' ? owner.jobId : raw.name }
    })
  }

  /** Things of a kind whose id begins with the prefix, by id. */
  return (kind: ObjectKind, search: Search): readonly Candidate[] =>
    kind === 'job' ? jobs(search) : others(kind, search)
}
