import type { Job, TaskGroup } from './jobspec/schema.ts'

/**
 * The `NOMAD_…` variables that follow from an allocation itself. Its agent gives them to tasks; the fold and the agent read
 * them in the texts of services, so that both see the same names.
 */
export type Variables = Readonly<Record<string, string>>

export type AllocationNames = {
  readonly allocationId: string
  /** `job.group[index]` */
  readonly name: string
  readonly index: number
  readonly group: string
  readonly namespace: string
  readonly jobId: string
  readonly jobName: string
  readonly parentId: string | null
  readonly job: Pick<Job, 'region' | 'meta' | 'parameterized'>
}

export type PortNames = {
  readonly label: string
  readonly hostIp: string
  readonly hostPort: number
  readonly containerPort: number
}

const SHORT_ID_LENGTH = 8

/** Names of variables hold letters, digits and underscores only. */
const variableName = (text: string): string => text.replace(/[^A-Za-z0-9_]/g, '_')

export const identityVariables = (allocation: AllocationNames, datacenter: string): Variables => ({
  NOMAD_ALLOC_ID: allocation.allocationId,
  NOMAD_SHORT_ALLOC_ID: allocation.allocationId.slice(0, SHORT_ID_LENGTH),
  NOMAD_ALLOC_NAME: allocation.name,
  NOMAD_ALLOC_INDEX: String(allocation.index),
  NOMAD_GROUP_NAME: allocation.group,
  NOMAD_JOB_ID: allocation.jobId,
  NOMAD_JOB_NAME: allocation.jobName,
  ...(allocation.parentId === null ? {} : { NOMAD_JOB_PARENT_ID: allocation.parentId }),
  NOMAD_NAMESPACE: allocation.namespace,
  NOMAD_REGION: allocation.job.region,
  NOMAD_DC: datacenter,
})

export const portVariables = (ports: readonly PortNames[]): Variables =>
  Object.fromEntries(
    ports.flatMap(port => {
      const label = variableName(port.label)
      return [
        [`NOMAD_IP_${label}`, port.hostIp],
        [`NOMAD_PORT_${label}`, String(port.containerPort)],
        [`NOMAD_ADDR_${label}`, `${port.hostIp}:${port.hostPort}`],
        [`NOMAD_HOST_IP_${label}`, port.hostIp],
        [`NOMAD_HOST_PORT_${label}`, String(port.hostPort)],
        [`NOMAD_HOST_ADDR_${label}`, `${port.hostIp}:${port.hostPort}`],
        [`NOMAD_ALLOC_PORT_${label}`, String(port.containerPort)],
      ] as const
    }),
  )

/** Job, group and task in this order, the narrower one winning; each key as written and in upper case. */
export const metaVariables = (
  job: AllocationNames['job'],
  group: Pick<TaskGroup, 'meta'>,
  taskMeta: Variables,
): Variables => {
  const absent = Object.fromEntries((job.parameterized?.metaOptional ?? []).map(key => [key, '']))
  const meta = { ...absent, ...job.meta, ...group.meta, ...taskMeta }
  return Object.fromEntries(
    Object.entries(meta).flatMap(([key, value]) => {
      const name = variableName(key)
      return [
        [`NOMAD_META_${name.toUpperCase()}`, value],
        [`NOMAD_META_${name}`, value],
      ] as const
    }),
  )
}

/** What the texts of a service may name; `task` is empty for a group's. A task's own `env` is sealed, so it is not there. */
export const serviceVariables = (
  allocation: AllocationNames & { readonly ports: readonly number[] },
  group: TaskGroup,
  task: string,
  node: { readonly datacenter: string; readonly address: string },
): Variables => {
  const ports = (group.network?.ports ?? []).flatMap(({ label }, position) => {
    const port = allocation.ports[position]
    return port === undefined ? [] : [{ label, hostIp: node.address, hostPort: port, containerPort: port }]
  })
  return {
    ...metaVariables(allocation.job, group, group.tasks.find(({ name }) => name === task)?.meta ?? {}),
    ...identityVariables(allocation, node.datacenter),
    ...(task === '' ? {} : { NOMAD_TASK_NAME: task }),
    ...portVariables(ports),
  }
}
