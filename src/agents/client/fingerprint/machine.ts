import type { NodeResources } from '../../../domain/node/events.ts'
import type { DiskUsage, MemoryUsage } from '../../../protocol/usage.ts'
import type { HeldPort } from '../task-context.ts'

/** What is known of the machine without its drivers. */
export type MachineFacts = {
  readonly attributes: Readonly<Record<string, string>>
  readonly resources: NodeResources
  /** The address that ports are published on. */
  readonly address: string
  /** What else a person should know, such as that only loopback was found. */
  readonly warnings: readonly string[]
}

/** Time since the machine's start, ms; what was used lately is the difference of two readings. */
export type CoreTimes = {
  readonly name: string
  readonly userMs: number
  readonly systemMs: number
  readonly idleMs: number
}

/** What the machine has used and holds at one moment. */
export type MachineMeasurement = {
  readonly cores: readonly CoreTimes[]
  readonly memory: MemoryUsage
  readonly disk: DiskUsage
  readonly uptimeSeconds: number
}

/** The machine as the agent sees it: a port, so that the simulation has machines of its own. */
export type Machine = {
  /** Throws CONFIG_INVALID when the configured network interface does not exist. */
  readonly facts: () => Promise<MachineFacts>
  /** Changes with every start of the machine. */
  readonly bootId: () => Promise<string>
  /** Ports that anybody on the machine listens on, ascending. */
  readonly listeningPorts: () => Promise<readonly number[]>
  /** Which of these ports are held, and by whom. */
  readonly holdersOf: (ports: readonly number[]) => Promise<readonly HeldPort[]>
  readonly measure: () => Promise<MachineMeasurement>
}

/** A machine of given size with nothing else on it. */
export const createFixedMachine = (facts: Partial<MachineFacts> = {}): Machine => ({
  facts: async () => ({
    attributes: { 'kernel.name': 'linux', 'cpu.arch': 'amd64' },
    resources: { cpuMhz: 4_000, memoryMb: 8_192, diskMb: 50_000 },
    address: '127.0.0.1',
    warnings: [],
    ...facts,
  }),
  bootId: async () => 'fixed',
  listeningPorts: async () => [],
  holdersOf: async () => [],
  measure: async () => ({
    cores: [{ name: 'cpu0', userMs: 0, systemMs: 0, idleMs: 0 }],
    memory: { totalBytes: 8_192, availableBytes: 4_096, usedBytes: 4_096, freeBytes: 2_048 },
    disk: {
      device: 'disk',
      mountPoint: '/',
      sizeBytes: 1_000,
      usedBytes: 100,
      availableBytes: 900,
      usedPercent: 10,
      inodesUsedPercent: 1,
    },
    uptimeSeconds: 60,
  }),
})
