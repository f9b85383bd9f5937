import { identityVariables, metaVariables, portVariables, type Variables } from '../../domain/allocation-variables.ts'
import type { Task, TaskGroup } from '../../domain/jobspec/schema.ts'
import type { DriverCapabilities, TaskPaths, TaskPort } from './drivers/driver.ts'
import type { HeldAllocation } from './state-store.ts'

/** What of a driver shows in the environment of its tasks. */
type Surroundings = Pick<DriverCapabilities, 'fileSystem' | 'network' | 'parentGroup'>

export type EnvironmentInput = {
  readonly held: HeldAllocation
  readonly group: TaskGroup
  readonly task: Task
  readonly node: { readonly datacenter: string; readonly address: string }
  readonly capabilities: Surroundings
  /** The host's paths; a task with a file system of its own sees others. */
  readonly paths: TaskPaths
}

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

const resourceVariables = ({ resources }: Task, parentGroup: string | null): Variables => ({
  NOMAD_CPU_LIMIT: String(resources.cpuMhz),
  NOMAD_MEMORY_LIMIT: String(resources.memoryMb),
  ...(resources.memoryMaxMb > 0 ? { NOMAD_MEMORY_MAX_LIMIT: String(resources.memoryMaxMb) } : {}),
  ...(parentGroup === null ? {} : { NOMAD_PARENT_CGROUP: parentGroup }),
})

/** Later groups win: nothing that a job says in `meta` replaces what the agent provides. */
const provided = (input: EnvironmentInput, paths: Variables): Variables => ({
  ...metaVariables(input.held.job, input.group, input.task.meta),
  ...paths,
  ...identityVariables(input.held, input.node.datacenter),
  NOMAD_TASK_NAME: input.task.name,
  ...resourceVariables(input.task, input.capabilities.parentGroup()),
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
