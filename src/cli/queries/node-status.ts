import type { FilterFields } from '../../lang/filter/index.ts'
import { type Page, pageFields, type Unresolved, unresolvedFields } from '../answers.ts'
import { document } from '../document.ts'
import { type CursorPage, cursorFields } from '../list.ts'
import { type AllocationRow, allocationRowFields } from '../render/allocation-list.ts'
import { type NodeUsage, nodeUsageFields } from './usage.ts'

export const nodeRowFields = `id name nodePool datacenter nodeClass address version status statusDescription isEligible isDraining
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
  readonly statusDescription: string
  readonly isEligible: boolean
  readonly isDraining: boolean
  readonly runningAllocations: number
  readonly attributes?: readonly NameValue[]
  readonly meta?: readonly NameValue[]
}

export type NodeResources = { readonly cpuMhz: number; readonly memoryMb: number; readonly diskMb: number }

export type NodeEvent = {
  readonly at: number
  readonly subsystem: string
  readonly message: string
  readonly details: readonly NameValue[]
}

/** As many as Nomad keeps. */
const NODE_EVENTS_SHOWN = 10

export type NodeStatus = NodeRow & {
  readonly __typename: 'Node'
  readonly registeredAt: number
  readonly resources: NodeResources
  readonly reserved: NodeResources
  readonly allocated: NodeResources
  readonly drivers: readonly {
    readonly name: string
    readonly isDetected: boolean
    readonly isHealthy: boolean
    readonly message: string
    readonly changedAt: number
  }[]
  readonly events?: readonly NodeEvent[]
  readonly foreignPorts: readonly number[]
  readonly usage?: NodeUsage
  readonly allocations: Page<AllocationRow>
}

export const nodeListDocument = document<
  { readonly nodes: CursorPage<NodeRow> },
  {
    readonly first: number
    readonly cursor: string | null
    readonly withAttributes: boolean
    readonly withMeta: boolean
  }
>(`query ListNodes($first: Int, $cursor: String, $withAttributes: Boolean!, $withMeta: Boolean!) {
  nodes(first: $first, cursor: $cursor) {
    nodes {
      ${nodeRowFields}
      attributes @include(if: $withAttributes) { name value } meta @include(if: $withMeta) { name value }
    }
    ${cursorFields} ${pageFields}
  }
}`)

const pairs = (values: readonly NameValue[] | undefined): ReadonlyMap<string, string> =>
  new Map((values ?? []).map(({ name, value }) => [name, value]))

/** What `-filter` may ask about, by the names that Nomad's nodes have. */
export const nodeFilterFields: FilterFields<NodeRow> = {
  ID: { type: 'text', of: node => node.id },
  Name: { type: 'text', of: node => node.name },
  NodePool: { type: 'text', of: node => node.nodePool },
  Datacenter: { type: 'text', of: node => node.datacenter },
  NodeClass: { type: 'text', of: node => node.nodeClass },
  Address: { type: 'text', of: node => node.address },
  Version: { type: 'text', of: node => node.version },
  Status: { type: 'text', of: node => node.status },
  StatusDescription: { type: 'text', of: node => node.statusDescription },
  SchedulingEligibility: { type: 'text', of: node => (node.isEligible ? 'eligible' : 'ineligible') },
  Drain: { type: 'boolean', of: node => node.isDraining },
  Attributes: { type: 'pairs', of: node => pairs(node.attributes) },
  Meta: { type: 'pairs', of: node => pairs(node.meta) },
}

export const nodeStatusDocument = document<
  { readonly node: NodeStatus | Unresolved },
  { readonly id: string; readonly first: number; readonly isFull: boolean; readonly withAttributes: boolean }
>(`query NodeStatus($id: String!, $first: Int, $isFull: Boolean!, $withAttributes: Boolean!) {
  node(id: $id) {
    __typename
    ... on Node {
      ${nodeRowFields} registeredAt foreignPorts
      resources { cpuMhz memoryMb diskMb } reserved { cpuMhz memoryMb diskMb } allocated { cpuMhz memoryMb diskMb }
      drivers { name isDetected isHealthy message changedAt }
      events(first: ${NODE_EVENTS_SHOWN}) @include(if: $isFull) { at subsystem message details { name value } }
      usage @include(if: $isFull) { ${nodeUsageFields} }
      attributes @include(if: $withAttributes) { name value }
      meta @include(if: $withAttributes) { name value }
      allocations(first: $first) { nodes { ${allocationRowFields} } ${pageFields} }
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
