import type { Json } from '../json.ts'

/**
 * What a job may say, after decoding, defaults and sealing: the shape that is recorded in JobRegistered and that the
 * scheduler and the client agent read. Lengths of time are in milliseconds, sizes in MB as in the job file.
 */

/**
 * A value that never stands in an event in clear (invariant I10). `digest` is keyed, so equality is decided without
 * opening. A value over MAX_INLINE_SEALED_BYTES stands in a `source-…` stream of its own, named by `source`.
 */
export type Sealed =
  | { readonly sealed: string; readonly digest: string }
  | { readonly source: string; readonly digest: string }

export type JobType = 'service' | 'batch'

export const constraintOperators = [
  '=',
  '!=',
  '>',
  '>=',
  '<',
  '<=',
  'regexp',
  'version',
  'semver',
  'set_contains',
  'set_contains_all',
  'set_contains_any',
  'is_set',
  'is_not_set',
  'distinct_hosts',
  'distinct_property',
] as const
export type ConstraintOperator = (typeof constraintOperators)[number]

export type Constraint = {
  /** `${attr.kernel.name}`, `${node.datacenter}`, `${meta.rack}` or a literal. Empty for distinct_hosts. */
  readonly attribute: string
  readonly operator: ConstraintOperator
  readonly value: string
}

export type Port = {
  readonly label: string
  /** The host's port, 0 = chosen by the scheduler. */
  readonly static: number
  /** The port inside the task's network: 0 = the host's port, -1 = the host's port too, said explicitly. */
  readonly to: number
  readonly hostNetwork: string
}

export type Network = { readonly mode: 'host'; readonly ports: readonly Port[] }

export type CheckRestart = { readonly limit: number; readonly graceMs: number }

export type Check = {
  readonly name: string
  readonly type: 'http' | 'tcp'
  readonly path: string
  readonly protocol: 'http' | 'https'
  readonly method: string
  readonly header: Readonly<Record<string, readonly string[]>>
  readonly body: string
  /** A port label or a number; empty = the service's. */
  readonly port: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly isTlsVerified: boolean
  readonly initialStatus: 'success' | 'failure' | 'pending'
  /** `ignore` makes it a readiness check that a deployment does not wait for. */
  readonly onUpdate: 'require_healthy' | 'ignore_warnings' | 'ignore'
  readonly checkRestart: CheckRestart | null
}

export type Service = {
  readonly name: string
  /** A port label, a literal number as text, or empty. */
  readonly port: string
  readonly provider: 'nomad'
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, string>>
  readonly addressMode: 'auto' | 'host'
  /** Overrides the address when not empty. */
  readonly address: string
  /** The task that a group service belongs to; empty = the group. */
  readonly task: string
  readonly checks: readonly Check[]
}

export type Update = {
  readonly maxParallel: number
  readonly healthCheck: 'checks' | 'task_states' | 'manual'
  readonly minHealthyTimeMs: number
  readonly healthyDeadlineMs: number
  /** 0 = the first unhealthy allocation fails the deployment. */
  readonly progressDeadlineMs: number
  readonly autoRevert: boolean
}

export type Reschedule = {
  readonly attempts: number
  readonly intervalMs: number
  readonly delayMs: number
  readonly delayFunction: 'constant' | 'exponential' | 'fibonacci'
  readonly maxDelayMs: number
  readonly isUnlimited: boolean
}

export type Restart = {
  readonly attempts: number
  readonly intervalMs: number
  readonly delayMs: number
  readonly mode: 'fail' | 'delay'
  readonly rendersTemplates: boolean
}

export type Resources = {
  readonly cpuMhz: number
  readonly memoryMb: number
  /** 0 = no burst above memoryMb. */
  readonly memoryMaxMb: number
}

/** A template; `S` is what a value that must not stand in clear is: Sealed in events, text while a job file is read. */
export type TemplateOf<S> = {
  /** The template's text; null when it is read from `sourcePath` inside the task's directory. */
  readonly data: S | null
  readonly sourcePath: string
  readonly destination: string
  readonly changeMode: 'restart' | 'signal' | 'noop'
  readonly changeSignal: string
  readonly splayMs: number
  readonly perms: string
  readonly leftDelimiter: string
  readonly rightDelimiter: string
  readonly isEnv: boolean
  readonly isOnce: boolean
  readonly errorsOnMissingKey: boolean
}

export type Lifecycle = { readonly hook: 'prestart' | 'poststart' | 'poststop'; readonly isSidecar: boolean }

export type LogConfig = { readonly maxFiles: number; readonly maxFileSizeMb: number; readonly isDisabled: boolean }

export type TaskOf<S> = {
  readonly name: string
  readonly driver: string
  /** The driver's own configuration; a value that must not stand in clear (auth.password) is a Sealed in its place. */
  readonly config: Readonly<Record<string, Json>>
  readonly env: Readonly<Record<string, S>>
  readonly meta: Readonly<Record<string, string>>
  readonly constraints: readonly Constraint[]
  readonly resources: Resources
  readonly services: readonly Service[]
  readonly templates: readonly TemplateOf<S>[]
  readonly restart: Restart
  readonly killTimeoutMs: number
  /** Empty = the driver's default. */
  readonly killSignal: string
  readonly shutdownDelayMs: number
  readonly isLeader: boolean
  readonly lifecycle: Lifecycle | null
  readonly logs: LogConfig
  /** Path under local/ where a dispatched payload is written; empty = nowhere. */
  readonly dispatchPayloadFile: string
}

export type TaskGroupOf<S> = {
  readonly name: string
  readonly count: number
  readonly constraints: readonly Constraint[]
  readonly network: Network | null
  readonly services: readonly Service[]
  readonly tasks: readonly TaskOf<S>[]
  readonly reschedule: Reschedule
  /** Null for batch jobs and for max_parallel = 0: updates without a deployment. */
  readonly update: Update | null
  readonly ephemeralDiskMb: number
  readonly shutdownDelayMs: number
  readonly meta: Readonly<Record<string, string>>
}

export type Periodic = {
  readonly isEnabled: boolean
  readonly crons: readonly string[]
  readonly prohibitsOverlap: boolean
  readonly timeZone: string
}

export type Parameterized = {
  readonly payload: 'optional' | 'required' | 'forbidden'
  readonly metaRequired: readonly string[]
  readonly metaOptional: readonly string[]
}

export type JobOf<S> = {
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly region: string
  readonly type: JobType
  readonly priority: number
  readonly allAtOnce: boolean
  readonly datacenters: readonly string[]
  readonly nodePool: string
  readonly constraints: readonly Constraint[]
  readonly groups: readonly TaskGroupOf<S>[]
  readonly periodic: Periodic | null
  readonly parameterized: Parameterized | null
  readonly meta: Readonly<Record<string, string>>
}

export type Template = TemplateOf<Sealed>
export type Task = TaskOf<Sealed>
export type TaskGroup = TaskGroupOf<Sealed>
export type Job = JobOf<Sealed>
/** A job as its file says it, before sealing: never recorded, never logged. */
export type ClearJob = JobOf<string>
