import type { Recorded } from '../events.ts'
import type { TaskGroup } from '../jobspec/schema.ts'
import type { TaskReport } from '../report/events.ts'
import type { FoldContext } from './fold-context.ts'
import { touchServices } from './services.ts'
import type { AllocationState, ClusterState, NodeState, NodeUsage, ObservedStatus } from './state.ts'

export const groupOf = (allocation: AllocationState): TaskGroup | undefined =>
  allocation.job.groups.find(group => group.name === allocation.group)

/** What a group holds of a node's resources. */
export const demandOf = (
  group: TaskGroup,
): { readonly cpuMhz: number; readonly memoryMb: number; readonly diskMb: number } => ({
  cpuMhz: group.tasks.reduce((sum, task) => sum + task.resources.cpuMhz, 0),
  memoryMb: group.tasks.reduce((sum, task) => sum + task.resources.memoryMb, 0),
  diskMb: group.ephemeralDiskMb,
})

/** True while the node's resources are taken: until it is reported terminal, judged lost or not (design §3). */
export const holdsResources = (allocation: AllocationState): boolean =>
  allocation.observed === 'pending' || allocation.observed === 'running'

const addTo = (usage: NodeUsage, allocation: AllocationState, sign: 1 | -1): void => {
  const group = groupOf(allocation)
  if (group === undefined) return
  const demand = demandOf(group)
  usage.cpuMhz += sign * demand.cpuMhz
  usage.memoryMb += sign * demand.memoryMb
  usage.diskMb += sign * demand.diskMb
  for (const port of allocation.ports) {
    if (sign > 0) usage.ports.set(port, allocation.id)
    else if (usage.ports.get(port) === allocation.id) usage.ports.delete(port)
  }
}

export const takeResources = ({ state, changes }: FoldContext, allocation: AllocationState): void => {
  const node = state.nodes.get(allocation.nodeId)
  if (node === undefined) return
  node.allocations.add(allocation.id)
  addTo(node.usage, allocation, 1)
  changes.nodes.add(node.id)
}

export const freeResources = ({ state, changes }: FoldContext, allocation: AllocationState): void => {
  const node = state.nodes.get(allocation.nodeId)
  if (node === undefined) return
  addTo(node.usage, allocation, -1)
  // Ports are handed over along replacements alone: one that ends before the allocation it replaced gives them back.
  if (allocation.previousId !== null && allocation.ports.length > 0) returnPorts(state, node, allocation)
  changes.nodes.add(node.id)
}

const returnPorts = (state: ClusterState, node: NodeState, freed: AllocationState): void => {
  for (const id of node.allocations) {
    const other = id === freed.id ? undefined : state.allocations.get(id)
    if (other === undefined || !holdsResources(other)) continue
    for (const port of other.ports) if (!node.usage.ports.has(port)) node.usage.ports.set(port, other.id)
  }
}

/**
 * The allocation's status as its tasks make it (nomad-behaviour §4.3), with `failed` only once nothing runs any more and
 * nothing will: while a task of one that ran and failed is still to be dealt with (a poststop task), it counts as running.
 */
export const observedOf = (tasks: Iterable<TaskReport>): ObservedStatus => {
  let isFailed = false
  let isPending = false
  let hasStarted = false
  for (const task of tasks) {
    if (task.phase === 'running') return 'running'
    if (task.phase === 'pending') isPending = true
    isFailed ||= task.isFailed
    hasStarted ||= task.startedAt !== null
  }
  if (isPending) return isFailed && hasStarted ? 'running' : 'pending'
  return isFailed ? 'failed' : 'complete'
}

const phaseOrder = { pending: 0, running: 1, dead: 2 } as const

/** True where `next` is at or after `before` in the order of (start number, phase): observations never go back (I7). */
export const isLaterObservation = (before: TaskReport, next: TaskReport): boolean =>
  next.startNumber !== before.startNumber
    ? next.startNumber > before.startNumber
    : phaseOrder[next.phase] >= phaseOrder[before.phase]

/** Marks an allocation changed and derives what follows from its fields. */
export const touchAllocation = (context: FoldContext, allocation: AllocationState, event: Recorded): void => {
  allocation.modifiedAt = event.at
  allocation.modifiedPosition = event.position
  context.changes.allocations.add(allocation.id)
  context.changes.jobs.add(allocation.jobKey)
  touchServices(context, allocation)
  indexFailure(context, allocation)
}

/**
 * A service's main tasks go on until they are stopped or fail: where they are complete though they are wanted, their agent
 * took them along as it ended, and somebody has to see to it that others take their place.
 */
const hasEndedUnasked = (allocation: AllocationState): boolean =>
  allocation.observed === 'complete' &&
  allocation.job.type === 'service' &&
  groupOf(allocation)?.tasks.some(({ lifecycle }) => lifecycle === null) === true

/** Keeps the set of allocations that failed, or ended unasked, and that nobody has looked at yet. */
const indexFailure = ({ state }: FoldContext, allocation: AllocationState): void => {
  const job = state.jobs.get(allocation.jobKey)
  const isOpen =
    (allocation.observed === 'failed' || hasEndedUnasked(allocation)) &&
    allocation.desired === 'run' &&
    allocation.judgement === null &&
    allocation.nextId === null &&
    allocation.failureEvaluationId === null &&
    allocation.followUpEvaluationId === null &&
    job !== undefined &&
    job.status === 'registered' &&
    job.incarnation === allocation.incarnation
  if (isOpen) state.failedAllocations.add(allocation.id)
  else state.failedAllocations.delete(allocation.id)
}
