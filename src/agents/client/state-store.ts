import type { Job } from '../../domain/jobspec/schema.ts'
import type { AllocationReport, AllocationsReported, TaskEvent } from '../../domain/report/events.ts'
import type { EpochMs } from '../../platform/clock.ts'
import type { DesiredAllocation } from '../../protocol/client-link.ts'
import type { TaskRecord } from './task-record.ts'

/**
 * What the agent must still know after it was killed: intent → act → record. A task's handle is saved before its start is
 * reported; a report is saved before it is sent, so that it is repeated as the same one.
 */

/** An allocation that the agent runs: its specification is always known. */
export type HeldAllocation = Omit<DesiredAllocation, 'job'> & { readonly job: Job }

export type NodeIdentity = {
  readonly nodeId: string
  /** Known to this node and, as a digest, to the servers. */
  readonly secret: string
  readonly bootId: string
  /** What the machine says of its start; another one means a new boot id. */
  readonly machineBoot: string
}

/** A task event with its number among those of the allocation, by which it is reported once. */
export type NumberedEvent = { readonly number: number; readonly event: TaskEvent }

export type AllocationProgress = {
  readonly records: readonly TaskRecord[]
  readonly events: readonly NumberedEvent[]
  readonly lastEvent: number
  /** When the allocation was told to stop, for the group's shutdown delay. */
  readonly stopSince: EpochMs | null
  /** The deployment whose verdict is being waited for, since when, and the verdict. */
  readonly health: {
    readonly deploymentId: string
    readonly since: EpochMs
    readonly verdict: AllocationReport['health']
  } | null
  /** When the last task died, null before. */
  readonly terminalAt: EpochMs | null
}

export type ReportState = {
  readonly sequence: number
  /** The report that waits for its acknowledgement. */
  readonly report: AllocationsReported['data'] | null
  /** By allocation, the number of the newest event that stands in a report. */
  readonly reportedEvents: Readonly<Record<string, number>>
}

export type Checkpoint = { readonly position: number; readonly doneRequests: readonly string[] }

export type LoadedState = {
  readonly identity: NodeIdentity | null
  readonly checkpoint: Checkpoint
  readonly report: ReportState
  readonly allocations: readonly { readonly held: HeldAllocation; readonly progress: AllocationProgress | null }[]
}

/** Each save resolves when the content would be found again after a crash. Throws DATA_DIR_UNUSABLE when it cannot. */
export type StateStore = {
  readonly load: () => Promise<LoadedState>
  readonly saveIdentity: (identity: NodeIdentity) => Promise<void>
  readonly saveCheckpoint: (checkpoint: Checkpoint) => Promise<void>
  readonly saveReport: (report: ReportState) => Promise<void>
  readonly saveAllocation: (held: HeldAllocation) => Promise<void>
  readonly saveProgress: (allocationId: string, progress: AllocationProgress) => Promise<void>
  readonly removeAllocation: (allocationId: string) => Promise<void>
}

export const noCheckpoint: Checkpoint = { position: -1, doneRequests: [] }
export const noReport: ReportState = { sequence: 0, report: null, reportedEvents: {} }

/**
 * State that lives as long as this object: for agents without a data directory, and for the simulation, which hands the
 * same store to the agent that comes after a killed one.
 */
export const createMemoryStateStore = (): StateStore => {
  const held = new Map<string, HeldAllocation>()
  const progress = new Map<string, AllocationProgress>()
  let identity: NodeIdentity | null = null
  let checkpoint = noCheckpoint
  let report = noReport
  return {
    load: async () => ({
      identity,
      checkpoint,
      report,
      allocations: [...held.values()].map(one => ({ held: one, progress: progress.get(one.allocationId) ?? null })),
    }),
    saveIdentity: async next => {
      identity = next
    },
    saveCheckpoint: async next => {
      checkpoint = next
    },
    saveReport: async next => {
      report = next
    },
    saveAllocation: async next => {
      held.set(next.allocationId, next)
    },
    saveProgress: async (allocationId, next) => {
      if (held.has(allocationId)) progress.set(allocationId, next)
    },
    removeAllocation: async allocationId => {
      held.delete(allocationId)
      progress.delete(allocationId)
    },
  }
}
