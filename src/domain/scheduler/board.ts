import { type AllocationState, demandOf, groupOf, holdsResources } from '../cluster/index.ts'
import type { Job } from '../jobspec/schema.ts'
import {
  type Candidate,
  type Demand,
  isInDatacenters,
  isInPool,
  type PlacementRequest,
  propertyOn,
} from './feasibility/index.ts'
import type { NodeReservation, Reservations } from './reservations.ts'
import type { Snapshot } from './snapshot.ts'

/** Counts by node row; rows that are absent count 0. */
type Counts = Map<number, number>

/**
 * The nodes as one plan in the making leaves them: the snapshot, less what earlier plans of the batch took, less the rows
 * placed so far. Private to one call of the scheduler.
 */
export type Board = {
  readonly snapshot: Snapshot
  readonly freeCpuMhz: Float64Array
  readonly freeMemoryMb: Float64Array
  readonly freeDiskMb: Float64Array
  readonly takenPorts: Map<number, Set<number>>
  /** Where the job's allocations sit that hold resources and that this plan does not stop. */
  readonly ofJob: Counts
  readonly ofGroups: Map<string, Counts>
  /** Rows of the nodes that the job may use: ready, eligible, in its pool and datacenters. Ascending. */
  readonly available: readonly number[]
  readonly nodesInPool: number
  readonly nodesAvailable: Readonly<Record<string, number>>
  /** What the rows of this plan take, by node row. */
  readonly taken: Map<number, NodeReservation>
}

type Available = Pick<Board, 'available' | 'nodesInPool' | 'nodesAvailable'>

const isPattern = (datacenter: string): boolean => /[*?]/.test(datacenter)

const findAvailable = (snapshot: Snapshot, job: Job): Available => {
  // A datacenter that is named and has no node is worth a line of its own: "no nodes are available in …".
  const nodesAvailable: Record<string, number> = {}
  for (const name of job.datacenters) if (!isPattern(name)) nodesAvailable[name] = 0
  const { sites, siteIndex, isReady } = snapshot
  const inPool = sites.map(({ nodePool }) => isInPool(job, nodePool))
  const isMatch = sites.map(({ datacenter }, site) => inPool[site] === true && isInDatacenters(job, datacenter))
  const perSite = new Int32Array(sites.length)
  const available: number[] = []
  let nodesInPool = 0
  for (let row = 0; row < siteIndex.length; row++) {
    const site = siteIndex[row] ?? 0
    if (inPool[site] === true) nodesInPool += 1
    if (isMatch[site] !== true || isReady[row] !== 1) continue
    available.push(row)
    perSite[site] = (perSite[site] ?? 0) + 1
  }
  for (const [site, { datacenter }] of sites.entries()) {
    const count = perSite[site] ?? 0
    if (count > 0) nodesAvailable[datacenter] = (nodesAvailable[datacenter] ?? 0) + count
  }
  return { available, nodesInPool, nodesAvailable }
}

const change = (counts: Counts, row: number, by: 1 | -1): void => {
  const next = (counts.get(row) ?? 0) + by
  if (next === 0) counts.delete(row)
  else counts.set(row, next)
}

/** Counts an allocation of the job in (1) or out (-1) on a node. */
export const occupy = (board: Board, row: number, group: string, by: 1 | -1): void => {
  change(board.ofJob, row, by)
  const counts = board.ofGroups.get(group) ?? new Map<number, number>()
  board.ofGroups.set(group, counts)
  change(counts, row, by)
}

const addPorts = (board: Board, row: number, ports: readonly number[]): void => {
  if (ports.length === 0) return
  const set = board.takenPorts.get(row) ?? new Set<number>()
  board.takenPorts.set(row, set)
  for (const port of ports) set.add(port)
}

export const createBoard = (snapshot: Snapshot, job: Job, reservations: Reservations): Board => {
  const board: Board = {
    snapshot,
    freeCpuMhz: snapshot.freeCpuMhz.slice(),
    freeMemoryMb: snapshot.freeMemoryMb.slice(),
    freeDiskMb: snapshot.freeDiskMb.slice(),
    takenPorts: new Map(),
    ofJob: new Map(),
    ofGroups: new Map(),
    ...findAvailable(snapshot, job),
    taken: new Map(),
  }
  for (const entry of reservations.values()) {
    const row = snapshot.indexOf.get(entry.nodeId)
    if (row === undefined) continue
    subtract(board, row, entry)
    addPorts(board, row, entry.ports)
  }
  return board
}

const subtract = (board: Board, row: number, demand: Demand): void => {
  board.freeCpuMhz[row] = (board.freeCpuMhz[row] ?? 0) - demand.cpuMhz
  board.freeMemoryMb[row] = (board.freeMemoryMb[row] ?? 0) - demand.memoryMb
  board.freeDiskMb[row] = (board.freeDiskMb[row] ?? 0) - demand.diskMb
}

const nothing: Demand = { cpuMhz: 0, memoryMb: 0, diskMb: 0 }

/** What an allocation hands over on a node to the row that replaces it there: nothing once it is terminal or elsewhere. */
export const handedOver = (board: Board, row: number, previous: AllocationState | null): Demand => {
  if (previous === null || !holdsResources(previous)) return nothing
  if (board.snapshot.nodes[row]?.id !== previous.nodeId) return nothing
  const group = groupOf(previous)
  return group === undefined ? nothing : demandOf(group)
}

const noPorts: ReadonlySet<number> = new Set()

/** The counts of every distinct property of a request, as the board stands. */
export const propertyUses = (board: Board, request: PlacementRequest): readonly ReadonlyMap<string, number>[] =>
  request.distinctProperties.map(property => {
    const counts = property.scope === 'job' ? board.ofJob : board.ofGroups.get(request.group.name)
    const uses = new Map<string, number>()
    for (const [row, count] of counts ?? []) {
      const node = board.snapshot.nodes[row]
      const value = node === undefined ? undefined : propertyOn(property, node)
      if (value !== undefined) uses.set(value, (uses.get(value) ?? 0) + count)
    }
    return uses
  })

/** Fills `candidate` with the node of a row as the board stands, `previous` handing over what it holds there. */
export const fillCandidate = (
  board: Board,
  candidate: Candidate,
  row: number,
  at: { readonly group: string; readonly previous: AllocationState | null },
): void => {
  const node = board.snapshot.nodes[row]
  if (node === undefined) return
  const credit = at.previous === null ? nothing : handedOver(board, row, at.previous)
  candidate.node = node
  candidate.freeCpuMhz = (board.freeCpuMhz[row] ?? 0) + credit.cpuMhz
  candidate.freeMemoryMb = (board.freeMemoryMb[row] ?? 0) + credit.memoryMb
  candidate.freeDiskMb = (board.freeDiskMb[row] ?? 0) + credit.diskMb
  candidate.takenPorts = board.takenPorts.size === 0 ? noPorts : (board.takenPorts.get(row) ?? noPorts)
  candidate.inheritsFrom = at.previous !== null && at.previous.nodeId === node.id ? at.previous.id : null
  const isAlone = board.ofJob.size === 0
  candidate.ofJob = isAlone ? 0 : (board.ofJob.get(row) ?? 0)
  candidate.ofGroup = candidate.ofJob === 0 ? 0 : (board.ofGroups.get(at.group)?.get(row) ?? 0)
}

/**
 * Takes a placement's resources on a node. What `previous` hands over is counted once here, because the one starts after
 * the other has ended; the reservation holds it twice, as the fold will until the other is terminal.
 */
export const takePlace = (
  board: Board,
  row: number,
  taken: {
    readonly group: string
    readonly demand: Demand
    readonly ports: readonly number[]
    readonly previous: AllocationState | null
  },
): void => {
  const credit = handedOver(board, row, taken.previous)
  subtract(board, row, {
    cpuMhz: Math.max(0, taken.demand.cpuMhz - credit.cpuMhz),
    memoryMb: Math.max(0, taken.demand.memoryMb - credit.memoryMb),
    diskMb: Math.max(0, taken.demand.diskMb - credit.diskMb),
  })
  addPorts(board, row, taken.ports)
  occupy(board, row, taken.group, 1)
  const before = board.taken.get(row)
  board.taken.set(row, {
    nodeId: board.snapshot.nodes[row]?.id ?? '',
    cpuMhz: (before?.cpuMhz ?? 0) + taken.demand.cpuMhz,
    memoryMb: (before?.memoryMb ?? 0) + taken.demand.memoryMb,
    diskMb: (before?.diskMb ?? 0) + taken.demand.diskMb,
    ports: taken.ports.length === 0 ? (before?.ports ?? []) : [...(before?.ports ?? []), ...taken.ports],
  })
}
