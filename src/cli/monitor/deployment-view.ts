import { found, type Unresolved, unresolvedFields } from '../answers.ts'
import type { CliApi } from '../cli-api.ts'
import { document } from '../document.ts'
import { type Deployment, deploymentFields } from '../render/deployment.ts'
import { type PlacementFailure, placementFailureFields } from '../render/metrics.ts'
import { MAX_MONITORED_ALLOCATIONS } from './evaluation-view.ts'

/** The newest events of a task that a monitor looks through for trouble. */
export const MAX_EVENTS_LOOKED_AT = 10

export type MonitoredTaskEvent = {
  readonly type: string
  readonly at: number
  readonly message: string
  readonly position: number
}

export type DeployedAllocation = {
  readonly id: string
  readonly group: string
  readonly index: number
  readonly tasks: readonly { readonly name: string; readonly events: readonly MonitoredTaskEvent[] }[]
}

export type DeploymentView = Deployment & {
  readonly __typename: 'Deployment'
  readonly allocations: { readonly nodes: readonly DeployedAllocation[] }
}

export const deploymentViewDocument = document<
  { readonly deployment: DeploymentView | Unresolved },
  { readonly id: string; readonly after: number | null; readonly first: number; readonly events: number }
>(`query WatchDeployment($id: String!, $after: Position, $first: Int, $events: Int) {
  deployment(id: $id, after: $after) {
    __typename
    ... on Deployment {
      ${deploymentFields}
      allocations(first: $first) { nodes { id group index tasks { name events(first: $events) { type at message position } } } }
    }
    ${unresolvedFields}
  }
}`)

/** The deployment as it stands once the view has `after`. Throws a Refusal when there is none. */
export const fetchDeployment = async (api: CliApi, id: string, after: number | null): Promise<DeploymentView> => {
  const variables = { id, after, first: MAX_MONITORED_ALLOCATIONS, events: MAX_EVENTS_LOOKED_AT }
  const answer = await api.query(deploymentViewDocument, variables)
  return found(answer.deployment, 'DEPLOYMENT', id)
}

export const waitingPlacementsDocument = document<
  {
    readonly job:
      | {
          readonly __typename: 'Job'
          readonly latestPlacementFailure: { readonly placementFailures: readonly PlacementFailure[] } | null
        }
      | Unresolved
  },
  { readonly id: string; readonly namespace: string }
>(`query WaitingPlacements($id: String!, $namespace: String) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job { latestPlacementFailure { placementFailures { ${placementFailureFields} } } }
    ${unresolvedFields}
  }
}`)

/** What of the deployment's job waits for a place now, and why; asked only while something of it is not placed. */
export const fetchWaiting = async (api: CliApi, view: DeploymentView): Promise<readonly PlacementFailure[]> => {
  if (view.groups.every(({ placed, desiredTotal }) => placed >= desiredTotal)) return []
  const { job } = await api.query(waitingPlacementsDocument, { id: view.jobId, namespace: view.namespace })
  return job.__typename === 'Job' ? (job.latestPlacementFailure?.placementFailures ?? []) : []
}

export const latestDeploymentDocument = document<
  {
    readonly job: { readonly __typename: 'Job'; readonly latestDeployment: { readonly id: string } | null } | Unresolved
  },
  { readonly id: string; readonly namespace: string }
>(`query LatestDeployment($id: String!, $namespace: String) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job { latestDeployment { id } }
    ${unresolvedFields}
  }
}`)
