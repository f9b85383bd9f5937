import { type Unresolved, unresolvedFields } from '../answers.ts'
import { document } from '../document.ts'
import { type AllocationRow, allocationRowFields } from '../render/allocation-list.ts'
import { type PlacementFailure, placementFailureFields } from '../render/metrics.ts'

export type EvaluationStatusView = {
  readonly __typename: 'Evaluation'
  readonly id: string
  readonly namespace: string
  readonly jobId: string
  readonly nodeId: string | null
  readonly type: string
  readonly priority: number
  readonly triggeredBy: string
  readonly cause: string
  readonly status: string
  readonly statusDescription: string
  readonly createdAt: number
  readonly modifiedAt: number
  readonly waitUntil: number | null
  readonly deploymentId: string | null
  readonly previousEvaluationId: string | null
  readonly nextEvaluationId: string | null
  readonly blockedEvaluationId: string | null
  readonly relatedEvaluations: readonly {
    readonly id: string
    readonly priority: number
    readonly triggeredBy: string
    readonly nodeId: string | null
    readonly status: string
    readonly statusDescription: string
  }[]
  readonly placementFailures: readonly PlacementFailure[]
  readonly planChanges: readonly {
    readonly group: string
    readonly ignore: number
    readonly place: number
    readonly stop: number
    readonly inPlace: number
    readonly destructive: number
  }[]
  readonly allocations: { readonly nodes: readonly AllocationRow[] }
}

export const evaluationStatusDocument = document<
  { readonly evaluation: EvaluationStatusView | Unresolved },
  { readonly id: string; readonly first: number }
>(`query EvaluationStatus($id: String!, $first: Int) {
  evaluation(id: $id) {
    __typename
    ... on Evaluation {
      id namespace jobId nodeId type priority triggeredBy cause status statusDescription createdAt modifiedAt waitUntil
      deploymentId previousEvaluationId nextEvaluationId blockedEvaluationId
      relatedEvaluations { id priority triggeredBy nodeId status statusDescription }
      placementFailures { ${placementFailureFields} }
      planChanges { group ignore place stop inPlace destructive }
      allocations(first: $first) { nodes { ${allocationRowFields} } }
    }
    ${unresolvedFields}
  }
}`)
