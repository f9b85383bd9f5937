import type { FastifyInstance } from 'fastify'
import { buildClientApi } from '../api/build-client-api.ts'
import { buildServer } from '../api/build-server.ts'
import { urlOf } from '../config/addresses.ts'
import type { AgentConfig } from '../config/agent-config.ts'
import { systemClock, untilAborted } from '../platform/clock.ts'
import { uuidV4 } from '../platform/ids.ts'
import { createLogger, type Logger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { type AgentApi, createAgentApi } from './agent-api.ts'
import { type ClientRole, prepareClient, STOP_TASKS_TIMEOUT_MS, startClientRole } from './client-role.ts'
import { createDevRun } from './dev-runs.ts'
import { addressForOthers, isLoopback, listen } from './listen.ts'
import { clientMetrics, processMetrics } from './metrics.ts'
import { type Parts, pathsOf } from './parts.ts'
import { createReload, levelOf } from './reload.ts'
import { type ServerRole, serverContext, startServerRole } from './server-role.ts'
import { leave, STOP_TIMEOUT_MS, stopWithin, whileAwake } from './stop.ts'

export type RunningAgent = {
  /** The URL under which this machine reaches the API. */
  readonly address: string
  /** Null for an agent that is no client. */
  readonly nodeId: string | null
  /** Resolves once the node is ready to run tasks. */
  readonly ready: Promise<void>
  /** Resolves with the exit code when the agent has stopped by itself: 1, with the cause logged. */
  readonly failed: Promise<number>
  /** Takes up a configuration that was read again, as far as that can be; says in the log what became of it. */
  readonly reload: (read: () => Promise<AgentConfig>) => Promise<void>
  readonly stop: () => Promise<void>
}

/** What was begun, to be undone in the opposite order. */
const createUndo = () => {
  const steps: (() => Promise<void> | void)[] = []
  return {
    add: (step: () => Promise<void> | void): void => void steps.push(step),
    all: async (): Promise<void> => {
      for (const step of steps.splice(0).toReversed()) await step()
    },
  }
}

type Undo = ReturnType<typeof createUndo>

/** The roles that there are yet; the API is built before the client, which may dial it. */
type Roles = { server: ServerRole | null; client: ClientRole | null; url: string }

const partsOf = (config: AgentConfig, logger: Logger, undo: Undo): Parts => {
  const runId = uuidV4(systemRandom)
  const run = config.dataDir === null ? createDevRun(runId) : null
  undo.add(() => run?.remove())
  return { config, logger, run, runId, paths: pathsOf(config, config.dataDir ?? run?.directory ?? '') }
}

const urlForOthers = ({ config }: Parts, { url }: Roles): string =>
  urlOf(addressForOthers(config, Number(new URL(url).port)))

const apiOf = (parts: Parts, roles: Roles): AgentApi => {
  return createAgentApi(parts, {
    address: () => urlForOthers(parts, roles),
    nodeId: () => roles.client?.client.nodeId() ?? null,
    server: () => roles.server?.health() ?? null,
    client: () => {
      if (parts.config.client === null) return null
      const isOk = roles.client?.client.isConnected() ?? false
      return { isOk, message: isOk ? 'ok' : 'not connected to a server' }
    },
    metrics: () => [
      ...processMetrics(),
      ...(roles.server?.metrics() ?? []),
      ...(roles.client === null ? [] : clientMetrics(roles.client.client.isConnected())),
    ],
  })
}

const buildApi = (parts: Parts, roles: Roles): FastifyInstance => {
  const api = apiOf(parts, roles)
  if (roles.server !== null) return buildServer(serverContext(parts, roles.server, api))
  return buildClientApi({
    ...api,
    get hosts() {
      return api.hosts
    },
    servers: () => roles.client?.servers() ?? [],
  })
}

/** Null: the agent was told to stop before all of them were there. */
const startRoles = async (parts: Parts, undo: Undo, stopping: AbortSignal): Promise<Roles | null> => {
  const { config, logger } = parts
  const roles: Roles = { server: null, client: null, url: urlOf(config.http) }
  const ground = config.client === null ? null : prepareClient(parts, config.client)
  undo.add(() => ground?.leave())
  if (config.server !== null) {
    const server = await startServerRole(parts, config.server)
    undo.add(server.stop)
    roles.server = server
  }
  if (stopping.aborted) return null
  const api = buildApi(parts, roles)
  undo.add(() => api.close())
  // Before the API hangs up on them: nodes are told why their links end.
  undo.add(() => roles.server?.server.hub.close())
  roles.url = await listen(api, config.http)
  const { host } = config.http
  if (!isLoopback(host))
    logger.warn({ host }, 'the API listens beyond loopback, and nothing controls who may use it yet')
  if (config.client !== null && ground !== null) {
    const own = roles.server === null ? [] : [roles.url]
    const client = await startClientRole(parts, config.client, ground, {
      servers: [...own, ...config.client.servers],
      advertised: urlForOthers(parts, roles).replace(/^http:\/\//, ''),
      leaves: () => config.leavesOn.some(signal => signal === stopping.reason),
    })
    undo.add(client.stop)
    roles.client = client
  }
  return stopping.aborted ? null : roles
}

/** The roles once they are there, or null as soon as the agent is told to stop. What hangs then ends the process. */
const startUnlessStopped = async (parts: Parts, undo: Undo, stopping: AbortSignal): Promise<Roles | null> => {
  const starting = startRoles(parts, undo, stopping)
  const first = await Promise.race([starting, untilAborted(stopping).then(() => null)])
  if (first === null) await stopWithin({ ...stopRules(parts), timeoutMs: STOP_TIMEOUT_MS, stop: () => starting })
  return first
}

/** What hangs would keep the process; a second signal would end it the same way. */
const stopRules = ({ logger }: Pick<Parts, 'logger'>) => ({ clock: systemClock, logger, leave })

const start = async (config: AgentConfig, stopping: AbortSignal, undo: Undo): Promise<RunningAgent | null> => {
  const logger = createLogger({ level: levelOf(config), format: config.log.format })
  const parts = partsOf(config, logger, undo)
  const timeoutMs = STOP_TIMEOUT_MS + (parts.run === null ? 0 : STOP_TASKS_TIMEOUT_MS)
  const stop = () => whileAwake(() => stopWithin({ ...stopRules(parts), timeoutMs, stop: undo.all }))
  const roles = await startUnlessStopped(parts, undo, stopping)
  if (roles === null) {
    await stop()
    return null
  }
  const { server, client, url } = roles
  const failed = (server?.done ?? new Promise<void>(() => {})).then(
    () => 1,
    (error: unknown) => {
      logger.error({ error: String(error) }, 'the agent cannot go on')
      return 1
    },
  )
  return {
    address: url,
    nodeId: client?.client.nodeId() ?? null,
    ready: client?.client.ready ?? Promise.resolve(),
    failed,
    reload: createReload(config, logger),
    stop,
  }
}

/**
 * Starts what `config` says, in this process. Null: it was told to stop before it had come up, and everything that was begun
 * is undone. Throws AppError with everything that was begun undone, too.
 */
export const startAgent = (config: AgentConfig, stopping: AbortSignal): Promise<RunningAgent | null> =>
  whileAwake(async () => {
    const undo = createUndo()
    try {
      return await start(config, stopping, undo)
    } catch (error) {
      await undo.all()
      throw error
    }
  })
