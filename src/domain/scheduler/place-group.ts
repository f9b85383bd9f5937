import { assert } from '../assert.ts'
import { type AllocationState, holdsResources } from '../cluster/index.ts'
import type { NodeScore, PlacementMetrics } from '../control/events.ts'
import { MAX_METRICS_PER_GROUP, MAX_SCORES_RECORDED } from '../limits.ts'
import { type Board, occupy, takePlace } from './board.ts'
import { assignPorts, type PlacementRequest, type Refusal } from './feasibility/index.ts'
import { metricsOf, unblockedBy } from './metrics.ts'
import { createNodeHeap, type NodeHeap } from './node-heap.ts'
import { finalScore, namedScores } from './ranking/index.ts'
import { createScan, type Scan } from './scan.ts'

/** One allocation that wants a place. */
export type Wanted = {
  readonly index: number
  /** The one that it replaces: hands its resources over where it still holds them. */
  readonly previous: AllocationState | null
  /** True where `previous` is stopped only if the replacement finds a place. */
  readonly isStopLinked: boolean
  /** Nodes where earlier attempts failed. */
  readonly penaltyNodes: readonly string[]
}

export type Placed<W extends Wanted> = {
  readonly wanted: W
  readonly nodeId: string
  readonly score: number
  readonly ports: readonly number[]
  /** Index into the group's `metrics`. */
  readonly metric: number
}

export type GroupPlacement<W extends Wanted> = {
  readonly placed: readonly Placed<W>[]
  readonly metrics: readonly PlacementMetrics[]
  readonly unplaced: readonly W[]
  /** Why, when something is unplaced. */
  readonly failure: { readonly metrics: PlacementMetrics; readonly unblockedBy: readonly string[] } | null
  /** True where the plan's room ended before the rows did: what is left waits for the next part. */
  readonly isCut: boolean
}

/** What the rows of one group share while they are placed. */
type Work = {
  readonly board: Board
  readonly scan: Scan
  readonly heap: NodeHeap
  /** The first reason against each row of the board, null for fit ones, undefined for nodes that the job may not use. */
  readonly refusals: (Refusal | null | undefined)[]
  readonly evaluationId: string
}

const scoreOf = (work: Work, row: number, wanted: Wanted | null): number => {
  const isPenalised = wanted !== null && wanted.penaltyNodes.length > 0 && isPenaltyRow(work, row, wanted)
  return finalScore(work.scan.prospect(row, wanted?.previous ?? null, isPenalised))
}

const isPenaltyRow = (work: Work, row: number, wanted: Wanted): boolean =>
  wanted.penaltyNodes.includes(work.board.snapshot.nodes[row]?.id ?? '')

const fillHeap = (work: Work): void => {
  const fit: number[] = []
  for (const row of work.board.available) {
    work.heap.remove(row)
    const refusal = work.scan.firstRefusal(row, null)
    work.refusals[row] = refusal
    if (refusal !== null) continue
    work.heap.scores[row] = scoreOf(work, row, null)
    fit.push(row)
  }
  work.heap.load(fit)
}

/** Looks at one row again, as it is for any wanted allocation. */
const review = (work: Work, row: number): void => {
  const refusal = work.scan.firstRefusal(row, null)
  work.refusals[row] = refusal
  if (refusal === null) work.heap.set(row, scoreOf(work, row, null))
  else work.heap.remove(row)
}

/** Rows that are not for this allocation what they are for any other: where its predecessor sits, where attempts failed. */
const specialRows = (work: Work, wanted: Wanted): readonly number[] => {
  const ids = wanted.previous === null ? wanted.penaltyNodes : [wanted.previous.nodeId, ...wanted.penaltyNodes]
  const rows = ids.map(id => work.board.snapshot.indexOf.get(id) ?? -1).filter(row => row >= 0)
  const isAvailable = (row: number): boolean => work.refusals[row] !== undefined
  return [...new Set(rows)].filter(isAvailable)
}

type Choice = { readonly row: number; readonly score: number }

const choose = (work: Work, wanted: Wanted, specials: readonly number[]): Choice | null => {
  const top = work.heap.top()
  let best: Choice | null = top < 0 ? null : { row: top, score: work.heap.scores[top] ?? 0 }
  for (const row of specials) {
    if (work.scan.firstRefusal(row, wanted.previous) !== null) continue
    const score = scoreOf(work, row, wanted)
    if (best === null || score > best.score || (score === best.score && row < best.row)) best = { row, score }
  }
  return best
}

const nodeScore = (work: Work, row: number, wanted: Wanted): NodeScore => {
  const prospect = work.scan.prospect(row, wanted.previous, isPenaltyRow(work, row, wanted))
  return {
    nodeId: work.board.snapshot.nodes[row]?.id ?? '',
    final: finalScore(prospect),
    scores: namedScores(prospect),
  }
}

const bestScores = (work: Work, wanted: Wanted, chosen: number): readonly NodeScore[] => {
  const others = work.heap.best(MAX_SCORES_RECORDED).filter(row => row !== chosen)
  return [chosen, ...others].slice(0, MAX_SCORES_RECORDED).map(row => nodeScore(work, row, wanted))
}

const previousRow = (work: Work, wanted: Wanted): number =>
  wanted.previous === null ? -1 : (work.board.snapshot.indexOf.get(wanted.previous.nodeId) ?? -1)

/** Counts the predecessor of a row whose stop hangs on it out, while the row is tried. */
const setAside = (work: Work, wanted: Wanted, by: 1 | -1): void => {
  const row = previousRow(work, wanted)
  if (!wanted.isStopLinked || wanted.previous === null || row < 0 || !holdsResources(wanted.previous)) return
  occupy(work.board, row, wanted.previous.group, by)
  work.scan.recount()
}

/** The room of the plan's event: what `fits` is placed if it finds a place, and then spends. */
export type RowRoom<W extends Wanted> = {
  readonly fits: (wanted: W) => boolean
  readonly spend: (wanted: W) => void
}

const placeOne = <W extends Wanted>(work: Work, wanted: W, metrics: PlacementMetrics[]): Placed<W> | null => {
  const { board, scan, heap } = work
  setAside(work, wanted, -1)
  // A distinct property ties nodes together: a row placed on one changes what others may take.
  if (scan.request.distinctProperties.length > 0) fillHeap(work)
  const specials = specialRows(work, wanted)
  for (const row of specials) heap.remove(row)
  const choice = choose(work, wanted, specials)
  if (choice === null) {
    setAside(work, wanted, 1)
    for (const row of specials) review(work, row)
    return null
  }
  if (metrics.length < MAX_METRICS_PER_GROUP) {
    metrics.push(metricsOf(board, work.refusals, bestScores(work, wanted, choice.row)))
  }
  const { request } = scan
  const refusal = scan.firstRefusal(choice.row, wanted.previous)
  assert(refusal === null, `node row ${choice.row} was chosen and is not fit: ${refusal?.reason ?? ''}`)
  const seed = `${work.evaluationId}/${request.group.name}/${wanted.index}`
  const ports = assignPorts(request.ports, scan.candidate, seed)
  assert(ports !== null, `too few dynamic ports on node row ${choice.row}`)
  takePlace(board, choice.row, {
    group: request.group.name,
    demand: request.demand,
    ports,
    previous: wanted.previous,
  })
  scan.recount()
  for (const row of specials) review(work, row)
  review(work, choice.row)
  const nodeId = board.snapshot.nodes[choice.row]?.id ?? ''
  return { wanted, nodeId, score: choice.score, ports, metric: metrics.length - 1 }
}

/**
 * Finds a place for every wanted allocation of one group, in order: always the best of all nodes. Once one finds none,
 * those that follow can only be placed where something is particular to them. `mayPlace` says whether the plan has room
 * for one more row and spends it.
 */
export const placeGroup = <W extends Wanted>(
  board: Board,
  request: PlacementRequest,
  rows: readonly W[],
  options: { readonly evaluationId: string; readonly room: RowRoom<W> },
): GroupPlacement<W> => {
  const scan = createScan(board, request)
  const placed: Placed<W>[] = []
  const unplaced: W[] = []
  const metrics: PlacementMetrics[] = []
  const work: Work | null =
    scan === null
      ? null
      : {
          board,
          scan,
          heap: createNodeHeap(board.snapshot.nodes.length),
          refusals: Array.from<undefined>({ length: board.snapshot.nodes.length }),
          evaluationId: options.evaluationId,
        }
  if (work !== null) fillHeap(work)
  let isCut = false
  for (const wanted of rows) {
    const isHopeless = unplaced.length > 0 && wanted.previous === null
    if (work === null || isHopeless) {
      unplaced.push(wanted)
      continue
    }
    if (!options.room.fits(wanted)) {
      isCut = true
      break
    }
    const place = placeOne(work, wanted, metrics)
    if (place === null) {
      unplaced.push(wanted)
      continue
    }
    options.room.spend(wanted)
    placed.push(place)
  }
  const failure =
    unplaced.length === 0
      ? null
      : { metrics: metricsOf(board, work?.refusals ?? [], []), unblockedBy: unblockedBy(board, scan) }
  return { placed, metrics, unplaced, failure, isCut }
}
