import type { Recorded } from '../events.ts'
import { uuidOf } from '../ids.ts'
import type {
  DriverState,
  NodeEvent,
  NodeFacts,
  NodeRegistered,
  TaskRestartRequested,
  TaskSignalRequested,
} from '../node/events.ts'
import { isUnique } from '../node/is-unique.ts'
import { idOfStream } from '../streams.ts'
import type { Fold, FoldContext } from './fold-context.ts'
import { withServicesOfNode } from './services.ts'
import type { NodeState } from './state.ts'

type NodeFolds = { readonly [T in NodeEvent['type']]: Fold<Extract<NodeEvent, { type: T }>> }

const sorted = (record: Readonly<Record<string, unknown>>): readonly unknown[] =>
  Object.entries(record)
    .filter(([key]) => !isUnique(key))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

/** Equal for nodes that no feasibility check can tell apart: everything but what is unique to one. */
const classOf = (node: NodeState): string => {
  const usable = Object.entries(node.drivers).filter(([, driver]) => driver.isDetected && driver.isHealthy)
  const parts = [
    node.datacenter,
    node.nodePool,
    node.nodeClass,
    sorted(node.attributes),
    sorted(node.meta),
    sorted(Object.fromEntries(usable.map(([name]) => [name, true]))),
  ]
  return uuidOf('class', JSON.stringify(parts))
}

/** What is said of drivers, with the time from which each has stood so; `before` is undefined for a new node. */
const driversAt = (before: NodeState | undefined, drivers: NodeFacts['drivers'], at: number) => {
  const changedAt = (name: string, driver: DriverState): number => {
    const known = before?.drivers[name]
    const isSame = known !== undefined && JSON.stringify(known) === JSON.stringify(driver)
    return isSame ? (before?.driversChangedAt[name] ?? at) : at
  }
  const times = Object.entries(drivers).map(([name, driver]) => [name, changedAt(name, driver)] as const)
  return { drivers, driversChangedAt: Object.fromEntries(times) }
}

const newNode = (id: string, data: NodeRegistered['data'], event: Recorded): NodeState => ({
  id,
  revision: event.revision,
  ...factsOf(undefined, data, event.at),
  status: 'ready',
  statusCause: 'registered',
  isEligible: true,
  computedClass: '',
  registeredAt: event.at,
  createdPosition: event.position,
  modifiedPosition: event.position,
  modifiedAt: event.at,
  usage: { cpuMhz: 0, memoryMb: 0, diskMb: 0, ports: new Map() },
  allocations: new Set(),
  requests: new Map(),
  reportBootId: '',
  reportSequence: -1,
  reportRevision: -1,
  lastFullReportPosition: -1,
  recentDowns: [],
})

const factsOf = (before: NodeState | undefined, data: NodeRegistered['data'], at: number) => ({
  name: data.name,
  datacenter: data.datacenter,
  nodePool: data.nodePool,
  nodeClass: data.nodeClass,
  meta: data.meta,
  attributes: data.attributes,
  resources: data.resources,
  reserved: data.reserved,
  reservedPorts: data.reservedPorts,
  ...(data.dynamicPorts === undefined ? {} : { dynamicPorts: data.dynamicPorts }),
  foreignPorts: data.foreignPorts,
  ...driversAt(before, data.drivers, at),
  address: data.address,
  secretDigest: data.secretDigest,
  bootId: data.bootId,
  version: data.version,
})

const touch = ({ changes }: FoldContext, node: NodeState, event: Recorded): void => {
  node.revision = event.revision
  node.modifiedPosition = event.position
  node.modifiedAt = event.at
  node.computedClass = classOf(node)
  changes.nodes.add(node.id)
}

const withNode = (context: FoldContext, event: Recorded, change: (node: NodeState) => void): void => {
  const node = context.state.nodes.get(idOfStream(event.stream))
  if (node === undefined) return
  change(node)
  touch(context, node, event)
}

const keepRequest: Fold<TaskRestartRequested | TaskSignalRequested> = (context, event) =>
  withNode(context, event, node => node.requests.set(event.data.requestId, event.data))

export const nodeFolds: NodeFolds = {
  NodeRegistered: (context, event) => {
    const id = idOfStream(event.stream)
    const existing = context.state.nodes.get(id)
    const node = existing ?? newNode(id, event.data, event)
    if (existing !== undefined)
      withServicesOfNode(context, existing, () => void Object.assign(existing, factsOf(existing, event.data, event.at)))
    context.state.nodes.set(id, node)
    touch(context, node, event)
  },
  NodeFingerprinted: (context, event) =>
    withNode(context, event, node => {
      const { attributes, resources, drivers, foreignPorts } = event.data
      if (attributes !== undefined) {
        withServicesOfNode(context, node, () => {
          node.attributes = attributes
        })
      }
      if (resources !== undefined) node.resources = resources
      if (drivers !== undefined) Object.assign(node, driversAt(node, drivers, event.at))
      if (foreignPorts !== undefined) node.foreignPorts = foreignPorts
    }),
  NodeEligibilitySet: (context, event) =>
    withNode(context, event, node => {
      node.isEligible = event.data.isEligible
    }),
  TaskRestartRequested: keepRequest,
  TaskSignalRequested: keepRequest,
}
