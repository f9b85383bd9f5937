import type { Job, Sealed } from '../jobspec/schema.ts'
import type { Message } from '../message.ts'

/** Facts of one `job-<namespace>/<id>` stream (design §3). Namespace and id stand in the stream's name, not in the events. */

/** Why a job without a text of its own exists: it was launched by its parent, whose specification it refers to (never copied). */
export type Derivation = {
  readonly kind: 'periodic' | 'dispatch'
  readonly parentId: string
  readonly parentIncarnation: number
  /** The parent's version whose specification this job runs. */
  readonly parentVersion: number
  /** Periodic: the instant it was due, ms. Dispatch: when it was asked for. */
  readonly instant: number
  /** What differs from the parent: meta given at dispatch … */
  readonly meta: Readonly<Record<string, string>>
  readonly payload: Sealed | null
  readonly priority: number | null
  readonly tokenDigest: string | null
}

export type JobRegistered = Message<
  'JobRegistered',
  {
    readonly incarnation: number
    readonly version: number
    /** The specification, or for a launched child its derivation. */
    readonly spec: Job | null
    readonly derivation: Derivation | null
    /** The evaluation that this opens; null for periodic and parameterized jobs, which are not evaluated. */
    readonly evaluationId: string | null
    /** The stream that holds the sealed source text and variables, null where there was none. */
    readonly source: string | null
    readonly message: string
    /** Of the evaluation; the job's own where it is not said. */
    readonly evaluationPriority?: number
  }
>
/** How a job is to end, where that was said. */
export type EndingOptions = {
  /** Of the evaluation; the job's own where it is not said. */
  readonly evaluationPriority?: number
  /** Its tasks are killed without waiting for their shutdown delays. */
  readonly skipsShutdownDelay?: boolean
}
type Ended = { readonly incarnation: number; readonly evaluationId: string | null } & EndingOptions
/** `evaluationId` is null where nothing has to be evaluated (periodic and parameterized parents). */
export type JobStopped = Message<'JobStopped', Ended>
/** Stops and takes the job out of the live views, in one event. */
export type JobPurged = Message<'JobPurged', Ended>
/** Written by the leader at exactly the revision that the failed deployment had seen. */
export type JobReverted = Message<
  'JobReverted',
  {
    readonly incarnation: number
    readonly version: number
    readonly toVersion: number
    readonly deploymentId: string
    readonly evaluationId: string
  }
>
export type EvaluationForced = Message<
  'EvaluationForced',
  {
    readonly evaluationId: string
    readonly trigger: 'job-register' | 'job-eval'
    readonly forcesReschedule: boolean
    readonly evaluationPriority?: number
  }
>
/** Wants one launch now; the leader answers with PeriodicRunsDecided naming this event's id as `request`. */
export type PeriodicRunForced = Message<
  'PeriodicRunForced',
  { readonly instant: number; readonly evaluationId: string }
>
/** This is the launch: the child's registration is derived from it. */
export type JobDispatched = Message<
  'JobDispatched',
  {
    readonly incarnation: number
    readonly version: number
    readonly childId: string
    readonly evaluationId: string
    readonly instant: number
    readonly meta: Readonly<Record<string, string>>
    readonly payload: Sealed | null
    readonly priority: number | null
    readonly tokenDigest: string | null
  }
>
export type AllocationStopRequested = Message<
  'AllocationStopRequested',
  { readonly allocationId: string; readonly evaluationId: string } & Pick<EndingOptions, 'skipsShutdownDelay'>
>
export type DeploymentActionRequested = Message<
  'DeploymentActionRequested',
  { readonly deploymentId: string; readonly action: 'pause' | 'resume' | 'fail' }
>

export type JobEvent =
  | JobRegistered
  | JobStopped
  | JobPurged
  | JobReverted
  | EvaluationForced
  | PeriodicRunForced
  | JobDispatched
  | AllocationStopRequested
  | DeploymentActionRequested
