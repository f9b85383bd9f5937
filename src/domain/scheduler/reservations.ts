/**
 * What the plans of one batch take before the fold has seen them: an overlay on the nodes' usage. Plans only add to it:
 * what they stop holds its resources until its node reports it terminal.
 */
export type NodeReservation = {
  readonly nodeId: string
  readonly cpuMhz: number
  readonly memoryMb: number
  readonly diskMb: number
  readonly ports: readonly number[]
}

/** By node id. */
export type Reservations = Map<string, NodeReservation>

export const noReservations = (): Reservations => new Map()

/** Adds what a plan takes (its result's `reservations`) to the overlay, in place. */
export const reserve = (overlay: Reservations, taken: readonly NodeReservation[]): void => {
  for (const entry of taken) {
    const before = overlay.get(entry.nodeId)
    overlay.set(entry.nodeId, before === undefined ? entry : sumOf(before, entry))
  }
}

const sumOf = (a: NodeReservation, b: NodeReservation): NodeReservation => ({
  nodeId: a.nodeId,
  cpuMhz: a.cpuMhz + b.cpuMhz,
  memoryMb: a.memoryMb + b.memoryMb,
  diskMb: a.diskMb + b.diskMb,
  ports: [...a.ports, ...b.ports],
})
