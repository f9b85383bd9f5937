import type { NodeScore, PlacementMetrics } from '../control/events.ts'
import { MAX_METRIC_KEYS, MAX_UNBLOCK_SENTENCES } from '../limits.ts'
import type { Board } from './board.ts'
import { type Refusal, refuseUnavailable } from './feasibility/index.ts'
import type { Scan } from './scan.ts'

type Counts = Map<string, number>

const count = (counts: Counts, key: string): void => {
  if (key !== '') counts.set(key, (counts.get(key) ?? 0) + 1)
}

const REST = '(others)'

/** The counts by name, the greatest kept when there are too many, names in order. */
const recordOf = (counts: Counts): Readonly<Record<string, number>> => {
  const entries = [...counts].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const kept = entries.length <= MAX_METRIC_KEYS ? entries : entries.slice(0, MAX_METRIC_KEYS - 1)
  const rest = entries.slice(kept.length).reduce((sum, [, value]) => sum + value, 0)
  const named = kept.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(rest === 0 ? named : [...named, [REST, rest]])
}

/**
 * The counts by reason over the nodes that the job may use. `refusals` holds the first reason against each row, null for
 * the fit ones: the first failing check alone counts.
 */
export const metricsOf = (
  board: Board,
  refusals: readonly (Refusal | null | undefined)[],
  scores: readonly NodeScore[],
): PlacementMetrics => {
  const constraints: Counts = new Map()
  const dimensions: Counts = new Map()
  const classFiltered: Counts = new Map()
  const classExhausted: Counts = new Map()
  let filtered = 0
  let exhausted = 0
  for (const row of board.available) {
    const refusal = refusals[row]
    if (refusal === null || refusal === undefined) continue
    const nodeClass = board.snapshot.nodes[row]?.nodeClass ?? ''
    if (refusal.kind === 'exhausted') {
      exhausted += 1
      count(dimensions, refusal.reason)
      count(classExhausted, nodeClass)
    } else {
      filtered += 1
      count(constraints, refusal.reason)
      count(classFiltered, nodeClass)
    }
  }
  return {
    nodesInPool: board.nodesInPool,
    nodesEvaluated: board.available.length,
    nodesFiltered: filtered,
    nodesExhausted: exhausted,
    nodesAvailable: recordOf(new Map(Object.entries(board.nodesAvailable))),
    classFiltered: recordOf(classFiltered),
    classExhausted: recordOf(classExhausted),
    constraintFiltered: recordOf(constraints),
    dimensionExhausted: recordOf(dimensions),
    scores,
  }
}

/** How far a node is from being fit: missing room is nearer than being the wrong node; then fewer reasons are nearer. */
const distanceOf = (refusals: readonly Refusal[]): number =>
  refusals.reduce((sum, { kind }) => sum + (kind === 'exhausted' ? 1 : 1_000), 0)

/** Counts the reasons of the nodes that are nearest to being fit. */
const nearest = (
  rows: readonly number[],
  refusalsOf: (row: number) => readonly Refusal[],
): ReadonlyMap<Refusal, number> => {
  const counts = new Map<Refusal, number>()
  let least = Number.POSITIVE_INFINITY
  for (const row of rows) {
    const refusals = refusalsOf(row)
    const distance = distanceOf(refusals)
    if (refusals.length === 0 || distance > least) continue
    if (distance < least) counts.clear()
    least = distance
    for (const refusal of refusals) counts.set(refusal, (counts.get(refusal) ?? 0) + 1)
  }
  return counts
}

/** Reasons that say the same are one: the sentence for how many nodes they are against. */
const sentencesOf = (counts: ReadonlyMap<Refusal, number>): readonly string[] => {
  const merged = new Map<string, { readonly refusal: Refusal; count: number }>()
  for (const [refusal, count] of counts) {
    const key = `${refusal.reason} ${refusal.needs(1)}`
    const entry = merged.get(key)
    if (entry === undefined) merged.set(key, { refusal, count })
    else entry.count += count
  }
  return [...new Set([...merged.values()].map(({ refusal, count }) => refusal.needs(count)))]
}

/** For a person: what would make room for a group, by the nodes that are nearest to taking it. */
export const unblockedBy = (board: Board, scan: Scan | null): readonly string[] => {
  const { nodes } = board.snapshot
  if (scan === null || nodes.length === 0) return ['a node: the cluster has none yet']
  const { job } = scan.request
  const isAvailable = board.available.length > 0
  const rows = isAvailable ? board.available : nodes.map((_node, row) => row)
  const counts = nearest(rows, row => {
    const node = nodes[row]
    if (!isAvailable && node !== undefined) return refuseUnavailable(job, node)
    scan.look(row, null)
    return scan.refusals()
  })
  return sentencesOf(counts).slice(0, MAX_UNBLOCK_SENTENCES)
}
