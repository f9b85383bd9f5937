/** What tasks and machines use, as commands ask for it. */

export type TaskUsage = {
  readonly task: string
  readonly cpuMhz: number
  readonly cpuPercent: number
  readonly userPercent: number | null
  readonly systemPercent: number | null
  readonly throttledPeriods: number | null
  readonly throttledMs: number | null
  readonly memoryBytes: number
  readonly rssBytes: number | null
  readonly cacheBytes: number | null
  readonly swapBytes: number | null
  readonly usageBytes: number | null
  readonly maxUsageBytes: number | null
}

export type AllocationUsage = { readonly tasks: readonly TaskUsage[]; readonly unknownBecause: string | null }

export const allocationUsageFields = `unknownBecause
tasks {
  task cpuMhz cpuPercent userPercent systemPercent throttledPeriods throttledMs
  memoryBytes rssBytes cacheBytes swapBytes usageBytes maxUsageBytes
}`

export type HostUsage = {
  readonly cpuMhz: number
  readonly cores: readonly {
    readonly name: string
    readonly userPercent: number
    readonly systemPercent: number
    readonly idlePercent: number
  }[]
  readonly memory: {
    readonly totalBytes: number
    readonly availableBytes: number
    readonly usedBytes: number
    readonly freeBytes: number
  }
  readonly disk: {
    readonly device: string
    readonly mountPoint: string
    readonly sizeBytes: number
    readonly usedBytes: number
    readonly availableBytes: number
    readonly usedPercent: number
    readonly inodesUsedPercent: number
  }
  readonly uptimeSeconds: number
}

export type NodeUsage = {
  readonly unknownBecause: string | null
  readonly tasks: { readonly cpuMhz: number; readonly memoryBytes: number } | null
  readonly host: HostUsage | null
}

export const nodeUsageFields = `unknownBecause
tasks { cpuMhz memoryBytes }
host {
  cpuMhz uptimeSeconds
  cores { name userPercent systemPercent idlePercent }
  memory { totalBytes availableBytes usedBytes freeBytes }
  disk { device mountPoint sizeBytes usedBytes availableBytes usedPercent inodesUsedPercent }
}`
