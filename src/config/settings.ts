import type { Json } from '../lang/hcl/index.ts'

/** `text`: lines for a person; `json`: one object a line. */
export type LogFormat = 'json' | 'text'
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
export const eventStoreKinds = ['sqlite', 'memory', 'eventstoredb'] as const
export type EventStoreKind = (typeof eventStoreKinds)[number]

/**
 * What files and flags say of an agent, null where they say nothing: the form that is merged. Names that are lists or maps
 * in the configuration are empty where nothing is said.
 */
export type AgentSettings = {
  readonly dataDir: string | null
  readonly name: string | null
  readonly region: string | null
  readonly datacenter: string | null
  readonly bindAddress: string | null
  readonly http: { readonly address: string | null; readonly port: number | null; readonly advertised: string | null }
  readonly leavesOnInterrupt: boolean | null
  readonly leavesOnTerminate: boolean | null
  readonly log: { readonly level: LogLevel | null; readonly format: LogFormat | null }
  readonly server: ServerSettings
  readonly client: ClientSettings
  /** Options of drivers, by the driver's name. */
  readonly plugins: Readonly<Record<string, Readonly<Record<string, Json>>>>
  readonly eventStore: EventStoreSettings
}

export type ServerSettings = {
  readonly isEnabled: boolean | null
  readonly dataDir: string | null
  readonly heartbeatGraceMs: number | null
  readonly minHeartbeatTtlMs: number | null
  readonly maxHeartbeatsPerSecond: number | null
  readonly evaluationGcMs: number | null
  readonly batchEvaluationGcMs: number | null
  readonly jobGcMs: number | null
  readonly deploymentGcMs: number | null
  readonly nodeGcMs: number | null
  readonly gcIntervalMs: number | null
}

export type ClientSettings = {
  readonly isEnabled: boolean | null
  readonly stateDir: string | null
  readonly allocDir: string | null
  /** `host`, `host:port` or `http://host:port`. */
  readonly servers: readonly string[]
  readonly nodeClass: string | null
  readonly nodePool: string | null
  readonly meta: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
  readonly networkInterface: string | null
  readonly cpuMhz: number | null
  readonly memoryMb: number | null
  readonly diskMb: number | null
  readonly minDynamicPort: number | null
  readonly maxDynamicPort: number | null
  readonly maxKillTimeoutMs: number | null
  readonly maxTerminalAllocations: number | null
  readonly reserved: {
    readonly cpuMhz: number | null
    readonly memoryMb: number | null
    readonly diskMb: number | null
    /** `22,80,8500-8600` */
    readonly ports: string | null
  }
}

export type EventStoreSettings = {
  readonly kind: EventStoreKind | null
  readonly url: string | null
  readonly prefix: string | null
  /** Its first line is `user:password`. */
  readonly credentialsFile: string | null
  readonly caFile: string | null
}

export const noSettings: AgentSettings = {
  dataDir: null,
  name: null,
  region: null,
  datacenter: null,
  bindAddress: null,
  http: { address: null, port: null, advertised: null },
  leavesOnInterrupt: null,
  leavesOnTerminate: null,
  log: { level: null, format: null },
  server: {
    isEnabled: null,
    dataDir: null,
    heartbeatGraceMs: null,
    minHeartbeatTtlMs: null,
    maxHeartbeatsPerSecond: null,
    evaluationGcMs: null,
    batchEvaluationGcMs: null,
    jobGcMs: null,
    deploymentGcMs: null,
    nodeGcMs: null,
    gcIntervalMs: null,
  },
  client: {
    isEnabled: null,
    stateDir: null,
    allocDir: null,
    servers: [],
    nodeClass: null,
    nodePool: null,
    meta: {},
    options: {},
    networkInterface: null,
    cpuMhz: null,
    memoryMb: null,
    diskMb: null,
    minDynamicPort: null,
    maxDynamicPort: null,
    maxKillTimeoutMs: null,
    maxTerminalAllocations: null,
    reserved: { cpuMhz: null, memoryMb: null, diskMb: null, ports: null },
  },
  plugins: {},
  eventStore: { kind: null, url: null, prefix: null, credentialsFile: null, caFile: null },
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const mergeValues = (earlier: unknown, later: unknown): unknown => {
  if (later === null || later === undefined) return earlier
  if (Array.isArray(earlier) && Array.isArray(later)) return [...(earlier as unknown[]), ...(later as unknown[])]
  if (!isRecord(earlier) || !isRecord(later)) return later
  const keys = new Set([...Object.keys(earlier), ...Object.keys(later)])
  return Object.fromEntries(Array.from(keys, key => [key, mergeValues(earlier[key], later[key])]))
}

/** As Nomad merges: the later word counts, blocks and maps are merged name by name, lists are put one behind the other. */
export const mergeSettings = (earlier: AgentSettings, later: AgentSettings): AgentSettings =>
  // Both have this form, and merging keeps it: values of one name are of one type.
  mergeValues(earlier, later) as AgentSettings
