import { hostname } from 'node:os'
import { join } from 'node:path'
import { type ClientAgent, createClientAgent } from '../agents/client/agent.ts'
import { createDialer } from '../agents/client/dial.ts'
import { createDiskDirectories } from '../agents/client/directories.ts'
import { createDiskStateStore } from '../agents/client/disk-state-store.ts'
import type { TaskDriver } from '../agents/client/drivers/driver.ts'
import { driverRegistry } from '../agents/client/drivers/registry.ts'
import { createThisMachine } from '../agents/client/fingerprint/this-machine.ts'
import type { NodeConfig } from '../agents/client/node-config.ts'
import { createNetworkProbe } from '../agents/client/probe.ts'
import { createSecretMounts } from '../agents/client/secret-mounts.ts'
import { musterRevision, musterVersion } from '../cli/version.ts'
import type { AgentConfig, ClientConfig, DriversConfig } from '../config/agent-config.ts'
import { systemClock } from '../platform/clock.ts'
import { type FileLock, lockFile } from '../platform/file-lock.ts'
import { makeDirectories } from '../platform/make-directory.ts'
import { systemRandom } from '../platform/random.ts'
import { RUN_LABEL, removeDeadRuns } from './dev-runs.ts'
import { makeDirectory, type Parts } from './parts.ts'

/** On all that an agent of this data directory on this machine starts, whichever node it is at the time. */
const PLACE_LABEL = 'dev.muster.place'
/** How long a dev agent that stops waits for its tasks before they are killed, ms. */
export const STOP_TASKS_TIMEOUT_MS = 20_000

/** An agent's client: the node that it is, and the link to whichever server answers. */
export type ClientRole = {
  readonly client: ClientAgent
  /** URLs of servers, the one that answered last at the front. */
  readonly servers: () => readonly string[]
  readonly stop: () => Promise<void>
}

const isWanted = ({ allowed, denied }: DriversConfig, name: string): boolean =>
  !denied.includes(name) && (allowed === null || allowed.includes(name))

const createDrivers = ({ paths, logger }: Parts, drivers: DriversConfig): readonly TaskDriver[] =>
  Object.entries(driverRegistry)
    .filter(([name]) => isWanted(drivers, name))
    .map(([name, create]) => {
      const stateDir = join(paths.client, 'drivers', name)
      makeDirectories(stateDir, 0o700)
      return create({
        stateDir,
        options: drivers.options[name] ?? {},
        clock: systemClock,
        logger: logger.child({ driver: name }),
      })
    })

const nodeOf = ({ name, region, datacenter }: AgentConfig, role: ClientConfig): NodeConfig => ({
  name,
  region,
  datacenter,
  nodePool: role.nodePool,
  nodeClass: role.nodeClass,
  meta: role.meta,
  reserved: role.reserved,
  reservedPorts: role.reservedPorts,
  dynamicPorts: role.dynamicPorts,
  version: musterVersion(),
  cluster: region,
})

const createServerList = (servers: readonly string[]) => {
  let first = servers[0]
  return {
    answered: (address: string): void => {
      first = address
    },
    inOrder: (): readonly string[] =>
      first === undefined ? [] : [first, ...servers.filter(address => address !== first)],
  }
}

export type ClientSurroundings = {
  /** URLs of servers, to be dialled in this order. */
  readonly servers: readonly string[]
  /** `host:port` at which others find this agent's API. */
  readonly advertised: string
  /** Whether it is to say that it leaves when it stops. */
  readonly leaves: () => boolean
}

/** The client's directories, locked, and its drivers: what they need of the machine gets ready while the server starts. */
export type ClientGround = { readonly drivers: readonly TaskDriver[]; readonly leave: () => Promise<void> }

export const prepareClient = (parts: Parts, role: ClientConfig): ClientGround => {
  const { paths, run } = parts
  makeDirectory(paths.client, 0o700)
  makeDirectory(paths.alloc, 0o711)
  const lock: FileLock | null = run === null ? lockFile(join(paths.client, 'agent.lock')) : null
  const drivers = createDrivers(parts, role.drivers)
  return {
    drivers,
    leave: async () => {
      await Promise.allSettled(drivers.map(driver => driver.close()))
      lock?.release()
    },
  }
}

/** Starts the client; it dials the servers until one answers, for as long as it lives. */
export const startClientRole = async (
  parts: Parts,
  role: ClientConfig,
  { drivers }: ClientGround,
  { servers, advertised, leaves }: ClientSurroundings,
): Promise<ClientRole> => {
  const { config, paths, logger, run } = parts
  const list = createServerList(servers)
  const place = { [PLACE_LABEL]: `${hostname()}:${paths.client}` }
  /** A node whose identity was lost is another one now: what the old one ran is wanted by nobody here. */
  const removeLeftovers = async (isNewNode: boolean): Promise<void> => {
    if (run !== null) return removeDeadRuns(drivers, logger)
    if (!isNewNode) return
    for (const driver of drivers) await driver.sweep(place, new Set())
  }
  const client = createClientAgent({
    clock: systemClock,
    random: systemRandom,
    logger: logger.child({ component: 'client' }),
    dial: createDialer({ addresses: servers, onDialed: list.answered }),
    drivers,
    state: createDiskStateStore(join(paths.client, 'state'), logger),
    directories: createDiskDirectories(paths.alloc, createSecretMounts(logger)),
    machine: createThisMachine({
      allocDir: paths.alloc,
      networkInterface: role.networkInterface,
      agent: { version: musterVersion(), revision: musterRevision(), advertised },
      resources: role.resources,
    }),
    probe: createNetworkProbe(),
    node: nodeOf(config, role),
    limits: role.limits,
    labels: { [RUN_LABEL]: parts.runId, ...place },
    removeLeftovers,
  })
  await client.start()
  return {
    client,
    servers: list.inOrder,
    stop: () => client.stop({ endsTasks: run !== null, leaves: leaves(), timeoutMs: STOP_TASKS_TIMEOUT_MS }),
  }
}
