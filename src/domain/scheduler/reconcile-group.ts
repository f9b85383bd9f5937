import { type AllocationState, groupOf, isTerminal } from '../cluster/index.ts'
import type { DeploymentGroup, GroupChanges, PlannedStop, RescheduleAttempt, StopReason } from '../control/events.ts'
import type { TaskGroup } from '../jobspec/schema.ts'
import { type ClassifyContext, classify } from './classify.ts'
import { type DeploymentView, newDeploymentGroup, updateLimit } from './deployments.ts'
import { updateKindOf } from './diff-update.ts'
import { createNameIndex, type NameIndex } from './name-index.ts'
import type { Wanted } from './place-group.ts'
import { nextAttempts } from './reschedule.ts'

/** A place to be found, and what goes with it. */
export type WantedPlace = Wanted & {
  readonly reschedules: readonly RescheduleAttempt[]
  /** The stop that is committed only together with the placement. */
  readonly linkedStop: PlannedStop | null
}

/** What has to change for one group. */
export type GroupOutcome = {
  readonly group: TaskGroup
  /** In the order in which they are placed: replacements by the new version first. */
  readonly wanted: readonly WantedPlace[]
  readonly stops: readonly PlannedStop[]
  readonly inPlace: readonly string[]
  /** Failed allocations that wait for a delayed reschedule, with its time. */
  readonly later: readonly { readonly allocationId: string; readonly at: number }[]
  readonly changes: GroupChanges
  readonly deploymentGroup: DeploymentGroup | null
}

export type ReconcileContext = ClassifyContext & {
  readonly deployments: DeploymentView
  /** True where the allocation's node still suits the group as the new specification has it. */
  readonly isStillFit: (group: TaskGroup, nodeId: string) => boolean
}

type Failed = { readonly allocation: AllocationState; readonly delayMs: number }
type Buckets = {
  kept: AllocationState[]
  requested: AllocationState[]
  failed: Failed[]
  readonly lost: AllocationState[]
  readonly stops: PlannedStop[]
  readonly later: { readonly allocationId: string; readonly at: number }[]
}

const stopOf = (allocation: AllocationState, reason: StopReason, judgement: 'lost' | null = null): PlannedStop => ({
  allocationId: allocation.id,
  reason,
  judgement,
})

const byIndex = (a: AllocationState, b: AllocationState): number => a.index - b.index || (a.id < b.id ? -1 : 1)

const sortIntoBuckets = (
  context: ReconcileContext,
  group: TaskGroup,
  allocations: readonly AllocationState[],
): Buckets => {
  const buckets: Buckets = { kept: [], requested: [], failed: [], lost: [], stops: [], later: [] }
  for (const allocation of allocations.toSorted(byIndex)) {
    const classified = classify(context, allocation, group.reschedule)
    switch (classified.kind) {
      case 'ignored':
        break
      case 'silenced':
        buckets.stops.push(stopOf(allocation, classified.reason, 'lost'))
        break
      case 'lost':
        buckets.lost.push(allocation)
        buckets.stops.push(stopOf(allocation, classified.reason, 'lost'))
        break
      case 'requested':
        buckets.requested.push(allocation)
        buckets.stops.push(stopOf(allocation, 'requested'))
        break
      case 'reschedule-now':
        buckets.failed.push({ allocation, delayMs: classified.delayMs })
        break
      case 'kept':
        buckets.kept.push(allocation)
        if (classified.followUpAt !== null)
          buckets.later.push({ allocationId: allocation.id, at: classified.followUpAt })
        break
    }
  }
  return buckets
}

/** The order in which a surplus is let go: what has failed, what has its index twice, what stops anyway, then the highest index. */
const surplusOrder = (buckets: Buckets): readonly AllocationState[] => {
  const seen = new Set<number>()
  const repeated = new Set<string>()
  for (const allocation of buckets.kept) {
    if (seen.has(allocation.index)) repeated.add(allocation.id)
    seen.add(allocation.index)
  }
  const rankOf = (allocation: AllocationState): number => {
    if (isTerminal(allocation)) return 0
    if (repeated.has(allocation.id)) return 1
    return allocation.stopRequested ? 2 : 3
  }
  const isDone = (allocation: AllocationState): boolean => allocation.observed === 'complete'
  return [...buckets.kept, ...buckets.failed.map(({ allocation }) => allocation), ...buckets.requested]
    .filter(allocation => !isDone(allocation))
    .toSorted((a, b) => rankOf(a) - rankOf(b) || byIndex(b, a))
}

const dropSurplus = (buckets: Buckets, count: number): void => {
  const surplus = buckets.kept.length + buckets.requested.length + buckets.failed.length - count
  if (surplus <= 0) return
  const dropped = new Set(surplusOrder(buckets).slice(0, surplus))
  const stays = (allocation: AllocationState): boolean => !dropped.has(allocation)
  for (const allocation of dropped) {
    if (!allocation.stopRequested || isTerminal(allocation)) buckets.stops.push(stopOf(allocation, 'count-lowered'))
  }
  buckets.kept = buckets.kept.filter(stays)
  buckets.requested = buckets.requested.filter(stays)
  buckets.failed = buckets.failed.filter(({ allocation }) => stays(allocation))
  const gone = new Set([...dropped].map(({ id }) => id))
  const waiting = buckets.later.filter(({ allocationId }) => !gone.has(allocationId))
  buckets.later.splice(0, buckets.later.length, ...waiting)
}

type Updates = { readonly inPlace: readonly AllocationState[]; readonly destructive: readonly AllocationState[] }

const findUpdates = (context: ReconcileContext, group: TaskGroup, kept: readonly AllocationState[]): Updates => {
  const inPlace: AllocationState[] = []
  const destructive: AllocationState[] = []
  const after = { job: context.job.spec, group }
  for (const allocation of kept) {
    if (allocation.jobVersion === context.job.version) continue
    const before = groupOf(allocation)
    const kind = before === undefined ? 'destructive' : updateKindOf({ job: allocation.job, group: before }, after)
    if (kind === 'destructive') destructive.push(allocation)
    // What has failed and waits has nothing to take over; its replacement comes under the new version.
    else if (isTerminal(allocation)) continue
    else if (context.isStillFit(group, allocation.nodeId)) inPlace.push(allocation)
    else destructive.push(allocation)
  }
  return { inPlace, destructive }
}

const fresh = (names: NameIndex): WantedPlace => ({
  index: names.take(null),
  previous: null,
  isStopLinked: false,
  penaltyNodes: [],
  reschedules: [],
  linkedStop: null,
})

const replacement = (index: number, previous: AllocationState, extra: Partial<WantedPlace> = {}): WantedPlace => ({
  index,
  previous,
  isStopLinked: false,
  penaltyNodes: [],
  reschedules: previous.reschedules,
  linkedStop: null,
  ...extra,
})

const rescheduled = (context: ReconcileContext, group: TaskGroup, { allocation, delayMs }: Failed): WantedPlace => {
  const reschedules = nextAttempts(allocation, group.reschedule, { now: context.now, delayMs })
  return replacement(allocation.index, allocation, {
    isStopLinked: true,
    linkedStop: stopOf(allocation, 'rescheduled'),
    reschedules,
    penaltyNodes: [...new Set(reschedules.map(({ previousNodeId }) => previousNodeId))],
  })
}

const updated = (allocation: AllocationState): WantedPlace =>
  replacement(allocation.index, allocation, {
    isStopLinked: true,
    linkedStop: stopOf(allocation, 'updated'),
    reschedules: [],
  })

/** Replacements and new ones, without those by the new version. */
const findMissing = (context: ReconcileContext, group: TaskGroup, buckets: Buckets): readonly WantedPlace[] => {
  const holders = [...buckets.kept, ...buckets.requested, ...buckets.failed.map(({ allocation }) => allocation)]
  const names = createNameIndex(
    holders.map(({ index }) => index),
    group.count,
  )
  const free = Math.max(0, group.count - holders.length)
  const lost = buckets.lost.slice(0, free)
  const missing = context.deployments.isHeld ? 0 : free - lost.length
  return [
    ...buckets.requested.map(allocation => replacement(allocation.index, allocation)),
    ...lost.map(allocation => replacement(names.take(allocation.index), allocation)),
    ...buckets.failed.map(failed => rescheduled(context, group, failed)),
    ...Array.from({ length: missing }, () => fresh(names)),
  ]
}

/** Compares what one group should be with what there is. `allocations`: those of the group, of this incarnation. */
export const reconcileGroup = (
  context: ReconcileContext,
  group: TaskGroup,
  allocations: readonly AllocationState[],
): GroupOutcome => {
  const buckets = sortIntoBuckets(context, group, allocations)
  dropSurplus(buckets, group.count)
  const missing = findMissing(context, group, buckets)
  const updates = findUpdates(context, group, buckets.kept)
  const limit = updateLimit(context.deployments, group, buckets.kept, missing.length - buckets.requested.length)
  const destructive = updates.destructive.slice(0, limit)
  const isUpdating = updates.inPlace.length + updates.destructive.length > 0
  const hadVersion = allocations.some(({ jobVersion }) => jobVersion === context.job.version)
  const { usesDeployments } = context.kind
  return {
    group,
    wanted: [...destructive.map(updated), ...missing],
    stops: buckets.stops,
    inPlace: updates.inPlace.map(({ id }) => id),
    later: buckets.later,
    changes: {
      group: group.name,
      place: missing.length,
      stop: buckets.stops.length,
      inPlace: updates.inPlace.length,
      destructive: destructive.length,
      ignore: buckets.kept.length - updates.inPlace.length - destructive.length,
    },
    deploymentGroup: usesDeployments
      ? newDeploymentGroup(context.deployments, group, { hadVersion, isUpdating })
      : null,
  }
}
