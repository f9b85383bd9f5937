import type { Json } from '../../../domain/json.ts'
import type { Clock } from '../../../platform/clock.ts'
import type { Logger } from '../../../platform/logger.ts'

/**
 * The one interface of every task driver (design §8, house style 8.11). A driver starts, watches and stops one task at a
 * time on behalf of the task runner; it knows nothing of restart policies, health or the server.
 */

/** What of a driver is optional; everything else every driver does. */
export type DriverCapabilities = {
  readonly sendsSignals: boolean
  /** Tasks see /alloc, /local and /secrets inside their own file system ('image'), or the host's paths ('none'). */
  readonly fileSystem: 'none' | 'image'
  /** The driver maps published ports itself ('image' network), or tasks bind the host's ports ('host'). */
  readonly network: 'host' | 'mapped'
  /** Measures what tasks use; null for a driver that cannot. */
  readonly usage: UsageAbility | null
  /**
   * The control group below which tasks have groups of their own, from where the kernel has its first. Null where this agent
   * makes none, or the driver does not say; known after the first fingerprint.
   */
  readonly parentGroup: () => string | null
}

/** What a task has used and holds at one moment. Null: the driver, or this kernel, does not tell. */
export type TaskMeasurement = {
  /** When, ms. Only the difference between two measurements of one task means anything. */
  readonly atMs: number
  /** Processor time since the task began, ms; what was used lately is the difference of two measurements. */
  readonly cpuMs: number
  readonly userMs: number | null
  readonly systemMs: number | null
  readonly throttledPeriods: number | null
  readonly throttledMs: number | null
  readonly memory: TaskMemory
}

/** Bytes. At least one of `rss` and `usage` is known. */
export type TaskMemory = {
  readonly rss: number | null
  readonly cache: number | null
  readonly swap: number | null
  /** All that counts against the task's limit, caches included. */
  readonly usage: number | null
  readonly maxUsage: number | null
}

/** An ability of its own: not every driver can look into its tasks. */
export type UsageAbility = {
  /** Undefined where the task does not run. Throws AppError DRIVER_UNREACHABLE when the driver's daemon does not answer. */
  readonly measure: (handle: TaskHandle) => Promise<TaskMeasurement | undefined>
}

export type DriverFingerprint = {
  readonly isDetected: boolean
  readonly isHealthy: boolean
  /** For a person: "Healthy", or why not. */
  readonly message: string
  /** Node attributes such as `driver.docker.version`. */
  readonly attributes: Readonly<Record<string, string>>
}

export type TaskPort = {
  readonly label: string
  readonly hostIp: string
  readonly hostPort: number
  /** The port inside the task's network; equal to hostPort where the driver maps none. */
  readonly containerPort: number
}

export type TaskResources = {
  readonly cpuMhz: number
  readonly memoryMb: number
  /** 0 = equal to memoryMb. */
  readonly memoryMaxMb: number
}

export type TaskPaths = {
  /** Shared by all tasks of the allocation. */
  readonly allocDir: string
  readonly localDir: string
  readonly secretsDir: string
  /** The task's own directory, the parent of local and secrets. */
  readonly taskDir: string
  /**
   * The first of the numbered files that take the task's output, such as `web.stdout.0`. The driver's collector appends to
   * the one with the highest number and starts the next number when that one is full, so a follower reads by rising number.
   */
  readonly stdoutPath: string
  readonly stderrPath: string
}

/** Everything a driver needs to start one task. Values are interpolated and in clear: never log `env` or `config`. */
export type TaskStart = {
  /** `<allocation id>/<task name>/<start number>`: unique per start; `start` is idempotent by it. */
  readonly id: string
  readonly allocationId: string
  readonly taskName: string
  readonly startNumber: number
  /** Labels that every container or process carries, so that what a dead agent left behind is found. */
  readonly labels: Readonly<Record<string, string>>
  readonly config: Readonly<Record<string, Json>>
  readonly env: Readonly<Record<string, string>>
  readonly user: string
  readonly resources: TaskResources
  readonly ports: readonly TaskPort[]
  readonly paths: TaskPaths
  readonly killSignal: string | undefined
  /** Size in bytes at which the next output file is begun, and how many are kept; nothing is kept where `isDisabled`. */
  readonly logs: { readonly maxFileBytes: number; readonly maxFiles: number; readonly isDisabled: boolean }
}

/** What a driver needs to find a task again after everybody else died: plain JSON, written to disk before a start is reported. */
export type TaskHandle = { readonly driver: string; readonly id: string; readonly state: Json }

export type StartResult =
  | { readonly kind: 'started'; readonly handle: TaskHandle; readonly network?: { readonly ip: string } }
  /** `isRecoverable`: a restart may help (an image pull that timed out); false: it cannot (a command that does not exist). */
  | { readonly kind: 'failed'; readonly message: string; readonly isRecoverable: boolean }

export type ExitResult = {
  readonly exitCode: number
  /** Signal number that ended it, 0 for none. */
  readonly signal: number
  readonly isOomKilled: boolean
  /** Set when the driver could not learn how the task ended. */
  readonly error?: string
  /** What else is known of its end, for a person: the daemon was away, for instance. */
  readonly circumstances?: string
}

export type DriverEvent = { readonly message: string; readonly details?: Readonly<Record<string, string>> }

/** Ids of starts that a sweep leaves alone. */
export type Kept = Pick<ReadonlySet<string>, 'has'>

export type TaskDriver = {
  readonly name: string
  readonly capabilities: DriverCapabilities
  /** Looks at the machine; called periodically. Never throws: what is wrong is in the fingerprint. */
  readonly fingerprint: () => Promise<DriverFingerprint>
  /** Says what is wrong with a task's config, empty when nothing is. Pure; called before start. */
  readonly validate: (config: Readonly<Record<string, Json>>) => readonly string[]
  /**
   * Starts the task, or finds that this very start already happened and answers its handle. `onEvent` tells of progress
   * (an image being pulled). Throws AppError DRIVER_UNREACHABLE when the driver's daemon does not answer.
   */
  readonly start: (task: TaskStart, onEvent: (event: DriverEvent) => void, signal: AbortSignal) => Promise<StartResult>
  /** After a restart of the agent: is the task of this handle still there (running, or exited with a status that can be had by `wait`)? */
  readonly recover: (handle: TaskHandle) => Promise<'running' | 'gone'>
  /**
   * Resolves when the task has ended and its output is in its files; resolves at once with the same answer when asked
   * again. Abort makes it reject with the signal's reason. Sits out a restart of the driver's daemon; throws AppError
   * DRIVER_UNREACHABLE when the daemon stays away: the task may run on, so ask again.
   */
  readonly wait: (handle: TaskHandle, signal: AbortSignal) => Promise<ExitResult>
  /** Sends `killSignal` (or the driver's default), waits `timeoutMs`, then kills. Returns when the task has ended. Idempotent. */
  readonly stop: (handle: TaskHandle, killSignal: string | undefined, timeoutMs: number) => Promise<void>
  /** Sends a signal by name (`SIGHUP`) to the task. Throws DRIVER_FAILED with the reason when it cannot. */
  readonly signal: (handle: TaskHandle, signal: string) => Promise<void>
  /** Removes everything that is left of a task (container, scratch files), killing what still runs. Idempotent. */
  readonly destroy: (handle: TaskHandle) => Promise<void>
  /**
   * Kills and removes what carries all these labels and is not among `keep` (ids of TaskStart), which is asked about what
   * was found, and nothing else, after it was found. Answers how many were removed.
   */
  readonly sweep: (labels: Readonly<Record<string, string>>, keep: Kept) => Promise<number>
  /** Releases connections and helpers. Running tasks run on. */
  readonly close: () => Promise<void>
}

/** What a driver is given when it is made. */
export type DriverContext = {
  /** A directory of the agent's own where drivers may keep sockets and statuses. */
  readonly stateDir: string
  /** The driver's own options from the agent's configuration. */
  readonly options: Readonly<Record<string, Json>>
  readonly clock: Clock
  readonly logger: Logger
}

export type DriverFactory = (context: DriverContext) => TaskDriver
