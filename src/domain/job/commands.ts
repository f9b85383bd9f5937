import type { Job, Sealed } from '../jobspec/schema.ts'
import type { Message } from '../message.ts'
import type { Derivation, EndingOptions } from './events.ts'

/** What can be asked of one job's stream. Ids and instants come in with the command (I2, I5). */
export type RegisterJob = Message<
  'RegisterJob',
  {
    readonly spec: Job
    readonly evaluationId: string
    readonly source: string | null
    readonly message: string
    /** Only when the job's newest version was registered at this position; -1 = only when there is no such job; null = in any case. */
    readonly checkIndex: number | null
    /** Groups that the live job has too keep its counts, … */
    readonly preservesCounts?: boolean
    /** … their tasks its resources, whatever the specification says. */
    readonly preservesResources?: boolean
    readonly evaluationPriority?: number
  }
>
export type RegisterChild = Message<
  'RegisterChild',
  { readonly jobId: string; readonly derivation: Derivation; readonly evaluationId: string }
>
type Ending = { readonly jobId: string; readonly evaluationId: string } & EndingOptions
export type StopJob = Message<'StopJob', Ending>
export type PurgeJob = Message<'PurgeJob', Ending>
export type RevertJob = Message<
  'RevertJob',
  {
    readonly toVersion: number
    readonly deploymentId: string
    readonly atRevision: number
    readonly evaluationId: string
  }
>
export type ForceEvaluation = Message<
  'ForceEvaluation',
  { readonly jobId: string; readonly evaluationId: string; readonly forcesReschedule: boolean }
>
export type ForcePeriodicRun = Message<
  'ForcePeriodicRun',
  { readonly jobId: string; readonly instant: number; readonly evaluationId: string }
>
export type DispatchJob = Message<
  'DispatchJob',
  {
    readonly jobId: string
    readonly childId: string
    readonly evaluationId: string
    readonly instant: number
    readonly meta: Readonly<Record<string, string>>
    readonly payload: Sealed | null
    readonly payloadBytes: number
    readonly priority: number | null
    readonly tokenDigest: string | null
  }
>
export type StopAllocation = Message<
  'StopAllocation',
  { readonly allocationId: string; readonly evaluationId: string } & Pick<EndingOptions, 'skipsShutdownDelay'>
>
export type RequestDeploymentAction = Message<
  'RequestDeploymentAction',
  { readonly deploymentId: string; readonly action: 'pause' | 'resume' | 'fail' }
>

export type JobCommand =
  | RegisterJob
  | RegisterChild
  | StopJob
  | PurgeJob
  | RevertJob
  | ForceEvaluation
  | ForcePeriodicRun
  | DispatchJob
  | StopAllocation
  | RequestDeploymentAction
