import type { Json } from '../domain/json.ts'

/**
 * What the API asks of `app`. A command answers what was done and where that stands in the log, or why it cannot be
 * granted; it throws an AppError where the world fails.
 */
export type Caller = {
  readonly actor: string
  /** Ties everything together that the command leads to. */
  readonly correlationId: string
  /** The same for a resend: event ids follow from it. */
  readonly commandId: string
}

export type Diagnostic = {
  readonly severity: 'error' | 'warning'
  readonly summary: string
  readonly detail: string
  /** Empty when there is nothing to say. */
  readonly hint: string
  readonly filename: string
  /** From 1; 0 when the finding has no place. */
  readonly line: number
  readonly column: number
  /** As a person reads it. */
  readonly rendered: string
}

export type Rejected = {
  readonly kind: 'rejected'
  readonly code: string
  readonly message: string
  /** Empty when there is nothing to say. */
  readonly hint: string
  readonly diagnostics: readonly Diagnostic[]
}
export type Done<T> = T & { readonly kind: 'done' }
export type Outcome<T> = Done<T> | Rejected
type Command<I, T> = (input: I, caller: Caller) => Promise<Outcome<T>>

type At = { readonly position: number }
export type NameValue = { readonly name: string; readonly value: string }

export type JobSource = {
  readonly source: string
  readonly format: 'hcl' | 'json'
  /** For messages. */
  readonly filename: string
  readonly variables: readonly NameValue[]
  readonly variableFiles: readonly { readonly name: string; readonly content: string }[]
  readonly environmentVariables: readonly NameValue[]
}

export type RegisterJobInput = {
  readonly job: JobSource
  /** -1 = only when there is no such job; null = in any case. */
  readonly checkIndex: number | null
  readonly message: string
  readonly evaluationPriority: number | null
  /** Groups, or their tasks, keep what the registered job says of them. */
  readonly preservesCounts?: boolean
  readonly preservesResources?: boolean
}
export type JobRegistration = At & {
  readonly namespace: string
  readonly jobId: string
  readonly version: number
  readonly evaluationId: string | null
  readonly modifyIndex: number
  readonly nextLaunch: number | null
  readonly isPeriodic: boolean
  readonly isParameterized: boolean
  readonly warnings: readonly Diagnostic[]
}
export type JobValidation = { readonly jobId: string; readonly warnings: readonly Diagnostic[] }
export type ParsedJob = JobValidation & { readonly specification: Json }

type JobName = { readonly namespace: string; readonly jobId: string }
export type DispatchInput = JobName & {
  readonly meta: readonly NameValue[]
  /** Base64; null = none. */
  readonly payload: string | null
  readonly idempotencyToken: string | null
  readonly idPrefix: string
  readonly priority: number | null
}
/** An empty task means all that run. */
export type TaskName = { readonly allocationId: string; readonly task: string }

export type Commands = {
  readonly registerJob: Command<RegisterJobInput, JobRegistration>
  readonly validateJob: Command<JobSource, JobValidation>
  readonly parseJob: Command<JobSource, ParsedJob>
  readonly stopJob: Command<
    JobName & {
      readonly purges: boolean
      readonly stopsChildren: boolean
      readonly evaluationPriority?: number | null
      readonly skipsShutdownDelay?: boolean
    },
    At & { readonly evaluationId: string | null; readonly stoppedChildren: readonly string[] }
  >
  readonly dispatchJob: Command<
    DispatchInput,
    At & { readonly dispatchedJobId: string; readonly evaluationId: string | null }
  >
  readonly forcePeriodic: Command<JobName, At & { readonly launchedJobId: string; readonly evaluationId: string }>
  readonly evaluateJob: Command<
    JobName & { readonly forcesReschedule: boolean },
    At & { readonly evaluationId: string }
  >
  readonly stopAllocation: Command<
    { readonly allocationId: string; readonly skipsShutdownDelay?: boolean },
    At & { readonly evaluationId: string }
  >
  readonly restartAllocation: Command<TaskName, At & { readonly requestId: string }>
  readonly signalAllocation: Command<TaskName & { readonly signal: string }, At & { readonly requestId: string }>
  readonly setNodeEligibility: Command<{ readonly nodeId: string; readonly isEligible: boolean }, At>
  readonly collectGarbage: Command<Readonly<Record<string, never>>, At>
}
