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
import { type NodeUsage, nodeUsageFields } from './usage.ts'

export const nodeRowFields = `id name nodePool datacenter nodeClass address version status isEligible isDraining
  runningAllocations`

type NameValue = { readonly name: string; readonly value: string }

export type NodeRow = {
  readonly id: string
  readonly name: string
  readonly nodePool: string
  readonly datacenter: string
  readonly nodeClass: string
  readonly address: string
  readonly version: string
  readonly status: 'ready' | 'down' | 'disconnected'
  readonly isEligible: boolean
  readonly isDraining: boolean
  readonly runningAllocations: number
  readonly attributes?: readonly NameValue[]
}

export type NodeResources = { readonly cpuMhz: number; readonly memoryMb: number; readonly diskMb: number }

export type NodeStatus = NodeRow & {
  readonly __typename: 'Node'
  readonly statusDescription: string
  readonly registeredAt: number
  readonly resources: NodeResources
  readonly reserved: NodeResources
  readonly allocated: NodeResources
  readonly drivers: readonly {
    readonly name: string
    readonly isDetected: boolean
    readonly isHealthy: boolean
    readonly message: string
  }[]
  readonly meta?: readonly NameValue[]
  readonly foreignPorts: readonly number[]
  readonly usage?: NodeUsage
  readonly allocations?: Page<AllocationRow>
}

export const nodeListDocument = document<
  { readonly nodes: Page<NodeRow> },
  { readonly first: number; readonly cursor: string | null; readonly withAttributes: boolean }
>(`query ListNodes($first: Int, $cursor: String, $withAttributes: Boolean!) {
  nodes(first: $first, cursor: $cursor) {
    nodes { ${nodeRowFields} attributes @include(if: $withAttributes) { name value } }
    ${pageFields}
  }
}`)

export const fetchNodes = ({ api }: CommandContext, withAttributes = false): Promise<Listed<NodeRow>> =>
  listAll(async cursor => (await api.query(nodeListDocument, { first: PAGE_SIZE, cursor, withAttributes })).nodes)

export const nodeStatusDocument = document<
  { readonly node: NodeStatus | Unresolved },
  { readonly id: string; readonly first: number; readonly isFull: boolean; readonly withAttributes: boolean }
>(`query NodeStatus($id: String!, $first: Int, $isFull: Boolean!, $withAttributes: Boolean!) {
  node(id: $id) {
    __typename
    ... on Node {
      ${nodeRowFields} statusDescription registeredAt foreignPorts
      resources { cpuMhz memoryMb diskMb } reserved { cpuMhz memoryMb diskMb } allocated { cpuMhz memoryMb diskMb }
      drivers { name isDetected isHealthy message }
      usage @include(if: $isFull) { ${nodeUsageFields} }
      attributes @include(if: $withAttributes) { name value }
      meta @include(if: $withAttributes) { name value }
      allocations(first: $first) @include(if: $isFull) { nodes { ${allocationRowFields} } ${pageFields} }
    }
    ${unresolvedFields}
  }
}`)

export const nodeAllocationsDocument = document<
  { readonly allocations: Page<AllocationRow> },
  { readonly nodeId: string; readonly first: number; readonly cursor: string }
>(`query NodeAllocations($nodeId: String!, $first: Int, $cursor: String) {
  allocations(namespace: "*", nodeId: $nodeId, first: $first, cursor: $cursor) {
    nodes { ${allocationRowFields} } ${pageFields}
  }
}`)
