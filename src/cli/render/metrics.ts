/** Why nodes were no place for a group: counts by reason, as the API tells them. */

export const metricsFields = `nodesInPool nodesEvaluated nodesFiltered nodesExhausted
  nodesAvailable { name count } classFiltered { name count } classExhausted { name count }
  constraintFiltered { name count } dimensionExhausted { name count }
  scores { nodeId final scores { name count } }`

export type NameCount = { readonly name: string; readonly count: number }

export type Metrics = {
  readonly nodesInPool: number
  readonly nodesEvaluated: number
  readonly nodesFiltered: number
  readonly nodesExhausted: number
  readonly nodesAvailable: readonly NameCount[]
  readonly classFiltered: readonly NameCount[]
  readonly classExhausted: readonly NameCount[]
  readonly constraintFiltered: readonly NameCount[]
  readonly dimensionExhausted: readonly NameCount[]
  readonly scores: readonly { readonly nodeId: string; readonly final: number; readonly scores: readonly NameCount[] }[]
}

export const placementFailureFields = `group count unblockedBy metrics { ${metricsFields} }`

export type PlacementFailure = {
  readonly group: string
  readonly count: number
  readonly unblockedBy: readonly string[]
  readonly metrics: Metrics
}

const nodes = (count: number): string => `${count} node${count === 1 ? '' : 's'}`

/** The reasons as bullets, in Nomad's order. */
export const renderMetrics = (metrics: Metrics): readonly string[] => {
  const emptyDatacenters = metrics.nodesAvailable.filter(({ count }) => count === 0)
  return [
    ...(metrics.nodesEvaluated === 0 ? ['No nodes were eligible for evaluation'] : []),
    ...emptyDatacenters.map(({ name }) => `No nodes are available in datacenter "${name}"`),
    ...metrics.classFiltered.map(({ name, count }) => `Class "${name}": ${nodes(count)} excluded by filter`),
    ...metrics.constraintFiltered.map(({ name, count }) => `Constraint "${name}": ${nodes(count)} excluded by filter`),
    ...(metrics.nodesExhausted === 0 ? [] : [`Resources exhausted on ${nodes(metrics.nodesExhausted)}`]),
    ...metrics.classExhausted.map(({ name, count }) => `Class "${name}" exhausted on ${nodes(count)}`),
    ...metrics.dimensionExhausted.map(({ name, count }) => `Dimension "${name}" exhausted on ${nodes(count)}`),
  ].map(text => `* ${text}`)
}

const allocations = (count: number): string => `${count} allocation${count === 1 ? '' : 's'}`

/** One group that could not be placed: heading, reasons, and what would help. */
export const renderPlacementFailure = (failure: PlacementFailure): readonly string[] => [
  `Task Group "${failure.group}" (failed to place ${allocations(failure.count)}):`,
  ...renderMetrics(failure.metrics).map(line => `  ${line}`),
  ...failure.unblockedBy.map(text => `  - would be placed once: ${text}`),
]

/** Whether an evaluation left something unplaced; one that is not over, or waits for room, cannot say yet. */
export const placementFailuresText = ({
  status,
  placementFailures,
}: {
  readonly status: string
  readonly placementFailures: readonly unknown[]
}): string =>
  status === 'pending' || status === 'blocked' ? 'N/A - In Progress' : String(placementFailures.length > 0)
