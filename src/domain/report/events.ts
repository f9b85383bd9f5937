import type { Message } from '../message.ts'

/** What one client agent saw (`report-<node uuid>`): one event for all that one report holds. */

export type TaskPhase = 'pending' | 'running' | 'dead'

export type TaskReport = {
  readonly task: string
  readonly phase: TaskPhase
  readonly isFailed: boolean
  /**
   * The start that the task is at or works towards: 0 before the first, raised with every decision to start again (a task
   * that waits for a restart is `pending` under the next number). With `phase` (pending < running < dead) it orders observations (I7).
   */
  readonly startNumber: number
  readonly restarts: number
  /** ms, null = not yet. */
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly lastRestartAt: number | null
  readonly exitCode: number | null
}

export type TaskEvent = {
  readonly task: string
  /** Nomad's words: Received, Task Setup, Driver, Started, Terminated, Restarting, Not Restarting, Killing, Killed … */
  readonly type: string
  readonly at: number
  readonly message: string
  readonly details: Readonly<Record<string, string>>
}

export type CheckReport = {
  readonly checkId: string
  readonly service: string
  readonly name: string
  readonly task: string
  readonly mode: 'healthiness' | 'readiness'
  readonly status: 'pending' | 'success' | 'failure'
  readonly output: string
  readonly at: number
}

export type AllocationReport = {
  readonly allocationId: string
  /** Tasks that changed. */
  readonly tasks: readonly TaskReport[]
  readonly events: readonly TaskEvent[]
  /** Task events that a cap dropped. */
  readonly droppedEvents: number
  /** The client's judgement for a deployment, once it has one. */
  readonly health: { readonly isHealthy: boolean; readonly at: number; readonly deploymentId: string } | null
  /** Checks that changed state. */
  readonly checks: readonly CheckReport[]
}

export type AllocationsReported = Message<
  'AllocationsReported',
  {
    readonly bootId: string
    /** Grows by one with every report of this boot; the event's id follows from (node, bootId, sequence). */
    readonly sequence: number
    /** True for the first report after a (re)connect: it names every allocation that the agent holds. */
    readonly isFull: boolean
    readonly allocations: readonly AllocationReport[]
    /** Requests (restart, signal) that were done, or refused as expired. */
    readonly requests: readonly {
      readonly requestId: string
      readonly outcome: 'done' | 'expired' | 'failed'
      readonly message: string
    }[]
  }
>

export type ReportEvent = AllocationsReported
