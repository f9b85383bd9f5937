/** One node as a placement would leave it. One object is filled again for every node of a scan. */
export type Prospect = {
  /** Left free after the placement, and what there is in all. */
  freeCpuMhz: number
  cpuMhz: number
  freeMemoryMb: number
  memoryMb: number
  /** Allocations of the same job and group that the node holds already. */
  sameGroup: number
  /** The group's count. */
  desired: number
  /** True where an earlier attempt of the allocation failed. */
  isPenalised: boolean
}

/** A named part of a node's score, in millionths; null = it does not take part in the mean. */
export type RankComponent = {
  readonly name: string
  readonly score: (prospect: Prospect) => number | null
}
