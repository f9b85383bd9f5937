import {
  type AllocationState,
  type ClusterState,
  groupOf,
  holdsResources,
  type NodeState,
} from '../../domain/cluster/index.ts'
import { describeStop } from '../../domain/control/descriptions.ts'
import { splitJobKey } from '../../domain/ids.ts'
import type { Job, Sealed } from '../../domain/jobspec/schema.ts'
import type { Json } from '../../domain/json.ts'
import type { DesiredAllocation, LinkServiceInstance, TaskRequest } from '../../protocol/client-link.ts'

/** Opens a sealed value at the edge; null when its key was erased. */
export type OpenSealed = (namespace: string, sealed: Sealed) => Promise<string | null>

/** What an agent has to know an allocation by: when this text changes, it is told again. */
export const signatureOf = (allocation: AllocationState): string =>
  `${allocation.desired}:${allocation.jobVersion}:${allocation.deploymentId ?? ''}`

/** What a node must run or still has to stop. */
export const concernsNode = (allocation: AllocationState): boolean => holdsResources(allocation)

const isSealed = (value: unknown): value is Sealed =>
  typeof value === 'object' && value !== null && 'digest' in value && ('sealed' in value || 'source' in value)

const sealedIn = (value: Json | Sealed, found: Sealed[]): void => {
  if (isSealed(value)) found.push(value)
  else if (Array.isArray(value)) for (const entry of value) sealedIn(entry, found)
  else if (typeof value === 'object' && value !== null) for (const entry of Object.values(value)) sealedIn(entry, found)
}

const sealedOf = (job: Job): readonly Sealed[] => {
  const found: Sealed[] = []
  for (const group of job.groups) {
    for (const task of group.tasks) {
      found.push(...Object.values(task.env))
      for (const template of task.templates) if (template.data !== null) found.push(template.data)
      sealedIn(task.config, found)
    }
  }
  return found
}

const openAll = async (namespace: string, job: Job, open: OpenSealed): Promise<Readonly<Record<string, string>>> => {
  const clear: Record<string, string> = {}
  for (const sealed of sealedOf(job)) {
    const text = await open(namespace, sealed)
    if (text !== null) clear[sealed.digest] = text
  }
  return clear
}

const startsOf = ({ tasks }: AllocationState): Pick<DesiredAllocation, 'starts'> => {
  const known = Array.from(tasks.values()).filter(({ startNumber }) => startNumber > 0)
  return known.length === 0 ? {} : { starts: Object.fromEntries(known.map(each => [each.task, each.startNumber])) }
}

/** One allocation as its agent must run it, with the values it needs in clear. */
export const desiredOf = async (
  state: ClusterState,
  allocation: AllocationState,
  open: OpenSealed,
): Promise<DesiredAllocation> => {
  const { namespace, jobId } = splitJobKey(allocation.jobKey)
  const job = state.jobs.get(allocation.jobKey)
  const group = groupOf(allocation)
  const spec: Job = { ...allocation.job, groups: group === undefined ? [] : [group] }
  const payload = job?.payload ?? null
  const base = {
    allocationId: allocation.id,
    namespace,
    jobId,
    jobName: spec.name,
    parentId: job?.derivation?.parentId ?? null,
    jobVersion: allocation.jobVersion,
    group: allocation.group,
    index: allocation.index,
    name: allocation.name,
    desired: allocation.desired,
    stopReason: allocation.stopReason === null ? '' : describeStop(allocation.stopReason),
    skipsShutdownDelay: allocation.skipsShutdownDelay,
    ports: allocation.ports,
    previousId: allocation.previousId,
    deploymentId: allocation.deploymentId,
    createdAt: allocation.createdAt,
    ...startsOf(allocation),
  }
  const clear = await openAll(namespace, spec, open)
  const opened = payload === null ? null : await open(namespace, payload)
  return { ...base, job: spec, clear, payload: opened }
}

export const requestOf = (request: NodeState['requests'] extends Map<string, infer R> ? R : never): TaskRequest =>
  'signal' in request ? { kind: 'signal', ...request } : { kind: 'restart', ...request }

export const instancesOf = (state: ClusterState, key: string): readonly LinkServiceInstance[] =>
  Array.from(state.services.get(key)?.values() ?? [], instance => ({
    id: instance.id,
    name: instance.name,
    node: instance.nodeName,
    address: instance.address,
    port: instance.port,
    datacenter: instance.datacenter,
    tags: instance.tags,
    jobId: instance.jobId,
    allocationId: instance.allocationId,
  })).toSorted((a, b) => (a.id < b.id ? -1 : 1))

export const serviceListOf = (
  state: ClusterState,
  namespace: string,
): readonly { readonly name: string; readonly tags: readonly string[] }[] =>
  Array.from(state.services)
    .filter(([key]) => key.startsWith(`${namespace}/`))
    .map(([key, instances]) => ({
      name: key.slice(namespace.length + 1),
      tags: Array.from(new Set(Array.from(instances.values()).flatMap(instance => instance.tags))).toSorted(),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
