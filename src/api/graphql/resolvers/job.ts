import type { JobSource } from '../../../app/api-commands.ts'
import type { Job as Specification } from '../../../domain/jobspec/schema.ts'
import type { JobRow, JobVersionRow } from '../../../projections/queries/jobs.ts'
import { encodeCursor } from '../../../projections/queries/page.ts'
import type { ApiContext } from '../../context.ts'
import { DEFAULT_PAGE_SIZE } from '../limits.ts'
import type { Resolvers } from '../load-schema.ts'
import { lookUp } from '../lookup.ts'
import { connectionOf, type PageArguments, pageOf } from '../paging.ts'
import { momentOf, namespaceOf, positionOf, type ReadArguments, readView } from '../read-view.ts'
import { allocationCursor } from './allocation.ts'
import { deploymentCursor } from './deployment.ts'
import { evaluationCursor } from './evaluation.ts'
import { countsByGroup } from './job-summary.ts'
import { modifiedAt, pairsOf } from './shared.ts'

const jobCursor = (row: JobRow): string => encodeCursor(row.namespace, row.id)
const launchedCursor = (row: JobRow): string => encodeCursor(row.key)

type JobsArguments = ReadArguments &
  PageArguments & {
    readonly namespace?: string | null
    readonly prefix?: string | null
    readonly status?: string | null
    readonly type?: string | null
    readonly parentId?: string | null
    readonly launches?: 'periodic' | 'dispatch' | null
  }
type JobArguments = ReadArguments & { readonly id: string; readonly namespace?: string | null }

const templateOf = (launches: JobsArguments['launches']): JobRow['template'] | undefined => {
  if (launches === null || launches === undefined) return undefined
  return launches === 'periodic' ? 'periodic' : 'parameterized'
}

/** The key of a parent that never was fits nothing. */
const NO_KEY = -1

const queries = ({ readModel }: ApiContext) => ({
  jobs: (_: unknown, args: JobsArguments) =>
    readView(readModel, args, () => {
      const at = momentOf(readModel, args)
      const namespace = namespaceOf(args.namespace)
      const parentId = args.parentId ?? undefined
      const { jobs } = readModel.views
      const filter = {
        namespace,
        prefix: args.prefix ?? undefined,
        status: args.status ?? undefined,
        type: args.type ?? undefined,
        template: templateOf(args.launches ?? null),
        parentKey: parentId === undefined ? undefined : (jobs.keyOf(namespace ?? 'default', parentId) ?? NO_KEY),
      }
      return connectionOf(jobs.list(filter, pageOf(args), at), jobCursor, positionOf(readModel, at))
    }),
  job: (_: unknown, args: JobArguments) =>
    readView(readModel, args, () => {
      const at = momentOf(readModel, args)
      const namespace = namespaceOf(args.namespace)
      const get = (id: string, where: string | null): JobRow | null =>
        where === null ? null : readModel.views.jobs.get(where, id, at)
      return lookUp(readModel, 'Job', { kind: 'job', id: args.id, namespace, at, get })
    }),
})

type SpecOf = (row: JobRow) => Specification

/** What stands in the specification of the job's version. */
const specified = (specOf: SpecOf, context: ApiContext) => ({
  name: (job: JobRow) => specOf(job).name,
  region: (job: JobRow) => specOf(job).region,
  datacenters: (job: JobRow) => specOf(job).datacenters,
  nodePool: (job: JobRow) => specOf(job).nodePool,
  meta: (job: JobRow) => pairsOf(specOf(job).meta),
  groups: (job: JobRow) =>
    specOf(job).groups.map(group => ({
      name: group.name,
      count: group.count,
      tasks: group.tasks.map(task => task.name),
    })),
  parameterized: (job: JobRow) => specOf(job).parameterized,
  periodic: (job: JobRow) => {
    const { periodic } = specOf(job)
    if (periodic === null) return null
    const isOff = job.isStopped || !periodic.isEnabled
    return { ...periodic, nextLaunch: isOff ? null : context.nextLaunch(periodic, context.clock.now()) }
  },
  specification: (job: JobRow) => context.showSpecification(job.namespace, specOf(job)),
})

const launchOf = ({ derivation }: JobRow) =>
  derivation === null
    ? null
    : {
        kind: derivation.kind,
        parentId: derivation.parentId,
        parentVersion: derivation.parentVersion,
        instant: derivation.instant,
        meta: pairsOf(derivation.meta),
        hasPayload: derivation.payload !== null,
        hasIdempotencyToken: derivation.tokenDigest !== null,
      }

/** What belongs to a job and is read at the same moment. */
const related = ({ readModel }: ApiContext) => {
  const { views } = readModel
  return {
    launchedJobs: (job: JobRow, args: PageArguments) =>
      connectionOf(views.jobs.launched(job, pageOf(args)), launchedCursor, positionOf(readModel, job.at)),
    latestDeployment: (job: JobRow) =>
      job.latestDeploymentKey === null ? null : views.deployments.byKey(job.latestDeploymentKey, job.at),
    deployments: (job: JobRow, args: PageArguments & { readonly allVersions?: boolean | null }) => {
      const incarnation = args.allVersions === true ? undefined : job.incarnation
      const listed = views.deployments.list({ namespace: null, jobKey: job.key, incarnation }, pageOf(args), job.at)
      return connectionOf(listed, deploymentCursor, positionOf(readModel, job.at))
    },
    evaluations: (job: JobRow, args: PageArguments) => {
      const listed = views.evaluations.list({ namespace: null, jobKey: job.key }, pageOf(args), job.at)
      return connectionOf(listed, evaluationCursor, positionOf(readModel, job.at))
    },
    allocations: (job: JobRow, args: PageArguments & { readonly allVersions?: boolean | null }) => {
      const incarnation = args.allVersions === true ? undefined : job.incarnation
      const listed = views.allocations.list({ namespace: null, jobKey: job.key, incarnation }, pageOf(args), job.at)
      return connectionOf(listed, allocationCursor, positionOf(readModel, job.at))
    },
    latestPlacementFailure: (job: JobRow) => views.evaluations.latestFailure(job),
    futureReschedules: (job: JobRow) => views.counts.futureReschedules(job),
  }
}

export const jobResolvers = (context: ApiContext): Resolvers => {
  const { readModel } = context
  const { views } = readModel
  const required = (versionKey: number): Specification => {
    const spec = views.specOf(versionKey)
    if (spec === null) throw new Error(`invariant broken: no specification of version ${versionKey}`)
    return spec
  }
  const specOf: SpecOf = job => required(job.versionKey)
  return {
    Query: queries(context),
    Job: {
      ...specified(specOf, context),
      ...related(context),
      isPeriodic: (job: JobRow) => job.template === 'periodic',
      isParameterized: (job: JobRow) => job.template === 'parameterized',
      versions: (job: JobRow, args: { readonly first?: number | null; readonly version?: number | null }) =>
        views.jobs.versions(job, pageOf({ first: args.first ?? DEFAULT_PAGE_SIZE }).first, args.version ?? null),
      summary: (job: JobRow) => countsByGroup(specOf(job), views.counts.byGroup(job), views.counts.queued(job)),
      children: (job: JobRow) => (job.template === 'none' ? null : views.jobs.countLaunched(job)),
      launch: launchOf,
    },
    JobVersion: {
      specification: (version: JobVersionRow) => context.showSpecification(version.namespace, required(version.key)),
      source: ({ namespace, source }: JobVersionRow) =>
        source === null ? null : context.showSource(namespace, source),
    },
    JobSource: {
      format: ({ format }: JobSource) => (format === 'json' ? 'JSON' : 'HCL'),
    },
    Evaluation: { job: (row: OwnedRow) => views.jobs.byKey(row.jobKey, row.at), modifiedAt: modifiedAt(readModel) },
    Allocation: { job: (row: OwnedRow) => views.jobs.byKey(row.jobKey, row.at), modifiedAt: modifiedAt(readModel) },
    Deployment: { modifiedAt: modifiedAt(readModel) },
  }
}

type OwnedRow = Pick<JobRow, 'at'> & { readonly jobKey: number }
