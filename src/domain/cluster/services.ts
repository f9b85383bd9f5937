import { serviceVariables } from '../allocation-variables.ts'
import { splitJobKey } from '../ids.ts'
import { createLookup, interpolate } from '../interpolation.ts'
import type { Service, TaskGroup } from '../jobspec/schema.ts'
import type { FoldContext } from './fold-context.ts'
import type { AllocationState, ClusterState, JobState, NodeState, ServiceInstance, ServiceKey } from './state.ts'

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

/** Fills in what a service's texts name of its allocation and node. */
const fillerOf = (
  state: ClusterState,
  allocation: AllocationState,
  group: TaskGroup,
  owner: Owner,
  node: NodeState,
) => {
  const { service } = owner
  if (![service.name, service.address, ...service.tags].some(text => text.includes('${'))) return (text: string) => text
  const { namespace, jobId } = splitJobKey(allocation.jobKey)
  const { job } = allocation
  const names = {
    allocationId: allocation.id,
    name: allocation.name,
    index: allocation.index,
    group: group.name,
    namespace,
    jobId,
    jobName: job.name,
    parentId: state.jobs.get(allocation.jobKey)?.derivation?.parentId ?? null,
    job,
    ports: allocation.ports,
  }
  const lookup = createLookup(serviceVariables(names, group, owner.task, node), {
    ...node,
    nodeId: node.id,
    region: job.region,
  })
  return (text: string): string => interpolate(text, lookup)
}

const instanceOf = (
  state: ClusterState,
  allocation: AllocationState,
  group: TaskGroup,
  owner: Owner,
  node: NodeState,
): ServiceInstance => {
  const { namespace, jobId } = splitJobKey(allocation.jobKey)
  const { service } = owner
  const fill = fillerOf(state, allocation, group, owner, node)
  return {
    id: `_muster-${allocation.id}-${owner.task === '' ? `group-${group.name}` : owner.task}-${service.name}-${service.port}`,
    name: fill(service.name),
    namespace,
    nodeId: node.id,
    nodeName: node.name,
    datacenter: node.datacenter,
    jobId,
    allocationId: allocation.id,
    tags: service.tags.map(fill),
    address: service.address === '' ? node.address : fill(service.address),
    port: portOf(allocation, group, service.port),
  }
}

const isSame = (a: ServiceInstance, b: ServiceInstance): boolean =>
  a.address === b.address &&
  a.port === b.port &&
  a.nodeName === b.nodeName &&
  a.datacenter === b.datacenter &&
  a.tags.length === b.tags.length &&
  a.tags.every((tag, index) => tag === b.tags[index])

const setInstance = ({ state, changes }: FoldContext, key: ServiceKey, instance: ServiceInstance): void => {
  const instances = state.services.get(key) ?? new Map<string, ServiceInstance>()
  state.services.set(key, instances)
  const before = instances.get(instance.id)
  if (before !== undefined && isSame(before, instance)) return
  instances.set(instance.id, instance)
  changes.services.add(key)
}

const dropInstance = ({ state, changes }: FoldContext, key: ServiceKey, id: string): void => {
  const instances = state.services.get(key)
  if (instances === undefined || !instances.delete(id)) return
  if (instances.size === 0) state.services.delete(key)
  changes.services.add(key)
}

type Standing = { readonly owner: Owner; readonly key: ServiceKey; readonly instance: ServiceInstance }

const instancesOf = (state: ClusterState, allocation: AllocationState): readonly Standing[] => {
  const group = allocation.job.groups.find(candidate => candidate.name === allocation.group)
  const node = state.nodes.get(allocation.nodeId)
  if (group === undefined || node === undefined) return []
  return ownersOf(group).map(owner => {
    const instance = instanceOf(state, allocation, group, owner, node)
    return { owner, key: serviceKey(instance.namespace, instance.name), instance }
  })
}

/** Brings the instances of one allocation up to date; called after everything that may change them. */
export const touchServices = (context: FoldContext, allocation: AllocationState): void => {
  for (const { owner, key, instance } of instancesOf(context.state, allocation)) {
    if (stands(allocation, owner)) setInstance(context, key, instance)
    else dropInstance(context, key, instance.id)
  }
}

/** Takes all instances of an allocation away, before it takes another specification or is forgotten. */
export const dropServices = (context: FoldContext, allocation: AllocationState): void => {
  for (const { key, instance } of instancesOf(context.state, allocation)) dropInstance(context, key, instance.id)
}

/** Changes what is known of a node, and with it the instances there: they bear its address, and may name its attributes. */
export const withServicesOfNode = (context: FoldContext, node: NodeState, change: () => void): void => {
  const { state } = context
  const before = Array.from(node.allocations, id => state.allocations.get(id)).flatMap(allocation =>
    allocation === undefined ? [] : [{ allocation, standing: instancesOf(state, allocation) }],
  )
  change()
  for (const { allocation, standing } of before) {
    const names = new Set(instancesOf(state, allocation).map(({ key }) => key))
    for (const { key, instance } of standing) if (!names.has(key)) dropInstance(context, key, instance.id)
    touchServices(context, allocation)
  }
}

export const touchServicesOfJob = (context: FoldContext, job: JobState): void => {
  for (const id of job.allocations) {
    const allocation = context.state.allocations.get(id)
    if (allocation !== undefined) touchServices(context, allocation)
  }
}
