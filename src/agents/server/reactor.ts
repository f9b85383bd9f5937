import type { Changes, ClusterState } from '../../domain/cluster/index.ts'
import type { ControlEvent } from '../../domain/control/events.ts'
import type { JobKey } from '../../domain/ids.ts'
import type { JobCommand } from '../../domain/job/index.ts'

/**
 * A server reactor plans; it does nothing itself. It reads the folded state and what changed since it was asked last
 * ('all' right after leadership was taken, so that a restart is the same as running) and adds to the leader's next batch.
 * It is pure but for caches that can be thrown away.
 */
export type Reactor = {
  readonly name: string
  readonly plan: (context: ReactorContext) => void
  /** The next instant at which it wants to be asked though nothing changed; null = only on changes. */
  readonly nextWake: (state: ClusterState, now: number) => number | null
}

export type ReactorContext = {
  readonly state: ClusterState
  readonly changed: Changes | 'all'
  /** Wall-clock time, ms: the `now` of every decision of this batch. */
  readonly now: number
  readonly epoch: number
  readonly batch: Batch
}

/** What the leader appends at once: decisions to `control`, and commands on jobs that follow from earlier decisions. */
export type Batch = {
  /** The id that the next event added will have: plans name their allocations by it. */
  readonly nextEventId: () => string
  readonly add: (event: ControlEvent) => void
  readonly isFull: () => boolean
  /** A command on a job's stream, under an id that the decision behind it fixes. */
  readonly derive: (command: DerivedCommand) => void
}

export type DerivedCommand = {
  readonly key: JobKey
  readonly commandId: string
  readonly command: JobCommand
  readonly causationId: string
}

/** The ids of one kind that changed, or all there are. */
export const changedIds = (context: ReactorContext, kind: keyof Changes, all: Iterable<string>): Iterable<string> =>
  context.changed === 'all' ? all : context.changed[kind]

export const earliest = (instants: Iterable<number>): number | null => {
  let first: number | null = null
  for (const instant of instants) if (first === null || instant < first) first = instant
  return first
}
