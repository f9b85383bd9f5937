import { type Unresolved, unresolvedFields } from '../answers.ts'
import { document } from '../document.ts'
import { type Metrics, metricsFields } from '../render/metrics.ts'
import { type AllocationUsage, allocationUsageFields } from './usage.ts'

export type AllocationTask = {
  readonly name: string
  readonly state: 'pending' | 'running' | 'dead'
  readonly isFailed: boolean
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly restarts: number
  readonly lastRestartAt: number | null
  readonly lifecycle: { readonly hook: string; readonly isSidecar: boolean } | null
  readonly resources: { readonly cpuMhz: number; readonly memoryMb: number; readonly memoryMaxMb: number }
  readonly events: readonly { readonly type: string; readonly at: number; readonly message: string }[]
}

export type AllocationStatus = {
  readonly __typename: 'Allocation'
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly jobId: string
  readonly jobVersion: number
  readonly evaluationId: string
  readonly nodeId: string
  readonly nodeName: string
  readonly desiredStatus: string
  readonly desiredDescription: string
  readonly clientStatus: string
  readonly clientDescription: string
  readonly createdAt: number
  readonly modifiedAt: number
  readonly deploymentId: string | null
  readonly isHealthy: boolean | null
  readonly ports: readonly {
    readonly label: string
    readonly address: string
    readonly port: number
    readonly to: number
    readonly isDynamic: boolean
  }[]
  readonly checks: readonly {
    readonly service: string
    readonly task: string
    readonly name: string
    readonly mode: string
    readonly status: string
    readonly output: string
  }[]
  readonly resources: { readonly cpuMhz: number; readonly memoryMb: number; readonly diskMb: number }
  /** Left out where nobody wants to see it. */
  readonly usage?: AllocationUsage
  readonly tasks: readonly AllocationTask[]
  readonly previousAllocationId: string | null
  readonly nextAllocationId: string | null
  readonly rescheduleAttempts: {
    readonly attempted: number
    readonly allowed: number
    readonly isUnlimited: boolean
  } | null
  readonly followUpEvaluationId: string | null
  readonly reschedulesAt: number | null
  readonly metrics: Metrics
}

export const allocationStatusDocument = document<
  { readonly allocation: AllocationStatus | Unresolved },
  { readonly id: string; readonly events: number; readonly withUsage: boolean }
>(`query AllocationStatus($id: String!, $events: Int, $withUsage: Boolean!) {
  allocation(id: $id) {
    __typename
    ... on Allocation {
      id name namespace jobId jobVersion evaluationId nodeId nodeName
      desiredStatus desiredDescription clientStatus clientDescription createdAt modifiedAt deploymentId isHealthy
      ports { label address port to isDynamic }
      checks { service task name mode status output }
      resources { cpuMhz memoryMb diskMb }
      usage @include(if: $withUsage) { ${allocationUsageFields} }
      tasks {
        name state isFailed startedAt finishedAt restarts lastRestartAt
        lifecycle { hook isSidecar }
        resources { cpuMhz memoryMb memoryMaxMb }
        events(first: $events) { type at message }
      }
      previousAllocationId nextAllocationId followUpEvaluationId reschedulesAt
      rescheduleAttempts { attempted allowed isUnlimited }
      metrics { ${metricsFields} }
    }
    ${unresolvedFields}
  }
}`)
