import type { NodeResources } from '../../../domain/node/events.ts'
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
})
