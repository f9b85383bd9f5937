import { type Check, oneOf, passes } from './check.ts'
import type { Refusal } from './refusal.ts'
import type { Demand, ResourceRefusals } from './request.ts'

const lack = (reason: string, amount: string): Refusal => ({
  check: 'resources',
  kind: 'exhausted',
  reason,
  needs: nodes => `${amount} free on ${oneOf(nodes)}`,
})

/** The reasons have Nomad's names of the dimensions. */
export const resourceRefusals = (demand: Demand): ResourceRefusals => ({
  cpu: lack('cpu', `${demand.cpuMhz} MHz CPU`),
  memory: lack('memory', `${demand.memoryMb} MB memory`),
  disk: lack('disk', `${demand.diskMb} MB disk`),
})

export const resources: Check = {
  name: 'resources',
  scope: 'node',
  applies: () => true,
  refuse: ({ demand, resourceRefusals: lacks }, candidate) => {
    const fitsCpu = demand.cpuMhz <= candidate.freeCpuMhz
    const fitsMemory = demand.memoryMb <= candidate.freeMemoryMb
    const fitsDisk = demand.diskMb <= candidate.freeDiskMb
    if (fitsCpu && fitsMemory && fitsDisk) return passes
    return [...(fitsCpu ? [] : [lacks.cpu]), ...(fitsMemory ? [] : [lacks.memory]), ...(fitsDisk ? [] : [lacks.disk])]
  },
}
