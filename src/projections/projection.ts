import type { ClusterState } from '../domain/cluster/index.ts'
import type { PlacementMetrics } from '../domain/control/events.ts'

export type SqlValue = string | number | null

/** What things are known by: each kind has a table of ids, so that rows refer to each other by small numbers. */
export const thingKinds = ['job', 'version', 'allocation', 'evaluation', 'deployment', 'node', 'instance'] as const
export type ThingKind = (typeof thingKinds)[number]

/** What a facet's values are derived with: the folded state, and the numbers that stand for ids. */
export type FacetContext = {
  readonly state: ClusterState
  readonly keyOf: (kind: ThingKind, id: string) => number
  readonly optionalKey: (kind: ThingKind, id: string | null) => number | null
  /** Decisions that were made alike share one row of metrics. */
  readonly metricKey: (metrics: PlacementMetrics) => number
}

/**
 * A narrow group of columns that change together. `values` gives them in the order of `columns`, or null when the thing
 * has none (any more): then the open row is closed.
 */
export type Facet = {
  readonly table: string
  readonly columns: Readonly<Record<string, 'INTEGER' | 'TEXT'>>
  readonly indexes: readonly (readonly string[])[]
  readonly values: (context: FacetContext, id: string) => readonly SqlValue[] | null
  /** Given for a facet that never changes while the thing is there: tells whether it is, so that values are derived once. */
  readonly isThere?: (state: ClusterState, id: string) => boolean
}

/** One kind of thing and its facets. Raising `version` rebuilds the read model from the log. */
export type Projection = {
  readonly name: string
  readonly version: number
  readonly kind: ThingKind
  readonly facets: readonly Facet[]
}

export const flag = (isSet: boolean): number => (isSet ? 1 : 0)
