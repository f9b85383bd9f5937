import type { NodeRegistered, NodeResources, PortRange } from '../../domain/node/events.ts'
import type { Fingerprinter } from './fingerprint/index.ts'
import { secretDigestOf } from './identity.ts'
import type { NodeIdentity } from './state-store.ts'
import type { NodeView } from './task-context.ts'

/** What an operator says of a node. */
export type NodeConfig = {
  readonly name: string
  readonly region: string
  readonly datacenter: string
  readonly nodePool: string
  readonly nodeClass: string
  readonly meta: Readonly<Record<string, string>>
  readonly reserved: NodeResources
  readonly reservedPorts: readonly number[]
  readonly dynamicPorts: PortRange
  readonly version: string
  /** Names the cluster in the labels of tasks. */
  readonly cluster: string
}

/** The node as the servers are told of it; its secret only as a digest. */
export const registrationOf = (
  node: NodeConfig,
  identity: NodeIdentity,
  fingerprinter: Fingerprinter,
): NodeRegistered['data'] => ({
  ...fingerprinter.introduce(),
  name: node.name,
  datacenter: node.datacenter,
  nodePool: node.nodePool,
  nodeClass: node.nodeClass,
  meta: node.meta,
  reserved: node.reserved,
  reservedPorts: node.reservedPorts,
  dynamicPorts: node.dynamicPorts,
  address: fingerprinter.address(),
  secretDigest: secretDigestOf(identity.secret),
  bootId: identity.bootId,
  version: node.version,
})

/** The node as tasks may ask for it. The region is the servers'. */
export const nodeViewOf = (
  node: NodeConfig,
  identity: NodeIdentity,
  region: string,
  fingerprinter: Fingerprinter,
): NodeView => ({
  nodeId: identity.nodeId,
  name: node.name,
  datacenter: node.datacenter,
  region,
  nodeClass: node.nodeClass,
  nodePool: node.nodePool,
  attributes: fingerprinter.facts().attributes,
  meta: node.meta,
  address: fingerprinter.address(),
})
