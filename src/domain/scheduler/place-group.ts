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

/** The score of the node that the scan looks at. */
const scoreHere = (work: Work, row: number, wanted: Wanted | null): number => {
  const isPenalised = wanted !== null && wanted.penaltyNodes.length > 0 && isPenaltyRow(work, row, wanted)
  return finalScore(work.scan.prospect(isPenalised))
}

const isPenaltyRow = (work: Work, row: number, wanted: Wanted): boolean =>
  wanted.penaltyNodes.includes(work.board.snapshot.nodes[row]?.id ?? '')

const fillHeap = (work: Work): void => {
  const { board, scan, heap, refusals } = work
  const fit: number[] = []
  for (const row of board.available) {
    heap.remove(row)
    scan.look(row, null)
    const refusal = scan.firstRefusal()
    refusals[row] = refusal
    if (refusal !== null) continue
    heap.scores[row] = scoreHere(work, row, null)
    fit.push(row)
  }
  heap.load(fit)
}

/** Looks at one row again, as it is for any wanted allocation. */
const review = (work: Work, row: number): void => {
  work.scan.look(row, null)
  const refusal = work.scan.firstRefusal()
  work.refusals[row] = refusal
  if (refusal === null) work.heap.set(row, scoreHere(work, row, null))
  else work.heap.remove(row)
}

/** A distinct property ties nodes together: a row placed on one changes what others may take. */
const isTied = ({ scan }: Work): boolean => scan.request.distinctProperties.length > 0

/** Rows that are not for this allocation what they are for any other: where its predecessor sits, where attempts failed. */
const specialRows = (work: Work, wanted: Wanted): readonly number[] => {
  const ids = wanted.previous === null ? wanted.penaltyNodes : [wanted.previous.nodeId, ...wanted.penaltyNodes]
  const rows = ids.map(id => work.board.snapshot.indexOf.get(id) ?? -1).filter(row => row >= 0)
  const isAvailable = (row: number): boolean => work.refusals[row] !== undefined
  return [...new Set(rows)].filter(isAvailable)
}

type Choice = { readonly row: number; readonly score: number }

/** The best row of the heap that is fit. Rows of tied nodes are looked at again, as others may have spent their value. */
const bestOfHeap = (work: Work): number => {
  let top = work.heap.top()
  if (!isTied(work)) return top
  for (; top >= 0; top = work.heap.top()) {
    work.scan.look(top, null)
    const refusal = work.scan.firstRefusal()
    if (refusal === null) break
    work.refusals[top] = refusal
    work.heap.remove(top)
  }
  return top
}

const choose = (work: Work, wanted: Wanted, specials: readonly number[]): Choice | null => {
  const top = bestOfHeap(work)
  let best: Choice | null = top < 0 ? null : { row: top, score: work.heap.scores[top] ?? 0 }
  for (const row of specials) {
    work.scan.look(row, wanted.previous)
    if (work.scan.firstRefusal() !== null) continue
    const score = scoreHere(work, row, wanted)
    if (best === null || score > best.score || (score === best.score && row < best.row)) best = { row, score }
  }
  return best
}

const nodeScore = (work: Work, row: number, wanted: Wanted): NodeScore => {
  work.scan.look(row, wanted.previous)
  const prospect = work.scan.prospect(isPenaltyRow(work, row, wanted))
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

/** Counts the predecessor of a row whose stop hangs on it out (-1) or in again. True where there is one to count. */
const setAside = (work: Work, wanted: Wanted, by: 1 | -1): boolean => {
  const row = previousRow(work, wanted)
  if (!wanted.isStopLinked || wanted.previous === null || row < 0 || !holdsResources(wanted.previous)) return false
  occupy(work.board, row, wanted.previous.group, by)
  work.scan.recount()
  if (isTied(work)) fillHeap(work)
  return true
}

/** The room of the plan's event: what `fits` is placed if it finds a place, and then spends. */
export type RowRoom<W extends Wanted> = {
  readonly fits: (wanted: W) => boolean
  readonly spend: (wanted: W) => void
}

const placeOne = <W extends Wanted>(work: Work, wanted: W, metrics: PlacementMetrics[]): Placed<W> | null => {
  const { board, scan, heap } = work
  const isRecorded = metrics.length < MAX_METRICS_PER_GROUP
  const isFresh = setAside(work, wanted, -1)
  if (isRecorded && !isFresh && isTied(work)) fillHeap(work)
  const specials = specialRows(work, wanted)
  for (const row of specials) heap.remove(row)
  const choice = choose(work, wanted, specials)
  if (choice === null) {
    setAside(work, wanted, 1)
    for (const row of specials) review(work, row)
    return null
  }
  if (isRecorded) {
    metrics.push(metricsOf(board, work.refusals, bestScores(work, wanted, choice.row)))
  }
  const { request } = scan
  scan.look(choice.row, wanted.previous)
  const refusal = scan.firstRefusal()
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
 * those that follow can only be placed where something is particular to them.
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
          refusals: [],
          evaluationId: options.evaluationId,
        }
  if (work !== null) {
    work.refusals.length = board.snapshot.nodes.length
    fillHeap(work)
  }
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
