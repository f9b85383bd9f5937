import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import type { NodeResources } from '../../../domain/node/events.ts'
import { type AgentIdentity, agentFacts } from './agent.ts'
import { coreFacts } from './cores.ts'
import { cpuFacts } from './cpu.ts'
import { diskFacts } from './disk.ts'
import { hostFacts } from './host-id.ts'
import { holdersOfPorts, listeningPorts } from './listening-ports.ts'
import type { Machine, MachineFacts } from './machine.ts'
import { measureMachine } from './measure-machine.ts'
import { memoryFacts } from './memory.ts'
import { networkFacts } from './network.ts'
import { systemFacts } from './system.ts'

export type ThisMachineOptions = {
  /** Where allocations are kept: the disk that counts. */
  readonly allocDir: string
  readonly networkInterface: string | null
  readonly agent: AgentIdentity
  /** What an operator says that the machine has, in place of what is found. */
  readonly resources?: Partial<NodeResources>
}

const readFacts = async (options: ThisMachineOptions): Promise<MachineFacts> => {
  const [disk, network, system, host, cores] = await Promise.all([
    diskFacts(options.allocDir),
    networkFacts(options.networkInterface),
    systemFacts(),
    hostFacts(),
    coreFacts(core => cpus()[core]?.speed ?? 0),
  ])
  const cpu = cpuFacts()
  const memory = memoryFacts()
  return {
    attributes: {
      ...cpu.attributes,
      ...memory.attributes,
      ...disk.attributes,
      ...system,
      ...host,
      ...cores,
      ...agentFacts(options.agent),
      'unique.network.ip-address': network.address,
      'unique.network.interface': network.source,
    },
    resources: { cpuMhz: cpu.totalMhz, memoryMb: memory.totalMb, diskMb: disk.freeMb, ...options.resources },
    address: network.address,
    warnings: network.warning === null ? [] : [network.warning],
  }
}

/** The machine that this process runs on. */
export const createThisMachine = (options: ThisMachineOptions): Machine => ({
  facts: () => readFacts(options),
  bootId: async () => (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown')).trim(),
  listeningPorts,
  holdersOf: holdersOfPorts,
  measure: () => measureMachine(options.allocDir),
})
