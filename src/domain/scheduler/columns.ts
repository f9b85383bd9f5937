import type { PlacementMetrics, Placements, RescheduleAttempt } from '../control/events.ts'
import type { GroupPlacement } from './place-group.ts'
import type { WantedPlace } from './reconcile-group.ts'

/** A table of texts and the place of each in it. */
const createTable = (): { readonly entries: string[]; readonly indexOf: (entry: string) => number } => {
  const entries: string[] = []
  const places = new Map<string, number>()
  const indexOf = (entry: string): number => {
    const known = places.get(entry)
    if (known !== undefined) return known
    places.set(entry, entries.length)
    return entries.push(entry) - 1
  }
  return { entries, indexOf }
}

export type PlacedGroup = { readonly name: string; readonly placement: GroupPlacement<WantedPlace> }

/** The placements of all groups in columns, rows in the order in which they were placed. */
export const columnsOf = (groups: readonly PlacedGroup[]): Placements => {
  const names = createTable()
  const nodes = createTable()
  const metrics: PlacementMetrics[] = []
  const columns = {
    group: [] as number[],
    node: [] as number[],
    index: [] as number[],
    ports: [] as (readonly number[])[],
    previous: [] as (readonly [number, string])[],
    reschedules: [] as (readonly [number, readonly RescheduleAttempt[]])[],
    score: [] as number[],
    metric: [] as number[],
  }
  for (const { name, placement } of groups) {
    for (const { wanted, nodeId, score, ports, metric } of placement.placed) {
      const row = columns.node.push(nodes.indexOf(nodeId)) - 1
      columns.group.push(names.indexOf(name))
      columns.index.push(wanted.index)
      columns.ports.push(ports)
      columns.score.push(score)
      columns.metric.push(metrics.length + metric)
      if (wanted.previous !== null) columns.previous.push([row, wanted.previous.id])
      if (wanted.reschedules.length > 0) columns.reschedules.push([row, wanted.reschedules])
    }
    metrics.push(...placement.metrics)
  }
  return { groups: names.entries, nodes: nodes.entries, ...columns, metrics }
}

export const noPlacements: Placements = columnsOf([])
