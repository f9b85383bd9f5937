import {
  type Listed,
  listAll,
  PAGE_SIZE,
  type Page,
  pageFields,
  type Unresolved,
  unresolvedFields,
} from '../answers.ts'
import type { CommandContext } from '../command.ts'
import { document } from '../document.ts'
import { type AllocationRow, allocationRowFields } from '../render/allocation-list.ts'
import { type Deployment, deploymentFields } from '../render/deployment.ts'
import { type PlacementFailure, placementFailureFields } from '../render/metrics.ts'
import { type GroupSummary, summaryFields } from '../render/summary.ts'

/** Jobs, evaluations and allocations of one job that its status shows before it needs more than one question. */
const FIRST_PAGE = 100

export const jobRowFields = 'id namespace type priority status isStopped isPeriodic isParameterized submittedAt'

export type JobRow = {
  readonly id: string
  readonly namespace: string
  readonly type: string
  readonly priority: number
  readonly status: 'pending' | 'running' | 'dead'
  readonly isStopped: boolean
  readonly isPeriodic: boolean
  readonly isParameterized: boolean
  readonly submittedAt: number
}

export const jobListDocument = document<
  { readonly jobs: Page<JobRow> },
  { readonly namespace: string; readonly first: number; readonly cursor: string | null }
>(`query ListJobs($namespace: String, $first: Int, $cursor: String) {
  jobs(namespace: $namespace, first: $first, cursor: $cursor) { nodes { ${jobRowFields} } ${pageFields} }
}`)

export const fetchJobs = ({ api, settings }: CommandContext): Promise<Listed<JobRow>> =>
  listAll(async cursor => {
    const variables = { namespace: settings.namespace, first: PAGE_SIZE, cursor }
    return (await api.query(jobListDocument, variables)).jobs
  })

export type EvaluationRow = {
  readonly id: string
  readonly priority: number
  readonly triggeredBy: string
  readonly status: string
  readonly placementFailures: readonly { readonly group: string }[]
}

export type JobStatus = JobRow & {
  readonly __typename: 'Job'
  readonly name: string
  readonly datacenters: readonly string[]
  readonly nodePool: string
  readonly version: number
  readonly modifyIndex: number
  readonly summary: readonly GroupSummary[]
  readonly children: { readonly pending: number; readonly running: number; readonly dead: number } | null
  readonly launchedJobs?: Page<JobRow>
  readonly periodic: { readonly isEnabled: boolean; readonly nextLaunch: number | null } | null
  readonly parameterized: {
    readonly payload: string
    readonly metaRequired: readonly string[]
    readonly metaOptional: readonly string[]
  } | null
  readonly latestDeployment: Deployment | null
  readonly latestPlacementFailure: {
    readonly id: string
    readonly placementFailures: readonly PlacementFailure[]
  } | null
  readonly futureReschedules: readonly {
    readonly group: string
    readonly evaluationId: string
    readonly evaluatesAt: number
  }[]
  readonly evaluations?: Page<EvaluationRow>
  readonly allocations?: Page<AllocationRow>
}

export type JobStatusVariables = {
  readonly id: string
  readonly namespace: string
  readonly first: number
  readonly isFull: boolean
  readonly withEvaluations: boolean
  readonly allVersions: boolean
}

export const jobStatusDocument = document<{ readonly job: JobStatus | Unresolved }, JobStatusVariables>(
  `query JobStatus(
  $id: String!, $namespace: String, $first: Int, $isFull: Boolean!, $withEvaluations: Boolean!, $allVersions: Boolean!
) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job {
      ${jobRowFields} name datacenters nodePool version modifyIndex
      periodic { isEnabled nextLaunch }
      parameterized { payload metaRequired metaOptional }
      summary { ${summaryFields} }
      children { pending running dead }
      launchedJobs(first: $first) @include(if: $isFull) { nodes { ${jobRowFields} } ${pageFields} }
      latestDeployment { ${deploymentFields} }
      latestPlacementFailure { id placementFailures { ${placementFailureFields} } }
      futureReschedules { group evaluationId evaluatesAt }
      evaluations(first: $first) @include(if: $withEvaluations) {
        nodes { id priority triggeredBy status placementFailures { group } } ${pageFields}
      }
      allocations(first: $first, allVersions: $allVersions) @include(if: $isFull) {
        nodes { ${allocationRowFields} } ${pageFields}
      }
    }
    ${unresolvedFields}
  }
}`,
)

export const jobStatusVariables = (
  name: { readonly id: string; readonly namespace: string },
  options: { readonly isFull: boolean; readonly withEvaluations: boolean; readonly allVersions: boolean },
): JobStatusVariables => ({ ...name, first: FIRST_PAGE, ...options })

export const jobAllocationsDocument = document<
  { readonly job: { readonly __typename: 'Job'; readonly allocations: Page<AllocationRow> } | Unresolved },
  {
    readonly id: string
    readonly namespace: string
    readonly first: number
    readonly cursor: string | null
    readonly allVersions: boolean
  }
>(`query JobAllocations($id: String!, $namespace: String, $first: Int, $cursor: String, $allVersions: Boolean) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job {
      allocations(first: $first, cursor: $cursor, allVersions: $allVersions) {
        nodes { ${allocationRowFields} } ${pageFields}
      }
    }
    ${unresolvedFields}
  }
}`)

export const launchedJobsDocument = document<
  { readonly job: { readonly __typename: 'Job'; readonly launchedJobs: Page<JobRow> } | Unresolved },
  { readonly id: string; readonly namespace: string; readonly first: number; readonly cursor: string | null }
>(`query LaunchedJobs($id: String!, $namespace: String, $first: Int, $cursor: String) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job { launchedJobs(first: $first, cursor: $cursor) { nodes { ${jobRowFields} } ${pageFields} } }
    ${unresolvedFields}
  }
}`)
