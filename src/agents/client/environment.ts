import type { Task, TaskGroup } from '../../domain/jobspec/schema.ts'
import type { DriverCapabilities, TaskPaths, TaskPort } from './drivers/driver.ts'
import type { HeldAllocation } from './state-store.ts'

type Variables = Readonly<Record<string, string>>

/** What of a driver shows in the environment of its tasks. */
type Surroundings = Pick<DriverCapabilities, 'fileSystem' | 'network'>

export type EnvironmentInput = {
  readonly held: HeldAllocation
  readonly group: TaskGroup
  readonly task: Task
  readonly node: { readonly datacenter: string; readonly address: string }
  readonly capabilities: Surroundings
  /** The host's paths; a task with a file system of its own sees others. */
  readonly paths: TaskPaths
}

const SHORT_ID_LENGTH = 8

/** Names of variables hold letters, digits and underscores only. */
const variableName = (text: string): string => text.replace(/[^A-Za-z0-9_]/g, '_')

/** The allocation's ports as a task of this driver meets them. */
export const taskPorts = (
  held: Pick<HeldAllocation, 'ports'>,
  group: TaskGroup,
  capabilities: Surroundings,
  address: string,
): readonly TaskPort[] =>
  (group.network?.ports ?? []).flatMap((port, position) => {
    const hostPort = held.ports[position]
    if (hostPort === undefined) return []
    const isMapped = capabilities.network === 'mapped' && port.to > 0
    return [{ label: port.label, hostIp: address, hostPort, containerPort: isMapped ? port.to : hostPort }]
  })

const pathVariables = (paths: Pick<TaskPaths, 'allocDir' | 'localDir' | 'secretsDir'>): Variables => ({
  NOMAD_ALLOC_DIR: paths.allocDir,
  NOMAD_TASK_DIR: paths.localDir,
  NOMAD_SECRETS_DIR: paths.secretsDir,
})

const imagePaths = { allocDir: '/alloc', localDir: '/local', secretsDir: '/secrets' } as const

const identityVariables = ({ held, task, node }: EnvironmentInput): Variables => ({
  NOMAD_ALLOC_ID: held.allocationId,
  NOMAD_SHORT_ALLOC_ID: held.allocationId.slice(0, SHORT_ID_LENGTH),
  NOMAD_ALLOC_NAME: held.name,
  NOMAD_ALLOC_INDEX: String(held.index),
  NOMAD_TASK_NAME: task.name,
  NOMAD_GROUP_NAME: held.group,
  NOMAD_JOB_ID: held.jobId,
  NOMAD_JOB_NAME: held.jobName,
  ...(held.parentId === null ? {} : { NOMAD_JOB_PARENT_ID: held.parentId }),
  NOMAD_NAMESPACE: held.namespace,
  NOMAD_REGION: held.job.region,
  NOMAD_DC: node.datacenter,
})

const resourceVariables = ({ resources }: Task): Variables => ({
  NOMAD_CPU_LIMIT: String(resources.cpuMhz),
  NOMAD_MEMORY_LIMIT: String(resources.memoryMb),
  ...(resources.memoryMaxMb > 0 ? { NOMAD_MEMORY_MAX_LIMIT: String(resources.memoryMaxMb) } : {}),
})

const portVariables = (ports: readonly TaskPort[]): Variables =>
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
const metaVariables = ({ held, group, task }: EnvironmentInput): Variables => {
  const optional = held.job.parameterized?.metaOptional ?? []
  const absent = Object.fromEntries(optional.map(key => [key, '']))
  const meta = { ...absent, ...held.job.meta, ...group.meta, ...task.meta }
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

/** Later groups win: nothing that a job says in `meta` replaces what the agent provides. */
const provided = (input: EnvironmentInput, paths: Variables): Variables => ({
  ...metaVariables(input),
  ...paths,
  ...identityVariables(input),
  ...resourceVariables(input.task),
  ...portVariables(taskPorts(input.held, input.group, input.capabilities, input.node.address)),
})

/** The variables that a task is given before its own `env`: paths as the task sees them. */
export const providedEnvironment = (input: EnvironmentInput): Variables =>
  provided(input, pathVariables(input.capabilities.fileSystem === 'image' ? imagePaths : input.paths))

/** The same with the host's paths, for what the agent itself does (where a template's file goes). */
export const agentEnvironment = (input: EnvironmentInput): Variables => provided(input, pathVariables(input.paths))

/** A task's `env` opened: a value whose clear text the server did not send is empty. */
export const openEnv = (task: Task, clear: Variables): Variables =>
  Object.fromEntries(Object.entries(task.env).map(([key, sealed]) => [key, clear[sealed.digest] ?? '']))
