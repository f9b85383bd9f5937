import type { Logger } from '../../src/platform/logger.ts'
import { type Chance, createChance } from './chance.ts'
import { type FaultKind, faultKinds, faults } from './faults.ts'
import { createSimMachine, type SimMachine } from './machine.ts'
import { createSimNetwork, type SimNetwork } from './network.ts'
import { createServerHost, type ServerHost } from './server-host.ts'
import { createSimStore, type SimStore } from './sim-store.ts'
import { createSimTime, type SimTime } from './virtual-clock.ts'

/** A cluster of production code over pretended time, network, disks and machines. */
export type World = {
  readonly time: SimTime
  readonly store: SimStore
  readonly network: SimNetwork
  readonly host: ServerHost
  readonly machines: readonly SimMachine[]
  /** Starts the server again in so many ms unless one is up by then. Answers the ms. */
  readonly restartServerIn: (ms: number) => number
  /** The machine never comes back. */
  readonly retire: (machine: SimMachine) => void
  /** Lets one of the faults of this run happen. */
  readonly trouble: () => string
  /** Nothing goes wrong any more, and what can come back does. */
  readonly heal: () => void
}

const MACHINES_MIN = 1
const MACHINES_MAX = 5
const FAULT_SHARE = 0.5

const drawFaults = (chance: Chance): readonly FaultKind[] => {
  const drawn = faultKinds.filter(() => chance.isHit(FAULT_SHARE))
  return drawn.length === 0 ? faultKinds : drawn
}

export const createWorld = (seed: number, logger: Logger): World => {
  const chance = createChance(seed)
  const time = createSimTime()
  const store = createSimStore(time, chance.fork('store'))
  const network = createSimNetwork(time, chance.fork('network'))
  const host = createServerHost({ time, chance: chance.fork('servers'), store, network, logger })
  const shape = chance.fork('machines')
  const machines = Array.from({ length: shape.integer(MACHINES_MIN, MACHINES_MAX) }, (_, index) =>
    createSimMachine({
      name: `machine-${index + 1}`,
      datacenter: shape.isHit(0.7) ? 'dc1' : 'dc2',
      cpuMhz: shape.pick([1_000, 2_000, 4_000]) ?? 2_000,
      time,
      chance: shape.fork(`machine-${index + 1}`),
      network,
      logger,
    }),
  )
  const faultChance = chance.fork('faults')
  const kinds = drawFaults(faultChance)
  const retired = new Set<SimMachine>()

  const restartServer = (): void => {
    if (host.current() === null) host.start()
  }

  const world: World = {
    time,
    store,
    network,
    host,
    machines,
    restartServerIn: ms => {
      time.after(ms, restartServer)
      return ms
    },
    retire: machine => void retired.add(machine),
    trouble: () => faults[faultChance.pick(kinds) ?? 'link-cut'](world, faultChance),
    heal: () => {
      store.disarm()
      network.heal()
      host.stepClock(0)
      restartServer()
      for (const machine of machines) {
        machine.heal()
        machine.stepClock(0)
        if (!retired.has(machine)) machine.startAgent()
      }
    },
  }
  host.start()
  for (const machine of machines) machine.startAgent()
  return world
}
