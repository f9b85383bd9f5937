import type { PlacementMetrics } from '../../../domain/control/events.ts'
import type { ReadModel } from '../../../projections/runner.ts'

type Named<T> = { readonly name: string; readonly value: T }
type Counted = { readonly name: string; readonly count: number }

/** Pairs in the order of their names. */
export const pairsOf = (record: Readonly<Record<string, string>>): readonly Named<string>[] =>
  Object.entries(record)
    .map(([name, value]) => ({ name, value }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))

export const countsOf = (record: Readonly<Record<string, number>>): readonly Counted[] =>
  Object.entries(record)
    .map(([name, count]) => ({ name, count }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))

export const metricsOf = (metrics: PlacementMetrics) => ({
  ...metrics,
  nodesAvailable: countsOf(metrics.nodesAvailable),
  classFiltered: countsOf(metrics.classFiltered),
  classExhausted: countsOf(metrics.classExhausted),
  constraintFiltered: countsOf(metrics.constraintFiltered),
  dimensionExhausted: countsOf(metrics.dimensionExhausted),
  scores: metrics.scores.map(score => ({ ...score, scores: countsOf(score.scores) })),
})

/** When the newest of a thing's rows was opened. */
export const modifiedAt =
  (model: ReadModel) =>
  (row: { readonly modifiedPosition: number }): number =>
    model.views.moments.timeOf(row.modifiedPosition)
