import { splitJobKey } from '../ids.ts'
import type { Service, TaskGroup } from '../jobspec/schema.ts'
import type { FoldContext } from './fold-context.ts'
import type { AllocationState, JobState, NodeState, ServiceInstance, ServiceKey } from './state.ts'

/**
 * Which service instances there are follows from allocations alone: a group's services stand from the first start of a task
 * until the allocation is to stop or has ended, restarts included; a task's while that task runs. Nothing registers or
 * deregisters them.
 */
export const serviceKey = (namespace: string, name: string): ServiceKey => `${namespace}/${name}`

type Owner = { readonly service: Service; readonly task: string }

const ownersOf = (group: TaskGroup): readonly Owner[] => [
  ...group.services.map(service => ({ service, task: service.task })),
  ...group.tasks.flatMap(task => task.services.map(service => ({ service, task: task.name }))),
]

const hasStarted = (allocation: AllocationState): boolean =>
  Array.from(allocation.tasks.values()).some(task => task.phase !== 'pending' || task.startNumber > 1)

const stands = (allocation: AllocationState, owner: Owner): boolean => {
  if (allocation.desired !== 'run' || allocation.judgement !== null) return false
  if (owner.task === '')
    return allocation.observed === 'running' || (allocation.observed === 'pending' && hasStarted(allocation))
  return allocation.tasks.get(owner.task)?.phase === 'running'
}

const portOf = (allocation: AllocationState, group: TaskGroup, port: string): number => {
  if (port === '') return 0
  const ports = group.network?.ports ?? []
  const position = ports.findIndex(candidate => candidate.label === port)
  if (position >= 0) return allocation.ports[position] ?? 0
  return Number.isInteger(Number(port)) ? Number(port) : 0
}

const instanceOf = (allocation: AllocationState, group: TaskGroup, owner: Owner, node: NodeState): ServiceInstance => {
  const { namespace, jobId } = splitJobKey(allocation.jobKey)
  const { service } = owner
  return {
    id: `_muster-${allocation.id}-${owner.task === '' ? `group-${group.name}` : owner.task}-${service.name}-${service.port}`,
    name: service.name,
    namespace,
    nodeId: node.id,
    nodeName: node.name,
    datacenter: node.datacenter,
    jobId,
    allocationId: allocation.id,
    tags: service.tags,
    address: service.address === '' ? node.address : service.address,
    port: portOf(allocation, group, service.port),
  }
}

const setInstance = ({ state, changes }: FoldContext, key: ServiceKey, instance: ServiceInstance): void => {
  const instances = state.services.get(key) ?? new Map<string, ServiceInstance>()
  state.services.set(key, instances)
  const before = instances.get(instance.id)
  if (before !== undefined && before.address === instance.address && before.port === instance.port) return
  instances.set(instance.id, instance)
  changes.services.add(key)
}

const dropInstance = ({ state, changes }: FoldContext, key: ServiceKey, id: string): void => {
  const instances = state.services.get(key)
  if (instances === undefined || !instances.delete(id)) return
  if (instances.size === 0) state.services.delete(key)
  changes.services.add(key)
}

/** Brings the instances of one allocation up to date; called after everything that may change them. */
export const touchServices = (context: FoldContext, allocation: AllocationState): void => {
  const group = allocation.job.groups.find(candidate => candidate.name === allocation.group)
  const node = context.state.nodes.get(allocation.nodeId)
  if (group === undefined || node === undefined) return
  for (const owner of ownersOf(group)) {
    const instance = instanceOf(allocation, group, owner, node)
    const key = serviceKey(instance.namespace, instance.name)
    if (stands(allocation, owner)) setInstance(context, key, instance)
    else dropInstance(context, key, instance.id)
  }
}

/** Takes all instances of an allocation away, before it takes another specification or is forgotten. */
export const dropServices = (context: FoldContext, allocation: AllocationState): void => {
  const group = allocation.job.groups.find(candidate => candidate.name === allocation.group)
  const node = context.state.nodes.get(allocation.nodeId)
  if (group === undefined || node === undefined) return
  for (const owner of ownersOf(group)) {
    const instance = instanceOf(allocation, group, owner, node)
    dropInstance(context, serviceKey(instance.namespace, instance.name), instance.id)
  }
}

export const touchServicesOfJob = (context: FoldContext, job: JobState): void => {
  for (const id of job.allocations) {
    const allocation = context.state.allocations.get(id)
    if (allocation !== undefined) touchServices(context, allocation)
  }
}
