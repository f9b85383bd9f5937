import { createLookup, interpolate } from '../../domain/interpolation.ts'
import type { Json } from '../../domain/json.ts'
import type { TaskStart } from './drivers/driver.ts'
import { type EnvironmentInput, openEnv, providedEnvironment, taskPorts } from './environment.ts'
import { interpolateJson } from './interpolate.ts'
import type { AgentServices, TemplateOwner } from './task-context.ts'

type Variables = Readonly<Record<string, string>>

const BYTES_PER_MB = 1_048_576

/** By what containers and processes of a task are found again, whichever agent started them: further labels of `base` may be of the one that did. */
export const identityOfTask = (base: Variables, owner: TemplateOwner): Variables => ({
  'dev.muster.node': base['dev.muster.node'] ?? '',
  'dev.muster.allocation': owner.held().allocationId,
  'dev.muster.task': owner.task().name,
})

/** What every container and process of an allocation's task carries. */
const labelsOfTask = (base: Variables, owner: TemplateOwner): Variables => {
  const held = owner.held()
  return {
    ...base,
    ...identityOfTask(base, owner),
    'dev.muster.job': held.jobId,
    'dev.muster.group': held.group,
    'dev.muster.namespace': held.namespace,
  }
}

export const startId = (allocationId: string, task: string, startNumber: number): string =>
  `${allocationId}/${task}/${startNumber}`

/** What startId made an id of; empty and 0 of anything else. */
export const partsOfStartId = (id: string): Parameters<typeof startId> => {
  const [, allocationId = '', task = '', number = ''] = /^([^/]*)\/(.*)\/(\d+)$/.exec(id) ?? []
  return [allocationId, task, Number(number)]
}

const capabilitiesOf = (owner: TemplateOwner): EnvironmentInput['capabilities'] =>
  owner.driver?.capabilities ?? { fileSystem: 'none', network: 'host', parentGroup: () => null }

export const environmentInput = (services: AgentServices, owner: TemplateOwner): EnvironmentInput => {
  const held = owner.held()
  const task = owner.task()
  return {
    held,
    group: owner.group(),
    task,
    node: services.node(),
    capabilities: capabilitiesOf(owner),
    paths: services.directories.pathsOf(held.allocationId, task.name),
  }
}

/** The task's environment but for its templates: what the agent provides, then the job's `env`, interpolated. */
export const taskEnvironment = (services: AgentServices, owner: TemplateOwner): Variables => {
  const provided = providedEnvironment(environmentInput(services, owner))
  const lookup = createLookup(provided, services.node())
  const own = openEnv(owner.task(), owner.held().clear)
  return {
    ...provided,
    ...Object.fromEntries(Object.entries(own).map(([key, value]) => [key, interpolate(value, lookup)])),
  }
}

/** Everything that the driver needs for start number `startNumber`, interpolated and in clear. */
export const buildTaskStart = (
  services: AgentServices,
  owner: TemplateOwner,
  templateEnv: Variables,
  startNumber: number,
): TaskStart => {
  const held = owner.held()
  const task = owner.task()
  const node = services.node()
  const env = { ...taskEnvironment(services, owner), ...templateEnv }
  const lookup = createLookup(env, node)
  const config: Record<string, Json> = {}
  for (const [key, value] of Object.entries(task.config)) config[key] = interpolateJson(value, lookup, held.clear)
  return {
    id: startId(held.allocationId, task.name, startNumber),
    allocationId: held.allocationId,
    taskName: task.name,
    startNumber,
    labels: labelsOfTask(services.labels, owner),
    config,
    env,
    user: '',
    resources: task.resources,
    ports: taskPorts(held, owner.group(), capabilitiesOf(owner), node.address),
    paths: services.directories.pathsOf(held.allocationId, task.name),
    killSignal: task.killSignal === '' ? undefined : task.killSignal,
    logs: {
      maxFileBytes: task.logs.maxFileSizeMb * BYTES_PER_MB,
      maxFiles: task.logs.maxFiles,
      isDisabled: task.logs.isDisabled,
    },
  }
}
