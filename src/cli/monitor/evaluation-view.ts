import { found, type Unresolved, unresolvedFields } from '../answers.ts'
import type { CliApi } from '../cli-api.ts'
import { document } from '../document.ts'
import { type PlacementFailure, placementFailureFields } from '../render/metrics.ts'

/** Allocations of one evaluation that a monitor names; more than these nobody reads while they scroll by. */
export const MAX_MONITORED_ALLOCATIONS = 200

export type MonitoredAllocation = {
  readonly id: string
  readonly nodeId: string
  readonly group: string
  readonly index: number
  readonly createdPosition: number
  readonly desiredStatus: string
  readonly clientStatus: string
  readonly clientDescription: string
}

/** An evaluation as a monitor sees it at one position. */
export type EvaluationView = {
  readonly __typename: 'Evaluation'
  readonly id: string
  readonly namespace: string
  readonly jobId: string
  readonly triggeredBy: string
  readonly nodeId: string | null
  readonly status: 'pending' | 'blocked' | 'complete' | 'failed' | 'cancelled'
  readonly statusDescription: string
  readonly createdPosition: number
  readonly waitUntil: number | null
  readonly deploymentId: string | null
  readonly nextEvaluationId: string | null
  readonly blockedEvaluationId: string | null
  readonly placementFailures: readonly PlacementFailure[]
  readonly allocations: { readonly nodes: readonly MonitoredAllocation[] }
}

export const evaluationViewDocument = document<
  { readonly evaluation: EvaluationView | Unresolved },
  { readonly id: string; readonly after: number | null; readonly first: number }
>(`query WatchEvaluation($id: String!, $after: Position, $first: Int) {
  evaluation(id: $id, after: $after) {
    __typename
    ... on Evaluation {
      id namespace jobId triggeredBy nodeId status statusDescription createdPosition waitUntil
      deploymentId nextEvaluationId blockedEvaluationId
      placementFailures { ${placementFailureFields} }
      allocations(first: $first) {
        nodes { id nodeId group index createdPosition desiredStatus clientStatus clientDescription }
      }
    }
    ${unresolvedFields}
  }
}`)

/** The evaluation as it stands once the view has `after`. Throws a Refusal when there is none. */
export const fetchEvaluation = async (api: CliApi, id: string, after: number | null): Promise<EvaluationView> => {
  const answer = await api.query(evaluationViewDocument, { id, after, first: MAX_MONITORED_ALLOCATIONS })
  return found(answer.evaluation, 'EVALUATION', id)
}
