import type { AgentConfig } from '../config/agent-config.ts'
import type { FlagSpec, FlagValues } from '../lang/goflags/index.ts'
import type { LogSummary } from '../logfile/check-log.ts'
import type { LogFile } from '../logfile/format.ts'
import type { Clock } from '../platform/clock.ts'
import type { CliApi } from './cli-api.ts'
import type { CliIo } from './io.ts'
import type { Environment, Settings } from './settings.ts'

export type RunningAgent = {
  readonly address: string
  /** Null for an agent that is no client. */
  readonly nodeId: string | null
  /** Resolves once the node is ready to run tasks. */
  readonly ready: Promise<void>
  /** Resolves with the exit code when the agent cannot go on. */
  readonly failed: Promise<number>
  /** Takes up a configuration that was read again, as far as that can be; says in the log what became of it. */
  readonly reload: (read: () => Promise<AgentConfig>) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Starts an agent in this process, or answers null once `stopping` aborts first, whose reason is the signal that did it. Throws AppError when it cannot be started. */
export type StartAgent = (config: AgentConfig, stopping: AbortSignal) => Promise<RunningAgent | null>

export type LogImport = LogSummary & {
  /** Whether the keys that stand beside the store open what is sealed in the log; if not, in which namespaces. */
  readonly keyring: {
    readonly path: string
    readonly fit: 'fits' | 'missing' | 'other' | 'unknown'
    readonly namespaces: readonly string[]
  }
}

/** What is done to the log of a server that does not run. Both throw AppError. */
export type Operator = {
  readonly exportLog: (server: AgentConfig) => AsyncIterable<Uint8Array>
  readonly importLog: (server: AgentConfig, file: LogFile) => Promise<LogImport>
}

export type CommandContext = {
  readonly io: CliIo
  readonly env: Environment
  readonly clock: Clock
  readonly settings: Settings
  /** The server's API. Nothing is sent before the first call. */
  readonly api: CliApi
  /** Loads what runs an agent: server code, which no other command needs. */
  readonly loadAgent: () => Promise<{ readonly startAgent: StartAgent }>
  /** Loads what opens an agent's event store: server code, too. */
  readonly loadOperator: () => Promise<{ readonly operator: Operator }>
}

export type Arguments<S extends readonly FlagSpec[]> = {
  readonly flags: FlagValues<S>
  /** Names of the flags that were on the command line. */
  readonly given: ReadonlySet<string>
  readonly positionals: readonly string[]
}

/** A verb: a value, from which help, flags and completion come. `run` answers the exit code. */
export type Command<S extends readonly FlagSpec[] = readonly FlagSpec[]> = {
  /** How it is called: `muster job run [options] <path>`. */
  readonly usage: string
  /** What it does, in paragraphs. */
  readonly description: string
  readonly flags: S
  /** How many positional arguments it takes. */
  readonly takes: { readonly min: number; readonly max: number }
  /** True for a command that never asks a server, so that the flags for that are not its own. */
  readonly isLocal?: boolean
  readonly run: (context: CommandContext, input: Arguments<S>) => Promise<number>
}

/** Keeps the types of a command's flags while it is written, and forgets them for the table. */
export const defineCommand = <const S extends readonly FlagSpec[]>(command: Command<S>): Command => command
