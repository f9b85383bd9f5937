import type { Json } from '../lang/hcl/index.ts'
import type { LogFormat, LogLevel } from './settings.ts'

/** A port's usual number: Nomad's, which its users' hands and tools know. */
export const DEFAULT_HTTP_PORT = 4646
export const MAX_PORT = 65_535
/** The ports that tasks are given which ask for any. */
export const DEFAULT_DYNAMIC_PORTS = { min: 20_000, max: 32_000 } as const

export type Address = { readonly host: string; readonly port: number }

/** What an agent is to be. What is absent in a `Partial` is left to whoever acts on it. */
export type AgentConfig = {
  /** Without a data directory nothing outlives the agent. */
  readonly isDev: boolean
  /** Null: nothing is kept. */
  readonly dataDir: string | null
  readonly name: string
  readonly region: string
  readonly datacenter: string
  /** Port 0 is any free one. `advertised` is where others find the API; null where it listens. */
  readonly http: Address & { readonly advertised: Address | null }
  readonly log: { readonly level: LogLevel; readonly format: LogFormat }
  /** The signals at which its client tells the servers that it leaves. */
  readonly leavesOn: readonly NodeJS.Signals[]
  /** Null: this agent is no server. */
  readonly server: ServerConfig | null
  /** Null: this agent runs no tasks. */
  readonly client: ClientConfig | null
}

export type ServerConfig = {
  /** Null: beside the client's, in the data directory. */
  readonly dataDir: string | null
  readonly eventStore: EventStoreConfig
  readonly heartbeats: Partial<{
    readonly minTtlMs: number
    readonly graceMs: number
    readonly maxPerSecond: number
  }>
  readonly collection: Partial<{
    readonly evaluation: number
    readonly batchEvaluation: number
    readonly job: number
    readonly deployment: number
    readonly node: number
    readonly interval: number
  }>
}

export type EventStoreConfig =
  | { readonly kind: 'memory' }
  | { readonly kind: 'sqlite' }
  | {
      readonly kind: 'eventstoredb'
      readonly url: string
      readonly prefix?: string
      readonly credentialsFile?: string
      readonly caFile?: string
    }

export type ClientConfig = {
  /** URLs of servers' APIs; empty for the one in this process. */
  readonly servers: readonly string[]
  readonly stateDir: string | null
  readonly allocDir: string | null
  readonly nodeClass: string
  readonly nodePool: string
  readonly meta: Readonly<Record<string, string>>
  readonly networkInterface: string | null
  /** In place of what is found. */
  readonly resources: Partial<Resources>
  readonly reserved: Resources
  readonly reservedPorts: readonly number[]
  readonly dynamicPorts: { readonly min: number; readonly max: number }
  readonly limits: Partial<{ readonly maxKillTimeoutMs: number; readonly maxTerminalAllocations: number }>
  readonly drivers: DriversConfig
}

export type Resources = { readonly cpuMhz: number; readonly memoryMb: number; readonly diskMb: number }

export type DriversConfig = {
  /** Null: all that are not denied. */
  readonly allowed: readonly string[] | null
  readonly denied: readonly string[]
  readonly options: Readonly<Record<string, Readonly<Record<string, Json>>>>
}
