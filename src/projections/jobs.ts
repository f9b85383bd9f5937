import type { JobState } from '../domain/cluster/index.ts'
import { jobKey } from '../domain/ids.ts'
import { jobStatusOf } from '../domain/job/index.ts'
import { type Facet, flag, type Projection } from './projection.ts'

export type TemplateKind = 'none' | 'periodic' | 'parameterized'

const templateOf = (job: JobState): TemplateKind => {
  if (job.spec.periodic !== null) return 'periodic'
  return job.spec.parameterized === null ? 'none' : 'parameterized'
}

const spec: Facet = {
  table: 'job_spec',
  columns: {
    namespace: 'TEXT',
    job_id: 'TEXT',
    incarnation: 'INTEGER',
    version: 'INTEGER',
    version_key: 'INTEGER',
    revision: 'INTEGER',
    is_stopped: 'INTEGER',
    type: 'TEXT',
    template: 'TEXT',
    priority: 'INTEGER',
    parent_key: 'INTEGER',
    derivation: 'TEXT',
    submitted_at: 'INTEGER',
    created_position: 'INTEGER',
  },
  indexes: [
    ['to_position', 'namespace', 'job_id'],
    ['parent_key', 'to_position', 'key'],
  ],
  values: ({ state, keyOf, optionalKey }, key) => {
    const job = state.jobs.get(key)
    if (job === undefined || job.status === 'purged') return null
    const { derivation } = job
    return [
      job.namespace,
      job.jobId,
      job.incarnation,
      job.version,
      keyOf('version', versionId(key, job.incarnation, job.version)),
      job.revision,
      flag(job.status === 'stopped'),
      job.spec.type,
      templateOf(job),
      job.spec.priority,
      optionalKey('job', derivation === null ? null : jobKey(job.namespace, derivation.parentId)),
      derivation === null ? null : JSON.stringify(derivation),
      job.submittedAt,
      job.createdPosition,
    ]
  },
}

const status: Facet = {
  table: 'job_status',
  columns: { status: 'TEXT', latest_deployment_key: 'INTEGER' },
  indexes: [],
  values: ({ state, optionalKey }, key) => {
    const job = state.jobs.get(key)
    if (job === undefined || job.status === 'purged') return null
    return [jobStatusOf(state, job), optionalKey('deployment', job.latestDeploymentId)]
  },
}

/** The id of a version of a job among the things of kind `version`. */
export const versionId = (key: string, incarnation: number, version: number): string =>
  `${key}#${incarnation}#${version}`

export const splitVersionId = (
  id: string,
): { readonly key: string; readonly incarnation: number; readonly version: number } => {
  const [version = '0', incarnation = '0', ...rest] = id.split('#').toReversed()
  return { key: rest.toReversed().join('#'), incarnation: Number(incarnation), version: Number(version) }
}

export const jobs: Projection = { name: 'jobs', version: 1, kind: 'job', facets: [spec, status] }
