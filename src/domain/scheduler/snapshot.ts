import type { ClusterState, NodeState } from '../cluster/index.ts'
import { isReady } from './feasibility/index.ts'

/**
 * The scheduler's view of the nodes: capacity in flat arrays, nodes in the order of their ids, so that a scan is arithmetic
 * and ties break by node id. It is made once and refreshed with the nodes that changed; a plan never writes to it.
 */
export type Snapshot = {
  readonly nodes: readonly NodeState[]
  readonly indexOf: ReadonlyMap<string, number>
  /** What is left of each node: capacity less reserved less what non-terminal allocations hold. May be negative. */
  readonly freeCpuMhz: Float64Array
  readonly freeMemoryMb: Float64Array
  readonly freeDiskMb: Float64Array
  /** Capacity less reserved. */
  readonly cpuMhz: Float64Array
  readonly memoryMb: Float64Array
  /** Index into `classes`: nodes of one class are alike for every check that looks at no single node. */
  readonly classIndex: Int32Array
  /** Class key → index; grows with refreshes. */
  readonly classes: Map<string, number>
  /** 1 where the node is ready and eligible. */
  readonly isReady: Uint8Array
  /** Index into `sites`: where the node is. */
  readonly siteIndex: Int32Array
  readonly sites: Site[]
}

export type Site = { readonly nodePool: string; readonly datacenter: string }

const siteOf = ({ sites }: Snapshot, { nodePool, datacenter }: NodeState): number => {
  const known = sites.findIndex(site => site.nodePool === nodePool && site.datacenter === datacenter)
  return known >= 0 ? known : sites.push({ nodePool, datacenter }) - 1
}

const fillRow = (snapshot: Snapshot, row: number): void => {
  const node = snapshot.nodes[row]
  if (node === undefined) return
  const { resources, reserved, usage } = node
  snapshot.cpuMhz[row] = resources.cpuMhz - reserved.cpuMhz
  snapshot.memoryMb[row] = resources.memoryMb - reserved.memoryMb
  snapshot.freeCpuMhz[row] = resources.cpuMhz - reserved.cpuMhz - usage.cpuMhz
  snapshot.freeMemoryMb[row] = resources.memoryMb - reserved.memoryMb - usage.memoryMb
  snapshot.freeDiskMb[row] = resources.diskMb - reserved.diskMb - usage.diskMb
  // A node without a class yet is alike to none.
  const key = node.computedClass === '' ? node.id : node.computedClass
  const known = snapshot.classes.get(key)
  const index = known ?? snapshot.classes.size
  if (known === undefined) snapshot.classes.set(key, index)
  snapshot.classIndex[row] = index
  snapshot.isReady[row] = isReady(node) ? 1 : 0
  snapshot.siteIndex[row] = siteOf(snapshot, node)
}

/** The view of some nodes, in any order. */
export const snapshotOf = (some: Iterable<NodeState>): Snapshot => {
  const known = new Map<string, NodeState>()
  for (const node of some) known.set(node.id, node)
  const nodes = [...known.keys()]
    .toSorted()
    .map(id => known.get(id))
    .filter(node => node !== undefined)
  const column = (): Float64Array => new Float64Array(nodes.length)
  const snapshot: Snapshot = {
    nodes,
    indexOf: new Map(nodes.map((node, row) => [node.id, row] as const)),
    freeCpuMhz: column(),
    freeMemoryMb: column(),
    freeDiskMb: column(),
    cpuMhz: column(),
    memoryMb: column(),
    classIndex: new Int32Array(nodes.length),
    classes: new Map(),
    isReady: new Uint8Array(nodes.length),
    siteIndex: new Int32Array(nodes.length),
    sites: [],
  }
  for (let row = 0; row < nodes.length; row++) fillRow(snapshot, row)
  return snapshot
}

/** The view of all nodes of `state`. Costs a pass over the nodes. */
export const takeSnapshot = (state: ClusterState): Snapshot => snapshotOf(state.nodes.values())

/**
 * Brings the rows of `nodeIds` (the `nodes` of the fold's Changes) up to date. Answers the same snapshot, or a new one
 * where nodes came or went.
 */
export const refreshSnapshot = (snapshot: Snapshot, state: ClusterState, nodeIds: Iterable<string>): Snapshot => {
  for (const id of nodeIds) {
    const row = snapshot.indexOf.get(id)
    const node = state.nodes.get(id)
    if (row === undefined && node === undefined) continue
    if (row === undefined || snapshot.nodes[row] !== node) return takeSnapshot(state)
    fillRow(snapshot, row)
  }
  return snapshot
}
