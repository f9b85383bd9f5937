import { assert } from '../assert.ts'
import {
  type AllocationState,
  type ClusterState,
  demandOf,
  groupOf,
  holdsResources,
  type JobState,
  type NodeState,
} from '../cluster/index.ts'
import type { Placements, PlannedStop } from '../control/events.ts'
import { jobKey } from '../ids.ts'
import type { TaskGroup } from '../jobspec/schema.ts'
import { nodeLoss } from './classify.ts'
import { type Demand, isKeptBack, isReady } from './feasibility/index.ts'
import type { PlanDraft } from './plan.ts'
import type { NodeReservation, Reservations } from './reservations.ts'

export type CheckedPlan = {
  /** The plan without what no longer holds; that stands in `dropped`, and the evaluation then goes on (`partial`). */
  readonly plan: PlanDraft
  /** What the plan as it stands takes. */
  readonly reservations: readonly NodeReservation[]
}

/** One node of the plan as the rows so far leave it. */
type Place = {
  readonly node: NodeState | undefined
  free: Demand
  readonly ports: Set<number>
  readonly takenPorts: number[]
  taken: Demand
}

type Check = {
  readonly state: ClusterState
  readonly job: JobState | undefined
  readonly plan: PlanDraft
  readonly reservations: Reservations
  readonly stops: ReadonlyMap<string, PlannedStop>
  readonly places: Map<string, Place>
}

const nothing: Demand = { cpuMhz: 0, memoryMb: 0, diskMb: 0 }
const plus = (a: Demand, b: Demand, sign: 1 | -1): Demand => ({
  cpuMhz: a.cpuMhz + sign * b.cpuMhz,
  memoryMb: a.memoryMb + sign * b.memoryMb,
  diskMb: a.diskMb + sign * b.diskMb,
})
const excess = (a: Demand, b: Demand): Demand => ({
  cpuMhz: Math.max(0, a.cpuMhz - b.cpuMhz),
  memoryMb: Math.max(0, a.memoryMb - b.memoryMb),
  diskMb: Math.max(0, a.diskMb - b.diskMb),
})

const placeOf = ({ state, places, reservations }: Check, nodeId: string): Place => {
  const known = places.get(nodeId)
  if (known !== undefined) return known
  const node = state.nodes.get(nodeId)
  const overlay = reservations.get(nodeId)
  const capacity = node === undefined ? nothing : plus(node.resources, node.reserved, -1)
  const place: Place = {
    node,
    free: plus(plus(capacity, node?.usage ?? nothing, -1), overlay ?? nothing, -1),
    ports: new Set(overlay?.ports ?? []),
    takenPorts: [],
    taken: nothing,
  }
  places.set(nodeId, place)
  return place
}

/** The allocation whose resources a row inherits: stopped by this plan, on the same node, not terminal. */
const inherited = (check: Check, previousId: string | undefined, nodeId: string): AllocationState | null => {
  const previous = previousId === undefined ? undefined : check.state.allocations.get(previousId)
  if (previous === undefined || previous.nodeId !== nodeId || !check.stops.has(previous.id)) return null
  return holdsResources(previous) ? previous : null
}

const portAgainst = (place: Place, ports: readonly number[], previous: AllocationState | null): number | undefined =>
  ports.find(port => {
    const owner = place.node?.usage.ports.get(port)
    const isOwned = owner !== undefined && owner !== previous?.id
    return isOwned || place.ports.has(port) || (place.node !== undefined && isKeptBack(place.node, port))
  })

type Row = {
  readonly row: number
  readonly group: TaskGroup | undefined
  readonly nodeId: string
  readonly ports: readonly number[]
  readonly previousId: string | undefined
}

/** Takes a row's resources, or answers why it cannot stand. */
const tryRow = (check: Check, { group, nodeId, ports, previousId }: Row): string | null => {
  if (group === undefined) return 'the job has no such group any more'
  const place = placeOf(check, nodeId)
  if (place.node === undefined) return 'the node is gone'
  if (!isReady(place.node)) return place.node.status === 'ready' ? 'the node is not eligible' : 'the node is not ready'
  if (previousId !== undefined && !check.stops.has(previousId)) return 'what it replaces is not stopped any more'
  const previous = inherited(check, previousId, nodeId)
  const previousGroup = previous === null ? undefined : groupOf(previous)
  const credit = previousGroup === undefined ? nothing : demandOf(previousGroup)
  const demand = demandOf(group)
  if (!fitsInto(place.free, demand, credit)) return 'the node has too little room now'
  const port = portAgainst(place, ports, previous)
  if (port !== undefined) return `port ${port} of the node is taken now`
  place.free = plus(place.free, excess(demand, credit), -1)
  place.taken = plus(place.taken, demand, 1)
  for (const taken of ports) place.ports.add(taken)
  place.takenPorts.push(...ports)
  return null
}

/** A row may stand on a node that is over its capacity for a while when it takes no more than what it replaces leaves. */
const fitsInto = (free: Demand, demand: Demand, credit: Demand): boolean =>
  demand.cpuMhz <= free.cpuMhz + credit.cpuMhz &&
  demand.memoryMb <= free.memoryMb + credit.memoryMb &&
  demand.diskMb <= free.diskMb + credit.diskMb

const whyNone = (job: JobState | undefined, plan: PlanDraft): string | null => {
  if (job === undefined) return 'the job is gone'
  if (job.incarnation !== plan.incarnation) return 'the job was registered anew after a purge'
  return job.status === 'registered' ? null : 'the job was stopped'
}

/**
 * The stop as it stands now: null for what is unknown or has stopped, and for a loss whose judgement was withdrawn; without
 * the judgement where another reason remains.
 */
const standing = (state: ClusterState, stop: PlannedStop): PlannedStop | null => {
  const allocation = state.allocations.get(stop.allocationId)
  if (allocation === undefined) return null
  const isLost = stop.judgement !== null && allocation.judgement === null && nodeLoss(state, allocation.nodeId) !== null
  if (isLost) return stop
  const isForLoss = stop.reason === 'node-down' || stop.reason === 'node-gone'
  return allocation.desired === 'stop' || isForLoss ? null : { ...stop, judgement: null }
}

const standingStops = (state: ClusterState, stops: readonly PlannedStop[]): readonly PlannedStop[] =>
  stops.map(stop => standing(state, stop)).filter(stop => stop !== null)

const keepRows = (placements: Placements, kept: readonly number[]): Placements => {
  const newRow = new Map(kept.map((row, index) => [row, index] as const))
  const pick = <T>(column: readonly T[]): readonly T[] => column.filter((_, row) => newRow.has(row))
  const move = <T>(pairs: readonly (readonly [number, T])[]): readonly (readonly [number, T])[] =>
    pairs.flatMap(([row, value]) => {
      const moved = newRow.get(row)
      return moved === undefined ? [] : [[moved, value] as const]
    })
  return {
    ...placements,
    group: pick(placements.group),
    node: pick(placements.node),
    index: pick(placements.index),
    ports: pick(placements.ports),
    previous: move(placements.previous),
    reschedules: move(placements.reschedules),
    score: pick(placements.score),
    metric: pick(placements.metric),
  }
}

const rowsOf = ({ placements }: PlanDraft, job: JobState | undefined): readonly Row[] => {
  const previous = new Map(placements.previous)
  const groups = new Map(job?.spec.groups.map(group => [group.name, group] as const) ?? [])
  return placements.node.map((node, row) => ({
    row,
    group: groups.get(placements.groups[placements.group[row] ?? -1] ?? ''),
    nodeId: placements.nodes[node] ?? '',
    ports: placements.ports[row] ?? [],
    previousId: previous.get(row),
  }))
}

type Dropped = { readonly row: Row; readonly reason: string }

const without = (check: Check, dropped: readonly Dropped[]): PlanDraft => {
  const { plan, stops } = check
  const gone = new Set(dropped.map(({ row }) => row.row))
  const kept = plan.placements.node.map((_, row) => row).filter(row => !gone.has(row))
  // A stop that only makes way for a dropped row goes with it; a lost allocation is lost all the same.
  const pointless = new Set(
    dropped.map(({ row }) => row.previousId).filter(id => id !== undefined && stops.get(id)?.judgement === null),
  )
  const isDropping = dropped.length > 0
  const withdrew = plan.stops.some(({ allocationId, judgement }) => judgement !== null && !stops.has(allocationId))
  const goesOn = isDropping || withdrew
  return {
    ...plan,
    placements: isDropping ? keepRows(plan.placements, kept) : plan.placements,
    stops: [...stops.values()].filter(({ allocationId }) => !pointless.has(allocationId)),
    inPlace: whyNone(check.job, plan) === null ? plan.inPlace.filter(id => isRunning(check.state, id)) : [],
    dropped: dropped.map(({ row, reason }) => ({
      group: plan.placements.groups[plan.placements.group[row.row] ?? -1] ?? '',
      index: plan.placements.index[row.row] ?? 0,
      nodeId: row.nodeId,
      reason,
    })),
    outcome: goesOn ? 'partial' : plan.outcome,
    unplaced: goesOn ? [] : plan.unplaced,
    blockedEvaluationId: goesOn ? null : plan.blockedEvaluationId,
  }
}

const isRunning = (state: ClusterState, id: string): boolean => {
  const allocation = state.allocations.get(id)
  return allocation !== undefined && allocation.desired === 'run' && holdsResources(allocation)
}

/**
 * Checks a draft against the newest state and what the plans before it in the batch take (I3). Rows that no longer hold
 * are dropped with their reasons; all of them where the job wants all or none. Costs in proportion to the plan.
 */
export const checkPlan = (state: ClusterState, reservations: Reservations, plan: PlanDraft): CheckedPlan => {
  const job = state.jobs.get(jobKey(plan.namespace, plan.jobId))
  const stops = new Map(standingStops(state, plan.stops).map(stop => [stop.allocationId, stop] as const))
  const check: Check = { state, job, plan, reservations, stops, places: new Map() }
  const rows = rowsOf(plan, job)
  const refusedAll = whyNone(job, plan)
  const dropped = rows.flatMap(row => {
    const reason = refusedAll ?? tryRow(check, row)
    return reason === null ? [] : [{ row, reason }]
  })
  if (dropped.length === 0 || job?.spec.allAtOnce !== true) {
    return { plan: without(check, dropped), reservations: reservationsOf(check, dropped.length < rows.length) }
  }
  const first = dropped[0]
  assert(first !== undefined, 'a plan drops rows and none is the first')
  const all = rows.map(row => ({ row, reason: `all_at_once: ${first.reason}` }))
  return { plan: without(check, all), reservations: [] }
}

const reservationsOf = ({ places }: Check, hasRows: boolean): readonly NodeReservation[] =>
  hasRows ? [...places].map(([nodeId, { taken, takenPorts }]) => ({ nodeId, ...taken, ports: takenPorts })) : []
