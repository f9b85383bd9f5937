import { nextLaunch } from '../agents/server/periodic-dispatcher.ts'
import type { ApiContext, PartHealth, Staleness } from '../api/context.ts'
import type { Metric } from '../api/http/metrics-text.ts'
import { decode } from '../app/codec.ts'
import { openJob } from '../app/open-job.ts'
import { getSubmission } from '../app/submission.ts'
import { musterVersion } from '../cli/version.ts'
import { urlOf } from '../config/addresses.ts'
import type { ServerConfig } from '../config/agent-config.ts'
import { STATE_CATEGORIES } from '../domain/streams.ts'
import { measureAppends } from '../eventstore/measured-store.ts'
import type { EventStore } from '../eventstore/port.ts'
import { createJobFileParser, toApiJson } from '../jobspec/index.ts'
import { openGate } from '../lang/hcl/index.ts'
import { exportLog } from '../logfile/export-log.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import type { AgentApi } from './agent-api.ts'
import { addressForOthers } from './listen.ts'
import { serverMetrics } from './metrics.ts'
import { makeDirectory, type Parts } from './parts.ts'
import { type Server, startServer } from './server.ts'
import { openStorage, type Storage } from './storage.ts'

/** An agent's server: the log that it keeps, and what runs on it. */
export type ServerRole = {
  readonly server: Server
  readonly storage: Storage
  readonly health: () => PartHealth
  readonly metrics: () => readonly Metric[]
  /** Settles when the server can go on no longer. */
  readonly done: Promise<void>
  readonly stop: () => Promise<void>
}

/** What a part of the server stands still for goes first: it stays until somebody looks. */
const stalenessOf = ({ view }: Server, { readModel }: Storage): Staleness | null => {
  const halted = view.halted()
  if (halted !== null) {
    return { kind: 'log-unreadable', message: `the log cannot be read on: ${halted.message}`, ageMs: null }
  }
  const trouble = readModel.trouble()
  if (trouble !== null) {
    const at = trouble.event === '' ? '' : ` before ${trouble.event}`
    const message = `the views stand still at position ${trouble.position}${at}: ${trouble.error}`
    return { kind: 'views-stopped', message, ageMs: null }
  }
  const since = view.lostSinceMs()
  if (since === null) return null
  const ageMs = Math.round(systemClock.monotonicMs() - since)
  return { kind: 'store-lost', message: 'the event store is out of reach', ageMs }
}

const healthOf = (server: Server, storage: Storage): PartHealth => {
  const stale = stalenessOf(server, storage)
  if (stale !== null) return { isOk: false, message: stale.message }
  return server.leader.isLeader() ? { isOk: true, message: 'ok' } : { isOk: false, message: 'no leader' }
}

/** Opens the log and starts a server on it. Throws AppError with everything that was begun undone. */
export const startServerRole = async (parts: Parts, role: ServerConfig): Promise<ServerRole> => {
  const { config, logger, paths } = parts
  makeDirectory(paths.server, 0o700)
  const storage = await openStorage({ config: role.eventStore, directory: paths.server, logger })
  const measured = measureAppends(storage.store, systemClock)
  const server = await startServer({
    store: measured.store,
    sealer: storage.sealer,
    parse: createJobFileParser({ gate: openGate(), now: () => systemClock.now() }),
    observers: [storage.readModel],
    clock: systemClock,
    random: systemRandom,
    logger,
    address: urlOf(addressForOthers(config, config.http.port)).replace(/^http:\/\//, ''),
    region: config.region,
    heartbeats: role.heartbeats,
    collection: role.collection,
  }).catch(async (error: unknown) => {
    await storage.close()
    throw error
  })
  return {
    server,
    storage,
    health: () => healthOf(server, storage),
    metrics: () =>
      serverMetrics({
        state: server.view.state,
        viewPosition: storage.readModel.position(),
        isLeader: server.leader.isLeader(),
        appends: measured.counts(),
      }),
    done: Promise.race([server.done, storage.failed]),
    stop: async () => {
      await server.stop()
      await storage.close()
    },
  }
}

async function* feedOf(
  store: EventStore,
  after: number,
  signal: AbortSignal,
): ReturnType<ApiContext['feed']> extends AsyncIterable<infer T> ? AsyncGenerator<T> : never {
  for await (const item of store.subscribe(after, { categories: STATE_CATEGORIES }, signal)) {
    if (item.kind === 'events') yield { kind: 'events', events: item.events.map(decode) }
    else if (item.kind === 'caught-up') yield item
  }
}

/** What the API of a server needs. */
export const serverContext = (parts: Parts, { server, storage }: ServerRole, api: AgentApi): ApiContext => {
  const { name, region, datacenter } = parts.config
  const { store, readModel } = storage
  return {
    ...api,
    get hosts() {
      return api.hosts
    },
    clock: systemClock,
    readModel,
    commands: server.commands,
    feed: (after, signal) => feedOf(store, after, signal),
    exportLog: signal => {
      const keys = storage.sealer.probes()
      return exportLog(
        store,
        { madeAt: systemClock.now(), muster: musterVersion(), region, server: name, keys },
        signal,
      )
    },
    head: () => store.head(),
    staleness: () => stalenessOf(server, storage),
    nextLaunch,
    showSpecification: async (namespace, job) => toApiJson(await openJob(namespace, job, server.open)),
    showSource: (namespace, stream) => getSubmission(server.sources, namespace, stream),
    serverMembers: () => {
      const url = new URL(api.agent().address)
      return [
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
      ]
    },
    onClientLink: link => server.hub.accept(link),
    askNode: (nodeId, request, signal) => server.hub.ask(nodeId, request, signal),
  }
}
