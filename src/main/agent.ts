import { mkdirSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { type ClientAgent, createClientAgent } from '../agents/client/agent.ts'
import { createDialer } from '../agents/client/dial.ts'
import { createDiskDirectories } from '../agents/client/directories.ts'
import { createDiskStateStore } from '../agents/client/disk-state-store.ts'
import type { TaskDriver } from '../agents/client/drivers/driver.ts'
import { driverRegistry } from '../agents/client/drivers/registry.ts'
import { createThisMachine } from '../agents/client/fingerprint/this-machine.ts'
import { createNetworkProbe } from '../agents/client/probe.ts'
import { nextLaunch } from '../agents/server/periodic-dispatcher.ts'
import { buildServer } from '../api/build-server.ts'
import type { ApiContext } from '../api/context.ts'
import { decode } from '../app/codec.ts'
import { openJob } from '../app/open-job.ts'
import type { AgentOptions } from '../cli/agent-options.ts'
import { musterRevision, musterVersion } from '../cli/version.ts'
import type { Json } from '../domain/json.ts'
import { STATE_CATEGORIES } from '../domain/streams.ts'
import { createMemoryStore } from '../eventstore/memory.ts'
import type { EventStore } from '../eventstore/port.ts'
import { openSqliteStore } from '../eventstore/sqlite.ts'
import { createJobFileParser, toApiJson } from '../jobspec/index.ts'
import { openGate } from '../lang/hcl/index.ts'
import { systemClock } from '../platform/clock.ts'
import { AppError, systemCodeOf } from '../platform/errors.ts'
import { uuidV4 } from '../platform/ids.ts'
import { createMemoryKeyring, openKeyringFile } from '../platform/keyring.ts'
import { createLogger, type Logger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { createSealer } from '../platform/sealing.ts'
import { IN_MEMORY } from '../projections/database.ts'
import { createReadModel, type ReadModel } from '../projections/runner.ts'
import { createDevRun, type DevRun, RUN_LABEL, removeDeadRuns } from './dev-runs.ts'
import { type Server, startServer } from './server.ts'

/** Nomad's port, which its users' hands and tools know. */
export const DEFAULT_HTTP_PORT = 4646
const DEFAULT_BIND_ADDRESS = '127.0.0.1'
/** How long a dev agent that stops waits for its tasks before they are killed, ms. */
const STOP_TASKS_TIMEOUT_MS = 20_000

export type RunningAgent = {
  readonly address: string
  readonly nodeId: string
  /** Resolves once the node is ready to run tasks. */
  readonly ready: Promise<void>
  /** Resolves with the exit code when the agent has stopped by itself: 1, with the cause logged. */
  readonly failed: Promise<number>
  readonly stop: () => Promise<void>
}

type Paths = { readonly root: string; readonly server: string; readonly client: string; readonly alloc: string }

type Parts = {
  readonly options: AgentOptions
  readonly logger: Logger
  readonly run: DevRun | null
  readonly runId: string
  readonly paths: Paths
}

const pathsOf = (root: string): Paths => ({
  root,
  server: join(root, 'server'),
  client: join(root, 'client'),
  alloc: join(root, 'alloc'),
})

const makeDirectories = (paths: Paths): void => {
  try {
    for (const path of [paths.server, paths.client]) mkdirSync(path, { recursive: true, mode: 0o700 })
    mkdirSync(paths.alloc, { recursive: true, mode: 0o711 })
  } catch (error) {
    throw new AppError(
      'DATA_DIR_UNUSABLE',
      `the data directory ${paths.root} cannot be made: ${systemCodeOf(error) ?? String(error)}`,
      { cause: error },
    )
  }
}

type Storage = { readonly store: EventStore; readonly readModel: ReadModel; readonly failed: Promise<never> }

const openStorage = async ({ options, logger, paths }: Parts): Promise<Storage> => {
  let fail: (error: AppError) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {})
  const isKept = options.dataDir !== null
  const store = isKept
    ? await openSqliteStore({ path: join(paths.server, 'events.db'), onStopped: error => fail(error) })
    : createMemoryStore()
  const readModel = createReadModel({
    path: isKept ? join(paths.server, 'views.db') : IN_MEMORY,
    clock: systemClock,
    logger,
  })
  const head = await store.head()
  if (readModel.position() > head) {
    throw new AppError(
      'STORE_CORRUPT',
      `the views have seen position ${readModel.position()}, but the log ends at ${head}: events are missing`,
      {
        hint: 'restore the log from a backup; the views may be removed, they are built anew',
      },
    )
  }
  return { store, readModel, failed }
}

const startServerPart = async (parts: Parts, storage: Storage, address: string): Promise<Server> => {
  const { store, readModel } = storage
  const head = await store.head()
  const keyring =
    parts.options.dataDir === null
      ? createMemoryKeyring(systemRandom)
      : openKeyringFile({ path: join(parts.paths.server, 'keyring.json'), isRequired: head >= 0, random: systemRandom })
  const sealer = createSealer({ keyring, random: systemRandom })
  // Makes the keyring's file before the log's first event: a log without one is taken for a keyring that was lost.
  sealer.digest('default', '')
  return startServer({
    store,
    sealer,
    parse: createJobFileParser({ gate: openGate(), now: () => systemClock.now() }),
    observers: [readModel],
    clock: systemClock,
    random: systemRandom,
    logger: parts.logger,
    address,
    region: parts.options.region ?? 'global',
  })
}

async function* feedOf(
  store: EventStore,
  after: number,
  signal: AbortSignal,
): ReturnType<ApiContext['feed']> extends AsyncIterable<infer T> ? AsyncGenerator<T> : never {
  for await (const item of store.subscribe(after, { categories: STATE_CATEGORIES }, signal)) {
    if (item.kind === 'events') yield { kind: 'events', events: item.events.map(decode) }
    else yield item
  }
}

const contextOf = (
  parts: Parts,
  storage: Storage,
  server: Server,
  facts: { readonly address: string; readonly nodeId: () => string },
): ApiContext => {
  const { options, logger } = parts
  const { store, readModel } = storage
  const region = options.region ?? 'global'
  const name = options.nodeName ?? hostname()
  const datacenter = options.datacenter ?? 'dc1'
  const url = new URL(facts.address)
  return {
    clock: systemClock,
    random: systemRandom,
    logger: logger.child({ component: 'api' }),
    readModel,
    commands: server.commands,
    feed: (after, signal) => feedOf(store, after, signal),
    head: () => store.head(),
    nextLaunch,
    showSpecification: async (namespace, job) => toApiJson(await openJob(namespace, job, server.open)),
    agent: () => ({
      version: musterVersion(),
      revision: musterRevision(),
      region,
      datacenter,
      name,
      address: facts.address,
      isServer: true,
      nodeId: facts.nodeId(),
      isDev: options.isDev,
    }),
    serverMembers: () => [
      {
        name: `${name}.${region}`,
        address: url.hostname,
        port: Number(url.port),
        status: 'alive',
        isLeader: server.leader.isLeader(),
        version: musterVersion(),
        datacenter,
        region,
      },
    ],
    health: () => ({
      server: { isOk: server.leader.isLeader(), message: server.leader.isLeader() ? 'ok' : 'no leader' },
      client: {
        isOk: server.hub.isConnected(facts.nodeId()),
        message: server.hub.isConnected(facts.nodeId()) ? 'ok' : 'not connected',
      },
    }),
    onClientLink: link => server.hub.accept(link),
    askNode: (nodeId, request, signal) => server.hub.ask(nodeId, request, signal),
    hosts: [options.bindAddress ?? DEFAULT_BIND_ADDRESS],
  }
}

const listen = async (api: FastifyInstance, host: string, port: number): Promise<string> => {
  try {
    return await api.listen({ host, port })
  } catch (error) {
    if (systemCodeOf(error) === 'EADDRINUSE') {
      throw new AppError('ADDRESS_IN_USE', `the agent's API cannot listen on ${host}:${port}: the port is taken`, {
        hint: 'stop what holds it, or choose another with -http-port',
        cause: error,
      })
    }
    throw new AppError(
      'CONFIG_INVALID',
      `the agent's API cannot listen on ${host}:${port}: ${systemCodeOf(error) ?? String(error)}`,
      { cause: error },
    )
  }
}

/** Plain processes are not isolated from the machine: only a dev agent runs them unasked. */
const driverOptions = (name: string, isDev: boolean): Readonly<Record<string, Json>> =>
  name === 'raw_exec' && isDev ? { enabled: true } : {}

const createDrivers = ({ options, paths, logger }: Parts): readonly TaskDriver[] =>
  Object.entries(driverRegistry).map(([name, create]) => {
    const stateDir = join(paths.client, 'drivers', name)
    mkdirSync(stateDir, { recursive: true, mode: 0o700 })
    return create({
      stateDir,
      options: driverOptions(name, options.isDev),
      clock: systemClock,
      logger: logger.child({ driver: name }),
    })
  })

const startClient = async (parts: Parts, api: string): Promise<ClientAgent> => {
  const { options, paths, logger, run } = parts
  const drivers = createDrivers(parts)
  const none = { cpuMhz: 0, memoryMb: 0, diskMb: 0 }
  const region = options.region ?? 'global'
  const client = createClientAgent({
    clock: systemClock,
    random: systemRandom,
    logger: logger.child({ component: 'client' }),
    dial: createDialer({ addresses: [api] }),
    drivers,
    state: createDiskStateStore(join(paths.client, 'state'), logger),
    directories: createDiskDirectories(paths.alloc),
    machine: createThisMachine({
      allocDir: paths.alloc,
      networkInterface: options.networkInterface,
      version: musterVersion(),
    }),
    probe: createNetworkProbe(),
    node: {
      name: options.nodeName ?? hostname(),
      region,
      datacenter: options.datacenter ?? 'dc1',
      nodePool: options.nodePool ?? 'default',
      nodeClass: options.nodeClass ?? '',
      meta: options.meta,
      reserved: none,
      reservedPorts: [],
      version: musterVersion(),
      cluster: region,
    },
    labels: { [RUN_LABEL]: parts.runId },
    ...(run === null ? {} : { removeLeftovers: () => removeDeadRuns(drivers, logger) }),
  })
  await client.start()
  return client
}

/** Starts server and client in this process. Throws AppError with everything that was begun undone. */
export const startAgent = async (options: AgentOptions): Promise<RunningAgent> => {
  const logger = createLogger(options.logLevel === 'trace' ? 'debug' : options.logLevel)
  const runId = uuidV4(systemRandom)
  const run = options.dataDir === null ? createDevRun(runId) : null
  const paths = pathsOf(options.dataDir ?? run?.directory ?? '')
  const parts: Parts = { options, logger, run, runId, paths }
  const undo: (() => Promise<void> | void)[] = [() => run?.remove()]
  const undoAll = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step()
  }
  try {
    makeDirectories(paths)
    const storage = await openStorage(parts)
    undo.push(async () => {
      await storage.store.close()
      storage.readModel.close()
    })
    const host = options.bindAddress ?? DEFAULT_BIND_ADDRESS
    const port = options.httpPort ?? DEFAULT_HTTP_PORT
    const server = await startServerPart(parts, storage, `${host}:${port}`)
    undo.push(() => server.stop())
    let client: ClientAgent | null = null
    let address = `http://${host}:${port}`
    const api = buildServer(
      contextOf(parts, storage, server, {
        get address() {
          return address
        },
        nodeId: () => client?.nodeId() ?? '',
      }),
    )
    undo.push(() => api.close())
    address = await listen(api, host, port)
    if (!isLoopback(host))
      logger.warn({ host }, 'the API listens beyond loopback, and nothing controls who may use it yet')
    client = await startClient(parts, address)
    const started = client
    undo.push(() => started.stop({ endsTasks: run !== null, timeoutMs: STOP_TASKS_TIMEOUT_MS }))
    const failed = Promise.race([server.done, storage.failed]).then(
      () => 1,
      (error: unknown) => {
        logger.error({ error: String(error) }, 'the agent cannot go on')
        return 1
      },
    )
    return { address, nodeId: client.nodeId(), ready: client.ready, failed, stop: undoAll }
  } catch (error) {
    await undoAll()
    throw error
  }
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')
