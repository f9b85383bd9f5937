import { isAbsolute } from 'node:path'
import { parseGoBoolean } from '../lang/goflags/index.ts'
import { parseAddress, parsePorts, serverUrl } from './addresses.ts'
import type { AgentConfig, ClientConfig, DriversConfig, EventStoreConfig, ServerConfig } from './agent-config.ts'
import { DEFAULT_DYNAMIC_PORTS, DEFAULT_HTTP_PORT } from './agent-config.ts'
import { type AgentSettings, mergeSettings, noSettings } from './settings.ts'

/** Why settings make no agent. They have no place in a file: what is missing stands nowhere. */
export type Problem = { readonly message: string; readonly hint: string }

export type Resolved =
  | { readonly ok: true; readonly config: AgentConfig }
  | { readonly ok: false; readonly problems: readonly Problem[] }

const DEFAULT_BIND_ADDRESS = '127.0.0.1'

/** What `-dev` says before anybody else does. */
export const devSettings: AgentSettings = mergeSettings(noSettings, {
  ...noSettings,
  server: { ...noSettings.server, isEnabled: true },
  client: { ...noSettings.client, isEnabled: true },
  plugins: { raw_exec: { enabled: true } },
})

type Written<T> = { readonly [K in keyof T]?: Exclude<T[K], null> }

/** Only what was said. */
const written = <T extends Readonly<Record<string, number | string | null>>>(values: T): Written<T> =>
  // Entries that are null are gone, the others are what they were.
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Written<T>

const namesIn = (text: string | undefined): readonly string[] =>
  (text ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')

/** Nomad's first way to configure drivers, which its documents still show for `raw_exec`. */
const driversOf = ({ client, plugins }: AgentSettings): DriversConfig => {
  const { options } = client
  const allowed = namesIn(options['driver.allowlist'] ?? options['driver.whitelist'])
  const rawExec = parseGoBoolean(options['driver.raw_exec.enable'] ?? '')
  return {
    allowed: allowed.length === 0 ? null : allowed,
    denied: namesIn(options['driver.denylist'] ?? options['driver.blacklist']),
    options: rawExec === null ? plugins : { ...plugins, raw_exec: { enabled: rawExec, ...plugins['raw_exec'] } },
  }
}

const dynamicPortsOf = ({ minDynamicPort, maxDynamicPort }: AgentSettings['client']) => ({
  min: minDynamicPort ?? DEFAULT_DYNAMIC_PORTS.min,
  max: maxDynamicPort ?? DEFAULT_DYNAMIC_PORTS.max,
})

const clientOf = (settings: AgentSettings): ClientConfig | null => {
  const { client } = settings
  if (client.isEnabled !== true) return null
  const { reserved } = client
  return {
    servers: client.servers.flatMap(text => serverUrl(text) ?? []),
    stateDir: client.stateDir,
    allocDir: client.allocDir,
    nodeClass: client.nodeClass ?? '',
    nodePool: client.nodePool ?? 'default',
    meta: client.meta,
    networkInterface: client.networkInterface,
    resources: written({ cpuMhz: client.cpuMhz, memoryMb: client.memoryMb, diskMb: client.diskMb }),
    reserved: { cpuMhz: reserved.cpuMhz ?? 0, memoryMb: reserved.memoryMb ?? 0, diskMb: reserved.diskMb ?? 0 },
    dynamicPorts: dynamicPortsOf(client),
    reservedPorts: parsePorts(reserved.ports ?? '') ?? [],
    limits: written({
      maxKillTimeoutMs: client.maxKillTimeoutMs,
      maxTerminalAllocations: client.maxTerminalAllocations,
    }),
    drivers: driversOf(settings),
  }
}

const eventStoreOf = ({ eventStore, dataDir, server }: AgentSettings): EventStoreConfig => {
  const { kind, url, prefix, credentialsFile, caFile } = eventStore
  const isKept = dataDir !== null || server.dataDir !== null
  switch (kind ?? (isKept ? 'sqlite' : 'memory')) {
    case 'memory':
      return { kind: 'memory' }
    case 'sqlite':
      return { kind: 'sqlite' }
    case 'eventstoredb':
      return { kind: 'eventstoredb', url: url ?? '', ...written({ prefix, credentialsFile, caFile }) }
  }
}

const serverOf = (settings: AgentSettings): ServerConfig | null => {
  const { server } = settings
  if (server.isEnabled !== true) return null
  return {
    dataDir: server.dataDir,
    eventStore: eventStoreOf(settings),
    heartbeats: written({
      minTtlMs: server.minHeartbeatTtlMs,
      graceMs: server.heartbeatGraceMs,
      maxPerSecond: server.maxHeartbeatsPerSecond,
    }),
    collection: written({
      evaluation: server.evaluationGcMs,
      batchEvaluation: server.batchEvaluationGcMs,
      job: server.jobGcMs,
      deployment: server.deploymentGcMs,
      node: server.nodeGcMs,
      interval: server.gcIntervalMs,
    }),
  }
}

const eventStoreProblems = (settings: AgentSettings): readonly Problem[] => {
  const { kind, url } = settings.eventStore
  if (settings.server.isEnabled !== true) return []
  const isKept = settings.dataDir !== null || settings.server.dataDir !== null
  const problems: Problem[] = []
  if (kind === 'eventstoredb' && url === null)
    problems.push({ message: 'the event store has no url', hint: 'write url = "esdb://host:2113" in its block' })
  if (kind !== 'eventstoredb' && url !== null)
    problems.push({ message: 'the event store has a url that nobody dials', hint: 'write kind = "eventstoredb"' })
  if (!isKept && (kind === 'eventstoredb' || kind === 'sqlite'))
    problems.push({
      message: `an event store of kind "${kind}" needs a data directory: the keys of what it holds are kept there`,
      hint: 'give -data-dir, or data_dir in a file',
    })
  return problems
}

const clientProblems = ({ client, server }: AgentSettings): readonly Problem[] => {
  if (client.isEnabled !== true) return []
  const wrong = client.servers.filter(text => serverUrl(text) === null)
  const problems = wrong.map(text => ({
    message: `"${text}" is no address of a server`,
    hint: 'write host, host:port or http://host:port',
  }))
  const { min, max } = dynamicPortsOf(client)
  if (min > max)
    problems.push({
      message: `tasks can be given no port: the first is ${min}, the last is ${max}`,
      hint: 'write min_dynamic_port and max_dynamic_port in the block client, the former not above the latter',
    })
  if (server.isEnabled === true || client.servers.length > 0) return problems
  return [
    ...problems,
    {
      message: 'a client without a server beside it needs the addresses of servers',
      hint: 'give -servers host:port, or servers = ["host:port"] in the block client',
    },
  ]
}

const problemsOf = (settings: AgentSettings, isDev: boolean): readonly Problem[] => {
  const { server, client, dataDir } = settings
  const problems: Problem[] = []
  if (server.isEnabled !== true && client.isEnabled !== true)
    problems.push({
      message: 'an agent is a server, a client, or both',
      hint: 'give -server, -client or -dev, or enabled = true in the block server or client of a file',
    })
  if (!isDev && dataDir === null)
    problems.push({ message: 'an agent needs a data directory', hint: 'give -data-dir, or data_dir in a file' })
  const directories = [dataDir, server.dataDir, client.stateDir, client.allocDir]
  for (const path of directories) {
    if (path !== null && !isAbsolute(path))
      problems.push({ message: `the directory "${path}" is not absolute`, hint: 'write it from / on' })
  }
  return [...problems, ...eventStoreProblems(settings), ...clientProblems(settings)]
}

/** The agent that settings describe. `hostname` names it if nobody does. */
export const resolveAgent = (
  settings: AgentSettings,
  { isDev, hostname }: { readonly isDev: boolean; readonly hostname: string },
): Resolved => {
  const problems = problemsOf(settings, isDev)
  if (problems.length > 0) return { ok: false, problems }
  const port = settings.http.port ?? DEFAULT_HTTP_PORT
  const { advertised } = settings.http
  return {
    ok: true,
    config: {
      isDev,
      dataDir: settings.dataDir,
      name: settings.name ?? hostname,
      region: settings.region ?? 'global',
      datacenter: settings.datacenter ?? 'dc1',
      http: {
        host: settings.http.address ?? settings.bindAddress ?? DEFAULT_BIND_ADDRESS,
        port,
        advertised: advertised === null ? null : parseAddress(advertised, port),
      },
      leavesOn: [
        ...(settings.leavesOnInterrupt === true ? (['SIGINT'] as const) : []),
        ...(settings.leavesOnTerminate === true ? (['SIGTERM'] as const) : []),
      ],
      log: { level: settings.log.level ?? 'info', format: settings.log.format ?? 'json' },
      server: serverOf(settings),
      client: clientOf(settings),
    },
  }
}
