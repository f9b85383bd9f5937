import { type ClientAgent, createClientAgent } from '../../src/agents/client/agent.ts'
import { createMemoryDirectories, type Directories } from '../../src/agents/client/directories.ts'
import type { TaskDriver } from '../../src/agents/client/drivers/driver.ts'
import { createMockDriver } from '../../src/agents/client/drivers/mock/mock-driver.ts'
import { createMockWorld, type MockWorld } from '../../src/agents/client/drivers/mock/mock-world.ts'
import { createFixedMachine } from '../../src/agents/client/fingerprint/machine.ts'
import { createMemoryStateStore, type StateStore } from '../../src/agents/client/state-store.ts'
import { AppError } from '../../src/platform/errors.ts'
import type { Logger } from '../../src/platform/logger.ts'
import type { Chance } from './chance.ts'
import type { SimNetwork } from './network.ts'
import { createSimProcess, type SimProcess } from './sim-process.ts'
import { createProcessClock, type SimTime } from './virtual-clock.ts'

/** A machine with an agent on it. Its tasks outlive the agent; a reboot ends them; a new disk makes it another node. */
export type SimMachine = {
  readonly name: string
  readonly isUp: () => boolean
  readonly nodeId: () => string
  readonly tasks: () => readonly string[]
  /** It went down at least once, and its tasks with it. */
  readonly hasLostTasks: () => boolean
  readonly startAgent: () => void
  /** As kill -9: tasks run on. */
  readonly killAgent: () => void
  /** An orderly end of the agent, with or without its tasks. */
  readonly stopAgent: (endsTasks: boolean) => void
  /** The machine goes down at once; `startAgent` brings it back. */
  readonly powerOff: (losesDisk: boolean) => void
  readonly troubleDrivers: (forMs: number) => void
  readonly stepClock: (offsetMs: number) => void
  readonly heal: () => void
}

export type MachineOptions = {
  readonly name: string
  readonly datacenter: string
  readonly cpuMhz: number
  readonly time: SimTime
  readonly chance: Chance
  readonly network: SimNetwork
  readonly logger: Logger
}

const DRIVER_ERROR_PROBABILITY = 0.4
const PROBE_FAILURE_PROBABILITY = 0.05

type Trouble = { readonly isDue: () => boolean }

/** The driver as one process has it: it answers no dead process, and in times of trouble it may not answer at all. */
const driverOf = (inner: TaskDriver, owner: SimProcess, trouble: Trouble): TaskDriver => {
  const never = new Promise<never>(() => {})
  const call = async <T>(run: () => Promise<T>): Promise<T> => {
    if (!owner.isAlive()) return never
    if (trouble.isDue()) throw new AppError('DRIVER_UNREACHABLE', 'the pretended driver does not answer')
    const result = await run()
    // An effect that was made by a process that died meanwhile is never told to anybody.
    return owner.isAlive() ? result : never
  }
  return {
    ...inner,
    start: async (task, onEvent, signal) => {
      const result = await call(() => inner.start(task, onEvent, signal))
      // The task started, but the answer was lost: the agent asks again and must find it.
      if (trouble.isDue()) throw new AppError('DRIVER_UNREACHABLE', 'the pretended driver died while it started a task')
      return result
    },
    recover: handle => call(() => inner.recover(handle)),
    wait: (handle, signal) => call(() => inner.wait(handle, signal)),
    stop: (handle, signal, timeoutMs) => call(() => inner.stop(handle, signal, timeoutMs)),
    signal: (handle, signal) => call(() => inner.signal(handle, signal)),
    destroy: handle => call(() => inner.destroy(handle)),
    sweep: (labels, keep) => call(() => inner.sweep(labels, keep)),
  }
}

export const createSimMachine = (options: MachineOptions): SimMachine => {
  const { name, time, chance, network, logger } = options
  const world: MockWorld = createMockWorld(createProcessClock(time))
  let state: StateStore = createMemoryStateStore()
  let directories: Directories = createMemoryDirectories()
  let troubledUntil = 0
  let boots = 1
  let starts = 0
  let disks = 1
  let offsetMs = 0
  let keepsNothing = false
  let running: { readonly process: SimProcess; readonly agent: ClientAgent } | null = null

  const trouble: Trouble = {
    isDue: () => troubledUntil > time.elapsedMs() && chance.isHit(DRIVER_ERROR_PROBABILITY),
  }

  const alive = () => (running?.process.isAlive() === true ? running : null)

  const renewDisk = (): void => {
    disks += 1
    state = createMemoryStateStore()
    directories = createMemoryDirectories()
  }

  const startAgent = (): void => {
    if (alive() !== null) return
    starts += 1
    if (keepsNothing) {
      // Whether it came to its end or was killed on the way: the next one removes what is left, and is another node.
      keepsNothing = false
      world.loseTasks()
      renewDisk()
    }
    const process = createSimProcess(`${name}-agent-${starts}`, time)
    process.clock.stepTo(offsetMs)
    const own = chance.fork(process.name)
    const { clock } = process
    const agent = createClientAgent({
      clock,
      random: own.random,
      logger: logger.child({ agent: process.name }),
      dial: () => network.dial(name, process),
      drivers: [driverOf(createMockDriver({ clock }, world), process, trouble)],
      state,
      directories,
      machine: {
        ...createFixedMachine({ resources: { cpuMhz: options.cpuMhz, memoryMb: 4_096, diskMb: 20_000 } }),
        bootId: async () => `${name}-boot-${boots}`,
      },
      probe: async () => ({ isSuccess: !own.isHit(PROBE_FAILURE_PROBABILITY), output: 'probed' }),
      node: {
        name: `${name}-${disks}`,
        region: 'global',
        datacenter: options.datacenter,
        nodePool: 'default',
        nodeClass: '',
        meta: {},
        reserved: { cpuMhz: 100, memoryMb: 128, diskMb: 0 },
        reservedPorts: [22],
        dynamicPorts: { min: 20_000, max: 32_000 },
        version: '0.1.0',
        cluster: 'sim',
      },
    })
    process.onKill(agent.crash)
    running = { process, agent }
    agent.start().catch((error: unknown) => {
      if (process.isAlive()) throw error
    })
  }

  return {
    name,
    startAgent,
    isUp: () => alive() !== null,
    nodeId: () => alive()?.agent.nodeId() ?? '',
    tasks: world.running,
    hasLostTasks: () => boots > 1,
    killAgent: () => alive()?.process.kill(),
    stopAgent: endsTasks => {
      const stopping = alive()
      if (stopping === null) return
      // Only an agent that keeps nothing takes its tasks along.
      keepsNothing ||= endsTasks
      void stopping.agent.stop({ endsTasks }).then(() => stopping.process.kill())
    },
    powerOff: losesDisk => {
      alive()?.process.kill()
      world.loseTasks()
      boots += 1
      if (losesDisk) renewDisk()
    },
    troubleDrivers: forMs => {
      troubledUntil = time.elapsedMs() + forMs
    },
    stepClock: next => {
      offsetMs = next
      alive()?.process.clock.stepTo(next)
    },
    heal: () => {
      troubledUntil = 0
    },
  }
}
