import { MAX_ALLOCATIONS_PER_REPORT, MAX_TASK_EVENTS_PER_REPORT } from '../../domain/limits.ts'
import type { AllocationReport, AllocationsReported, CheckReport, TaskReport } from '../../domain/report/events.ts'
import { MAX_TASK_EVENTS_WAITING } from './limits.ts'
import type { NumberedEvent } from './state-store.ts'

/** What waits to be reported of one allocation. Tasks and checks are kept as they were last seen, events all. */
export type PendingChanges = {
  readonly tasks: ReadonlyMap<string, TaskReport>
  readonly events: readonly NumberedEvent[]
  readonly dropped: number
  readonly health: AllocationReport['health']
  readonly checks: ReadonlyMap<string, CheckReport>
}

export const noChanges: PendingChanges = {
  tasks: new Map(),
  events: [],
  dropped: 0,
  health: null,
  checks: new Map(),
}

export type RequestOutcome = AllocationsReported['data']['requests'][number]

/** Adds later changes to earlier ones; of too many events the oldest go and are counted. */
export const mergeChanges = (before: PendingChanges, next: PendingChanges): PendingChanges => {
  const events = [...before.events, ...next.events]
  const excess = Math.max(0, events.length - MAX_TASK_EVENTS_WAITING)
  return {
    tasks: new Map([...before.tasks, ...next.tasks]),
    events: events.slice(excess),
    dropped: before.dropped + next.dropped + excess,
    health: next.health ?? before.health,
    checks: new Map([...before.checks, ...next.checks]),
  }
}

export const hasChanges = (changes: PendingChanges): boolean =>
  changes.tasks.size > 0 ||
  changes.events.length > 0 ||
  changes.dropped > 0 ||
  changes.health !== null ||
  changes.checks.size > 0

/** One allocation's part of a report, and what is left for the next one. */
export const takeAllocation = (
  allocationId: string,
  changes: PendingChanges,
): { readonly report: AllocationReport; readonly rest: PendingChanges; readonly lastEvent: number | null } => {
  const now = changes.events.slice(0, MAX_TASK_EVENTS_PER_REPORT)
  return {
    report: {
      allocationId,
      tasks: [...changes.tasks.values()],
      events: now.map(({ event }) => event),
      droppedEvents: changes.dropped,
      health: changes.health,
      checks: [...changes.checks.values()],
    },
    rest: { ...noChanges, events: changes.events.slice(MAX_TASK_EVENTS_PER_REPORT) },
    lastEvent: now.at(-1)?.number ?? null,
  }
}

export type TakenReport = {
  readonly allocations: readonly AllocationReport[]
  readonly rest: ReadonlyMap<string, PendingChanges>
  readonly lastEvents: Readonly<Record<string, number>>
}

/** Takes the next report's worth out of what waits: at most MAX_ALLOCATIONS_PER_REPORT allocations, in order. */
export const takeReport = (pending: ReadonlyMap<string, PendingChanges>): TakenReport => {
  const rest = new Map<string, PendingChanges>()
  const lastEvents: Record<string, number> = {}
  const allocations: AllocationReport[] = []
  for (const [allocationId, changes] of pending) {
    if (allocations.length >= MAX_ALLOCATIONS_PER_REPORT) {
      rest.set(allocationId, changes)
      continue
    }
    const taken = takeAllocation(allocationId, changes)
    allocations.push(taken.report)
    if (taken.lastEvent !== null) lastEvents[allocationId] = taken.lastEvent
    if (hasChanges(taken.rest)) rest.set(allocationId, taken.rest)
  }
  return { allocations, rest, lastEvents }
}
