import { formatGoDuration } from '../../lang/goflags/duration.ts'
import type { NodeEvent, NodeResources, NodeRow, NodeStatus } from '../queries/node-status.ts'
import { megabytes } from './alloc-status.ts'
import { type AllocationRow, renderAllocationList } from './allocation-list.ts'
import { renderKeyValues, renderTable } from './columns.ts'
import { fileSize } from './file-size.ts'
import { shortId } from './short-id.ts'
import { localTime } from './time.ts'
import { renderHostUsage, usedMhz } from './usage.ts'

const MS_PER_SECOND = 1_000

export type NodeListOptions = {
  readonly isVerbose: boolean
  readonly hasAllocations: boolean
  readonly hasSystem: boolean
}

const eligibility = ({ isEligible }: NodeRow): string => (isEligible ? 'eligible' : 'ineligible')

/** The list of `node status`. */
export const renderNodeList = (
  nodes: readonly NodeRow[],
  { isVerbose, hasAllocations, hasSystem }: NodeListOptions,
): readonly string[] => {
  if (nodes.length === 0) return ['No nodes registered']
  const heading = [
    'ID',
    'Node Pool',
    'DC',
    'Name',
    'Class',
    ...(hasSystem ? ['OS'] : []),
    ...(isVerbose ? ['Address', 'Version'] : []),
    'Drain',
    'Eligibility',
    'Status',
    ...(hasAllocations ? ['Running Allocs'] : []),
  ]
  const rows = nodes.map(node => [
    shortId(node.id, isVerbose),
    node.nodePool,
    node.datacenter,
    node.name,
    node.nodeClass,
    ...(hasSystem ? [node.attributes?.find(({ name }) => name === 'os.name')?.value ?? ''] : []),
    ...(isVerbose ? [node.address, node.version] : []),
    String(node.isDraining),
    eligibility(node),
    node.status,
    ...(hasAllocations ? [String(node.runningAllocations)] : []),
  ])
  return renderTable([heading, ...rows])
}

export type NodeStatusOptions = {
  readonly isVerbose: boolean
  readonly isShort: boolean
  /** Everything that is known of what the machine uses. */
  readonly hasStats: boolean
  readonly nowMs: number
}

const usableDrivers = ({ drivers }: NodeStatus): string =>
  drivers
    .filter(driver => driver.isDetected && driver.isHealthy)
    .map(({ name }) => name)
    .join(',')

const driverStatus = ({ drivers }: NodeStatus): string =>
  drivers
    .filter(driver => driver.isDetected)
    .map(({ name, isHealthy }) => (isHealthy ? name : `${name} (unhealthy)`))
    .toSorted()
    .join(',')

/** Nomad's lines about storage and networks that no node of ours has yet: nothing is there, and nothing is said of it. */
const NOTHING_YET = ''

const basics = (node: NodeStatus, { isVerbose, isShort }: NodeStatusOptions): readonly string[] =>
  renderKeyValues([
    ['ID', node.id],
    ['Name', node.name],
    ['Node Pool', node.nodePool],
    ['Class', node.nodeClass],
    ['DC', node.datacenter],
    ['Drain', String(node.isDraining)],
    ['Eligibility', eligibility(node)],
    ['Status', node.status],
    ...(node.status === 'ready' || node.statusDescription === ''
      ? []
      : [['Status Description', node.statusDescription] as const]),
    ['CSI Controllers', NOTHING_YET],
    ['CSI Drivers', NOTHING_YET],
    ...(node.usage?.host ? [['Uptime', formatGoDuration(node.usage.host.uptimeSeconds * MS_PER_SECOND)] as const] : []),
    ...(isVerbose && !isShort
      ? []
      : ([
          ['Host Volumes', NOTHING_YET],
          ['Host Networks', NOTHING_YET],
          ['CSI Volumes', NOTHING_YET],
          [isShort ? 'Drivers' : 'Driver Status', isShort ? usableDrivers(node) : driverStatus(node)],
        ] as const)),
    ...(node.foreignPorts.length === 0 ? [] : [['Foreign Ports', node.foreignPorts.join(',')] as const]),
  ])

const drivers = (node: NodeStatus): readonly string[] => [
  '',
  'Drivers',
  ...renderTable([
    ['Driver', 'Detected', 'Healthy', 'Message', 'Time'],
    ...node.drivers.map(({ name, isDetected, isHealthy, message, changedAt }) => [
      name,
      String(isDetected),
      String(isHealthy),
      message,
      localTime(changedAt),
    ]),
  ]),
]

const subsystemOf = ({ subsystem, details }: NodeEvent): string => {
  const driver = details.find(({ name }) => name === 'driver')?.value
  return driver === undefined ? subsystem : `${subsystem}: ${driver}`
}

const nodeEvents = ({ events = [] }: NodeStatus, isVerbose: boolean): readonly string[] => [
  '',
  'Node Events',
  ...renderTable([
    ['Time', 'Subsystem', 'Message', ...(isVerbose ? ['Details'] : [])],
    ...events.map(event => [
      localTime(event.at),
      subsystemOf(event),
      event.message,
      ...(isVerbose ? [event.details.map(({ name, value }) => `${name}: ${value}`).join(', ')] : []),
    ]),
  ]),
]

/** What allocations may hold. */
const allocatable = ({ resources, reserved }: NodeStatus): NodeResources => ({
  cpuMhz: resources.cpuMhz - reserved.cpuMhz,
  memoryMb: resources.memoryMb - reserved.memoryMb,
  diskMb: resources.diskMb - reserved.diskMb,
})

/** What allocations hold of what they may hold. */
const allocated = (node: NodeStatus): readonly string[] => {
  const { allocated: held } = node
  const free = allocatable(node)
  return [
    '',
    'Allocated Resources',
    ...renderTable([
      ['CPU', 'Memory', 'Disk'],
      [
        `${held.cpuMhz}/${free.cpuMhz} MHz`,
        `${megabytes(held.memoryMb)}/${megabytes(free.memoryMb)}`,
        `${megabytes(held.diskMb)}/${megabytes(free.diskMb)}`,
      ],
    ]),
  ]
}

/** What allocations, and the machine as a whole, use. */
const utilization = (node: NodeStatus): readonly string[] => {
  const { usage, resources } = node
  if (usage === undefined) return []
  if (usage.unknownBecause !== null) return ['', `Resource utilization is not known: ${usage.unknownBecause}`]
  const free = allocatable(node)
  const { tasks, host } = usage
  return [
    ...(tasks === null
      ? []
      : [
          '',
          'Allocation Resource Utilization',
          ...renderTable([
            ['CPU', 'Memory'],
            [usedMhz(tasks.cpuMhz, free.cpuMhz), `${fileSize(tasks.memoryBytes)}/${megabytes(free.memoryMb)}`],
          ]),
        ]),
    ...(host === null
      ? []
      : [
          '',
          'Host Resource Utilization',
          ...renderTable([
            ['CPU', 'Memory', 'Disk'],
            [
              usedMhz(host.cpuMhz, resources.cpuMhz),
              `${fileSize(host.memory.usedBytes)}/${fileSize(host.memory.totalBytes)}`,
              `${fileSize(host.disk.usedBytes)}/${fileSize(host.disk.sizeBytes)}`,
            ],
          ]),
        ]),
  ]
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1)

const namedValues = (title: string, values: NodeStatus['attributes']): readonly string[] =>
  values === undefined
    ? []
    : ['', title, ...renderKeyValues(values.toSorted(byName).map(({ name, value }) => [name, value]))]

/** All of `node status <id>`. */
export const renderNodeStatus = (
  node: NodeStatus,
  allocations: readonly AllocationRow[],
  options: NodeStatusOptions,
): readonly string[] => {
  const all = [
    '',
    'Allocations',
    ...renderAllocationList(allocations, options),
    ...(options.isVerbose ? [...namedValues('Attributes', node.attributes), ...namedValues('Meta', node.meta)] : []),
  ]
  if (options.isShort) return [...basics(node, options), ...all]
  return [
    ...basics(node, options),
    ...(options.isVerbose ? drivers(node) : []),
    ...nodeEvents(node, options.isVerbose),
    ...allocated(node),
    ...utilization(node),
    ...(options.hasStats && node.usage?.host ? renderHostUsage(node.usage.host) : []),
    ...all,
  ]
}
