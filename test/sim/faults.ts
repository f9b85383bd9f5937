import type { Chance } from './chance.ts'
import type { World } from './world.ts'

/** What can go wrong, each with its seeded strength. A run has only some of them, so that rare meetings get their turn. */
export type FaultKind = keyof typeof faults

type Fault = (world: World, chance: Chance) => string

const machineOf = (world: World, chance: Chance) => chance.pick(world.machines)
const RESTART_MS = [200, 2_000, 12_000] as const
const DOWN_MS = [500, 5_000, 40_000, 150_000] as const

const pickMs = (chance: Chance, values: readonly number[]): number => chance.pick(values) ?? 1_000

export const faults = {
  'server-killed': (world, chance) => {
    world.host.kill()
    return `server killed, back in ${world.restartServerIn(pickMs(chance, RESTART_MS))} ms`
  },
  'server-replaced': (world, chance) => {
    // The old one does not know yet: it sees no events for a while, goes on planning, and must not be able to decide.
    const old = world.host.current()
    if (old === null) return 'no server to replace'
    const blindMs = pickMs(chance, [500, 3_000, 15_000])
    world.store.holdSubscription(old.process, blindMs)
    for (const machine of world.machines) world.network.cut(machine.name)
    world.host.start()
    world.time.after(blindMs + 10_000, () => old.process.kill())
    return `server replaced; the old one is blind for ${blindMs} ms`
  },
  'append-fault': (world, chance) => {
    const kind =
      chance.pick(['crash-before', 'crash-after', 'unknown-before', 'unknown-after', 'refused'] as const) ??
      'crash-after'
    world.store.arm(kind)
    world.restartServerIn(pickMs(chance, RESTART_MS))
    return `next append: ${kind}`
  },
  'slow-fold': (world, chance) => {
    const server = world.host.current()
    const forMs = pickMs(chance, [50, 800, 4_000])
    if (server !== null) world.store.holdSubscription(server.process, forMs)
    return `the server sees nothing for ${forMs} ms`
  },
  'slow-store': (world, chance) => {
    const forMs = pickMs(chance, [1_000, 6_000, 20_000])
    world.store.stall(forMs)
    return `appends take their time for ${forMs} ms`
  },
  'link-cut': (world, chance) => {
    const machine = machineOf(world, chance)
    if (machine !== undefined) world.network.cut(machine.name)
    return `link of ${machine?.name} cut`
  },
  partition: (world, chance) => {
    const machine = machineOf(world, chance)
    const forMs = pickMs(chance, [2_000, 15_000, 45_000])
    if (machine !== undefined) world.network.partition(machine.name, forMs)
    return `${machine?.name} partitioned for ${forMs} ms`
  },
  storm: (world, chance) => {
    // All at once or one after the other, as racks and switches fail.
    const forMs = pickMs(chance, [25_000, 45_000, 400_000])
    const stepMs = pickMs(chance, [0, 1_000, 5_000])
    for (const [index, machine] of world.machines.entries()) {
      if (chance.isHit(0.8)) world.time.after(index * stepMs, () => world.network.partition(machine.name, forMs))
    }
    return `most machines partitioned for ${forMs} ms, ${stepMs} ms apart`
  },
  'slow-link': (world, chance) => {
    const machine = machineOf(world, chance)
    if (machine !== undefined) world.network.slow(machine.name, 10_000)
    return `link of ${machine?.name} slow`
  },
  'repeated-reports': (world, chance) => {
    const machine = machineOf(world, chance)
    if (machine !== undefined) world.network.repeatReports(machine.name, 10_000)
    return `reports of ${machine?.name} come twice`
  },
  'agent-killed': (world, chance) => {
    const machine = machineOf(world, chance)
    machine?.killAgent()
    const afterMs = pickMs(chance, DOWN_MS)
    world.time.after(afterMs, () => machine?.startAgent())
    return `agent of ${machine?.name} killed, back in ${afterMs} ms`
  },
  'agent-stopped': (world, chance) => {
    const machine = machineOf(world, chance)
    const endsTasks = chance.isHit(0.5)
    machine?.stopAgent(endsTasks)
    world.time.after(pickMs(chance, [20_000, 60_000]), () => machine?.startAgent())
    return `agent of ${machine?.name} stopped${endsTasks ? ' with its tasks' : ''}`
  },
  'machine-off': (world, chance) => {
    const machine = machineOf(world, chance)
    const losesDisk = chance.isHit(0.2)
    machine?.powerOff(losesDisk)
    const afterMs = pickMs(chance, DOWN_MS)
    const isForGood = chance.isHit(0.2)
    if (isForGood && machine !== undefined) world.retire(machine)
    else world.time.after(afterMs, () => machine?.startAgent())
    return `${machine?.name} off${losesDisk ? ' without its disk' : ''}${isForGood ? ' for good' : `, back in ${afterMs} ms`}`
  },
  'driver-errors': (world, chance) => {
    const machine = machineOf(world, chance)
    machine?.troubleDrivers(8_000)
    return `drivers of ${machine?.name} in trouble`
  },
  'clock-step': (world, chance) => {
    const offsetMs = pickMs(chance, [-3_600_000, -30_000, -2_000, 0, 2_000, 30_000, 3_600_000])
    const machine = chance.isHit(0.5) ? machineOf(world, chance) : undefined
    if (machine === undefined) world.host.stepClock(offsetMs)
    else machine.stepClock(offsetMs)
    return `clock of ${machine?.name ?? 'the server'} at ${offsetMs} ms`
  },
} as const satisfies Readonly<Record<string, Fault>>

export const faultKinds = Object.keys(faults) as readonly FaultKind[]
