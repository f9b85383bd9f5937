import { type Check, oneOf, passes } from './check.ts'
import type { Refusal } from './refusal.ts'
import type { Demand, ResourceRefusals } from './request.ts'

const lack = (reason: string, amount: string): Refusal => ({
  check: 'resources',
  kind: 'exhausted',
  reason,
  needs: nodes => `${amount} free on ${oneOf(nodes)}`,
})

/** Every combination of lacks, by the bits cpu 1, memory 2, disk 4: a full cluster is refused without making anything. The reasons have Nomad's names of the dimensions. */
export const resourceRefusals = (demand: Demand): ResourceRefusals => {
  const lacks = [
    lack('cpu', `${demand.cpuMhz} MHz CPU`),
    lack('memory', `${demand.memoryMb} MB memory`),
    lack('disk', `${demand.diskMb} MB disk`),
  ]
  return Array.from({ length: 8 }, (_, bits) => lacks.filter((_lack, index) => (bits & (1 << index)) !== 0))
}

export const resources: Check = {
  name: 'resources',
  scope: 'node',
  applies: () => true,
  refuse: ({ demand, resourceRefusals: lacks }, candidate) => {
    const cpu = demand.cpuMhz <= candidate.freeCpuMhz ? 0 : 1
    const memory = demand.memoryMb <= candidate.freeMemoryMb ? 0 : 2
    const disk = demand.diskMb <= candidate.freeDiskMb ? 0 : 4
    return lacks[cpu + memory + disk] ?? passes
  },
}
