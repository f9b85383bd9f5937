import type { ClusterState, JobState, JobVersion } from '../domain/cluster/index.ts'
import { splitVersionId } from './jobs.ts'
import { type Facet, flag, type Projection } from './projection.ts'

type Found = { readonly job: JobState; readonly version: JobVersion }

const find = (state: ClusterState, id: string): Found | null => {
  const { key, incarnation, version: number } = splitVersionId(id)
  const job = state.jobs.get(key)
  if (job === undefined || job.status === 'purged' || job.incarnation !== incarnation) return null
  const version = job.versions.find(candidate => candidate.version === number)
  return version === undefined ? null : { job, version }
}

/** A launched child's specification is its parent's with the launch's differences: it is derived when read, not copied. */
const isDerived = ({ job, version }: Found): boolean => job.derivation !== null && version.version === job.version

const text: Facet = {
  table: 'job_version',
  isThere: (state, id) => find(state, id) !== null,
  columns: {
    job_key: 'INTEGER',
    incarnation: 'INTEGER',
    version: 'INTEGER',
    submitted_at: 'INTEGER',
    actor: 'TEXT',
    message: 'TEXT',
    source: 'TEXT',
    spec: 'TEXT',
    derivation: 'TEXT',
  },
  indexes: [['job_key', 'to_position', 'key']],
  values: ({ state, keyOf }, id) => {
    const found = find(state, id)
    if (found === null) return null
    const { job, version } = found
    return [
      keyOf('job', job.key),
      job.incarnation,
      version.version,
      version.at,
      version.actor,
      version.message,
      version.source,
      isDerived(found) ? null : JSON.stringify(version.spec),
      isDerived(found) ? JSON.stringify(job.derivation) : null,
    ]
  },
}

const stability: Facet = {
  table: 'job_version_stability',
  columns: { is_stable: 'INTEGER' },
  indexes: [],
  values: ({ state }, id) => {
    const found = find(state, id)
    return found === null ? null : [flag(found.version.isStable)]
  },
}

export const jobVersions: Projection = { name: 'job-versions', version: 1, kind: 'version', facets: [text, stability] }
