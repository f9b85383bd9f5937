import type { TaskReport } from '../../domain/report/events.ts'
import type { EpochMs } from '../../platform/clock.ts'
import type { ExitResult, TaskHandle } from './drivers/driver.ts'
import { newTracker, type RestartTracker } from './restart-tracker.ts'

/** How one start of a task came to its end. */
export type Ending =
  | { readonly kind: 'exited'; readonly exit: ExitResult }
  | { readonly kind: 'start-failed'; readonly message: string; readonly isRecoverable: boolean }
  /** After a restart of the agent the driver knows nothing of it. */
  | { readonly kind: 'lost' }

/**
 * Where a task is, as it stands on disk; each phase owns what it needs.
 *
 *     waiting ─▶ starting ─▶ running ─▶ ended ─▶ backoff ─▶ starting …
 *                                         └────▶ dead
 */
export type TaskPhase =
  /** Before its first start. */
  | { readonly kind: 'waiting' }
  /** The intent to start is on disk; whether the driver did it is unknown until it is asked again. */
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly handle: TaskHandle }
  /** Not judged yet. `handle`: what the driver has still to remove. */
  | { readonly kind: 'ended'; readonly ending: Ending; readonly handle: TaskHandle | null }
  | { readonly kind: 'backoff'; readonly until: EpochMs; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly isFailed: boolean }

/** A restart that was asked for, of the start that it means. */
export type RestartOrder = { readonly startNumber: number; readonly reason: string; readonly isFailure: boolean }

export type TaskRecord = {
  readonly task: string
  readonly phase: TaskPhase
  readonly startNumber: number
  readonly restarts: number
  readonly startedAt: EpochMs | null
  readonly finishedAt: EpochMs | null
  readonly lastRestartAt: EpochMs | null
  readonly exitCode: number | null
  readonly tracker: RestartTracker
  readonly restart: RestartOrder | null
}

/** `starts`: how often it was started before, by an agent whose records are lost. */
export const newRecord = (task: string, starts = 0): TaskRecord => ({
  task,
  phase: { kind: 'waiting' },
  startNumber: starts,
  restarts: starts,
  startedAt: null,
  finishedAt: null,
  lastRestartAt: null,
  exitCode: null,
  tracker: newTracker,
  restart: null,
})

/** What servers see of a phase. A task that ended and is not judged yet still counts as running. */
export const reportedPhase = (phase: TaskPhase): TaskReport['phase'] => {
  switch (phase.kind) {
    case 'waiting':
    case 'starting':
    case 'backoff':
      return 'pending'
    case 'running':
      return 'running'
    case 'ended':
      return phase.ending.kind === 'start-failed' ? 'pending' : 'running'
    case 'dead':
      return 'dead'
  }
}

export const taskReportOf = (record: TaskRecord): TaskReport => ({
  task: record.task,
  phase: reportedPhase(record.phase),
  isFailed: record.phase.kind === 'dead' && record.phase.isFailed,
  startNumber: record.startNumber,
  restarts: record.restarts,
  startedAt: record.startedAt,
  finishedAt: record.finishedAt,
  lastRestartAt: record.lastRestartAt,
  exitCode: record.exitCode,
})
