import type { NodeState } from '../../cluster/index.ts'
import type { Job, Port, TaskGroup } from '../../jobspec/schema.ts'
import type { Refusal } from './refusal.ts'
import type { Target } from './target.ts'

export type Demand = { readonly cpuMhz: number; readonly memoryMb: number; readonly diskMb: number }
/** What is said for every combination of dimensions that lack, by the bits cpu 1, memory 2, disk 4. */
export type ResourceRefusals = readonly (readonly Refusal[])[]

/** A constraint that looks at one node alone, made ready for many of them. */
export type PreparedConstraint = {
  /** True where it reads what is unique to a node, so that no answer can be shared within a class. */
  readonly isUnique: boolean
  readonly isMetBy: (node: NodeState) => boolean
  readonly refusals: readonly Refusal[]
}

/** At most `limit` allocations (of the job, or of the group) on nodes with one value of a property. */
export type DistinctProperty = {
  readonly scope: 'job' | 'group'
  readonly text: string
  readonly target: Target
  readonly limit: number
}

/** What one group of one job version asks of a node, made ready for a scan over many. */
export type PlacementRequest = {
  readonly job: Job
  readonly group: TaskGroup
  readonly demand: Demand
  readonly resourceRefusals: ResourceRefusals
  readonly drivers: readonly { readonly name: string; readonly refusal: Refusal }[]
  readonly classConstraints: readonly PreparedConstraint[]
  readonly uniqueConstraints: readonly PreparedConstraint[]
  readonly distinctHosts: 'none' | 'group' | 'job'
  readonly distinctProperties: readonly DistinctProperty[]
  readonly ports: readonly Port[]
  readonly staticPorts: readonly Port[]
  readonly networkRefusals: readonly Refusal[]
  /** Filled by the ports check as collisions show. */
  readonly portRefusals: Map<string, Refusal>
  /** Filled by the distinct_property check, by property and value. */
  readonly propertyRefusals: Map<string, { readonly used: number; readonly refusal: Refusal }>
}
