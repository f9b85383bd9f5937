import { deriveChildSpec } from '../../domain/cluster/index.ts'
import { jobKey } from '../../domain/ids.ts'
import type { Derivation } from '../../domain/job/events.ts'
import type { Job } from '../../domain/jobspec/schema.ts'
import { splitVersionId, versionId } from '../jobs.ts'
import { parseJson, type Sql } from './sql.ts'

/** Specifications kept parsed; they never change. */
const MAX_SPECS_KEPT = 512

type VersionRow = { readonly id: string; readonly spec: string | null; readonly derivation: string | null }

const byKey = `SELECT i.id, v.spec, v.derivation FROM version_id i JOIN job_version v ON v.key = i.key
WHERE i.key = @key ORDER BY v.to_position DESC LIMIT 1`
const keyOfId = 'SELECT key FROM version_id WHERE id = @id'

/** The specification of a version by the version's key, whether its job is still there or not. */
export const createSpecs = (sql: Sql) => {
  const kept = new Map<number, Job>()

  const load = (key: number): Job | null => {
    const row = sql.get<VersionRow>(byKey, { key })
    if (row === undefined) return null
    if (row.spec !== null) return parseJson<Job>(row.spec)
    return row.derivation === null ? null : derive(row.id, parseJson<Derivation>(row.derivation))
  }

  const derive = (id: string, derivation: Derivation): Job | null => {
    const { key } = splitVersionId(id)
    const slash = key.indexOf('/')
    const parentKey = jobKey(key.slice(0, slash), derivation.parentId)
    const parent = sql.get<{ key: number }>(keyOfId, {
      id: versionId(parentKey, derivation.parentIncarnation, derivation.parentVersion),
    })
    const spec = parent === undefined ? null : specOf(parent.key)
    return spec === null ? null : deriveChildSpec(spec, key.slice(slash + 1), derivation)
  }

  const specOf = (key: number): Job | null => {
    const known = kept.get(key)
    if (known !== undefined) return known
    const spec = load(key)
    if (spec === null) return null
    if (kept.size >= MAX_SPECS_KEPT) kept.clear()
    kept.set(key, spec)
    return spec
  }
  return specOf
}
