import type { NodeState } from '../../cluster/index.ts'
import type { Refusal } from './refusal.ts'
import type { PlacementRequest } from './request.ts'

/**
 * One node with what holds right now: the fold, the batch's reservations and the rows that this plan has placed already.
 * One object is filled again for every node of a scan.
 */
export type Candidate = {
  node: NodeState
  freeCpuMhz: number
  freeMemoryMb: number
  freeDiskMb: number
  /** Host ports that rows of this plan and earlier plans of the batch took. */
  takenPorts: ReadonlySet<number>
  /** The allocation that the row replaces on this very node: its resources are counted in, its ports are handed over. */
  inheritsFrom: string | null
  /** Allocations of the job, and of the group, that hold resources here and are not stopped by this plan. */
  ofJob: number
  ofGroup: number
  /** How many allocations sit on nodes with this value of the request's distinct property number `property`. */
  propertyUse: (property: number, value: string) => number
}

/** A feasibility check: one file, one line in index.ts. */
export type Check = {
  readonly name: string
  /** What the answer rests on: `class` = what all nodes of a class share, `node` = the one node and its load. */
  readonly scope: 'class' | 'node'
  readonly applies: (request: PlacementRequest) => boolean
  /** Every reason against the node, none when it passes. */
  readonly refuse: (request: PlacementRequest, candidate: Candidate) => readonly Refusal[]
}

export const passes: readonly Refusal[] = []

/** "one of 3 nodes", "the one node". */
export const oneOf = (nodes: number): string => (nodes === 1 ? 'the one fitting node' : `one of ${nodes} nodes`)
