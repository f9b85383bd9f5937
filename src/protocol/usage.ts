/** What tasks and machines use, as agents answer it. Never an event: it is asked for, shown and forgotten (design §3). */

/** What a task uses now. Null: its driver, or the machine's kernel, does not tell. */
export type TaskUsage = {
  readonly takenAt: number
  /** Of all cores, by the speed of the node's processor. */
  readonly cpuMhz: number
  /** Of one core: 200 is two cores in full. */
  readonly cpuPercent: number
  readonly userPercent: number | null
  readonly systemPercent: number | null
  readonly throttledPeriods: number | null
  readonly throttledMs: number | null
  /** The resident set; where that is not known, all that counts against the task's limit. */
  readonly memoryBytes: number
  readonly rssBytes: number | null
  readonly cacheBytes: number | null
  readonly swapBytes: number | null
  readonly usageBytes: number | null
  readonly maxUsageBytes: number | null
}

export type CoreUsage = {
  readonly name: string
  readonly userPercent: number
  readonly systemPercent: number
  readonly idlePercent: number
}

export type MemoryUsage = {
  readonly totalBytes: number
  readonly availableBytes: number
  readonly usedBytes: number
  readonly freeBytes: number
}

/** The disk that the allocations' directories are on. */
export type DiskUsage = {
  readonly device: string
  readonly mountPoint: string
  readonly sizeBytes: number
  readonly usedBytes: number
  readonly availableBytes: number
  readonly usedPercent: number
  readonly inodesUsedPercent: number
}

/** What a machine uses now, its tasks included. */
export type HostUsage = {
  readonly takenAt: number
  readonly cpuMhz: number
  readonly cores: readonly CoreUsage[]
  readonly memory: MemoryUsage
  readonly disk: DiskUsage
  readonly uptimeSeconds: number
}

/** What the tasks of a node use together, those that could be measured. */
export type TasksUsage = { readonly taskCount: number; readonly cpuMhz: number; readonly memoryBytes: number }
