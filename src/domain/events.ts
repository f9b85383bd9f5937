import type { ControlEvent } from './control/events.ts'
import type { JobEvent } from './job/events.ts'
import type { NodeEvent } from './node/events.ts'
import type { ReportEvent } from './report/events.ts'

/** What operators ask of the whole cluster (`config-cluster`). */
export type CollectionRequested = {
  readonly type: 'CollectionRequested'
  readonly data: Readonly<{ readonly requestId: string }>
}
export type ConfigEvent = CollectionRequested

export type DomainEvent = JobEvent | ControlEvent | NodeEvent | ReportEvent | ConfigEvent
export type DomainEventType = DomainEvent['type']

/** The newest schema number of every event type; a type without an entry does not compile. See upcasters.ts. */
export const schemaOf: Readonly<Record<DomainEventType, number>> = {
  JobRegistered: 1,
  JobStopped: 1,
  JobPurged: 1,
  JobReverted: 1,
  EvaluationForced: 1,
  PeriodicRunForced: 1,
  JobDispatched: 1,
  AllocationStopRequested: 1,
  DeploymentActionRequested: 1,
  LeadershipTaken: 1,
  PlanCommitted: 1,
  EvaluationsCreated: 1,
  EvaluationsUnblocked: 1,
  EvaluationsCancelled: 1,
  EvaluationsFailed: 1,
  NodesJudged: 1,
  DeploymentsAdvanced: 1,
  PeriodicRunsDecided: 1,
  ReactorStalled: 1,
  Collected: 1,
  NodeRegistered: 1,
  NodeFingerprinted: 1,
  NodeEligibilitySet: 1,
  TaskRestartRequested: 1,
  TaskSignalRequested: 1,
  AllocationsReported: 1,
  CollectionRequested: 1,
}

/** A recorded event with what the store and the recorder know of it. */
export type Recorded<E extends DomainEvent = DomainEvent> = E & {
  readonly id: string
  readonly stream: string
  readonly revision: number
  readonly position: number
  /** Wall-clock time of recording, ms. */
  readonly at: number
  readonly actor: string
  readonly correlationId: string
  readonly causationId: string
}
