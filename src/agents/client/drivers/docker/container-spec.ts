import type { ContainerCreateOptions, HostConfig } from 'dockerode'
import type { TaskPort, TaskStart } from '../driver.ts'
import { booleanOption, mapOption, stringOption, stringsOption } from '../task-config.ts'

/** What Docker is asked to make of a task. Pure. */

export const LABEL_PREFIX = 'dev.muster.'
/** Holds the id of the start, by which a start that already happened is known again. */
export const START_LABEL = `${LABEL_PREFIX}start`
/** Holds the id of the allocation, whose older containers make room for newer ones. */
export const ALLOCATION_LABEL = `${LABEL_PREFIX}alloc_id`

/** How our labels look on a container. */
export const containerLabels = (labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(labels).map(([name, value]) => [`${LABEL_PREFIX}${name}`, value]))

/**
 * What Docker keeps of a container's output: as much as may be printed while no agent collects it. What goes beyond
 * that in such a time is lost, oldest first.
 */
const KEPT_OUTPUT = { 'max-size': '16m', 'max-file': '2' } as const

const BYTES_PER_MB = 1_048_576
/** Docker refuses less. */
const MIN_MEMORY_MB = 6
const MIN_CPU_SHARES = 2

export const containerName = (task: TaskStart): string => `${task.taskName}-${task.allocationId}`

/** The ports of `labels`, or the labels that no port has. */
export const portsNamed = (
  labels: readonly string[],
  ports: readonly TaskPort[],
): { readonly found: readonly TaskPort[]; readonly missing: readonly string[] } => ({
  found: ports.filter(port => labels.includes(port.label)),
  missing: labels.filter(label => !ports.some(port => port.label === label)),
})

const hostConfig = (task: TaskStart, ports: readonly TaskPort[]): HostConfig => {
  const { memoryMb, memoryMaxMb, cpuMhz } = task.resources
  const limitBytes = Math.max(MIN_MEMORY_MB, memoryMaxMb === 0 ? memoryMb : memoryMaxMb) * BYTES_PER_MB
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const port of ports) {
    for (const protocol of ['tcp', 'udp']) {
      const key = `${port.containerPort}/${protocol}`
      bindings[key] = [...(bindings[key] ?? []), { HostIp: port.hostIp, HostPort: String(port.hostPort) }]
    }
  }
  return {
    Binds: [`${task.paths.allocDir}:/alloc`, `${task.paths.localDir}:/local`, `${task.paths.secretsDir}:/secrets`],
    Memory: limitBytes,
    // Equal to the limit: no swap on top of it.
    MemorySwap: limitBytes,
    ...(memoryMaxMb > memoryMb ? { MemoryReservation: Math.max(MIN_MEMORY_MB, memoryMb) * BYTES_PER_MB } : {}),
    CpuShares: Math.max(MIN_CPU_SHARES, Math.floor(cpuMhz)),
    PortBindings: bindings,
    LogConfig: { Type: 'json-file', Config: { ...KEPT_OUTPUT } },
    Init: booleanOption(task.config, 'init'),
    RestartPolicy: { Name: 'no' },
    AutoRemove: false,
  }
}

/** `image` is what the container is made of: an id, so that a tag that moves in between changes nothing. */
export const containerSpec = (task: TaskStart, image: string): ContainerCreateOptions => {
  const { config } = task
  const published = portsNamed(stringsOption(config, 'ports') ?? [], task.ports).found
  const command = stringOption(config, 'command')
  const argv = [...(command === '' ? [] : [command]), ...(stringsOption(config, 'args') ?? [])]
  const entrypoint = stringsOption(config, 'entrypoint')
  const workDir = stringOption(config, 'work_dir')
  const hostname = stringOption(config, 'hostname')
  const exposed = published.flatMap(port => ['tcp', 'udp'].map(protocol => [`${port.containerPort}/${protocol}`, {}]))
  return {
    name: containerName(task),
    Image: image,
    Env: Object.entries(task.env).map(([name, value]) => `${name}=${value}`),
    Labels: {
      ...mapOption(config, 'labels'),
      ...containerLabels(task.labels),
      [ALLOCATION_LABEL]: task.allocationId,
      [START_LABEL]: task.id,
    },
    ExposedPorts: Object.fromEntries(exposed),
    HostConfig: hostConfig(task, published),
    Tty: false,
    OpenStdin: false,
    ...(argv.length === 0 ? {} : { Cmd: argv }),
    ...(entrypoint === undefined ? {} : { Entrypoint: [...entrypoint] }),
    ...(workDir === '' ? {} : { WorkingDir: workDir }),
    ...(hostname === '' ? {} : { Hostname: hostname }),
    ...(task.user === '' ? {} : { User: task.user }),
    ...(task.killSignal === undefined ? {} : { StopSignal: task.killSignal }),
  }
}
