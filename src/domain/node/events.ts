import type { Message } from '../message.ts'

/** Requests and facts about one node (`node-<uuid>`). The id stands in the stream's name. */

export type DriverState = { readonly isDetected: boolean; readonly isHealthy: boolean; readonly message: string }

export type NodeResources = { readonly cpuMhz: number; readonly memoryMb: number; readonly diskMb: number }

export type NodeFacts = {
  /** Fingerprint: `kernel.name`, `driver.docker`, `unique.network.ip-address` … without the `attr.` prefix. */
  readonly attributes: Readonly<Record<string, string>>
  readonly resources: NodeResources
  readonly drivers: Readonly<Record<string, DriverState>>
  /** Ports of the machine that processes hold which are none of ours, ascending. */
  readonly foreignPorts: readonly number[]
}

/** Both ends belong to it. */
export type PortRange = { readonly min: number; readonly max: number }

export type NodeRegistered = Message<
  'NodeRegistered',
  NodeFacts & {
    readonly name: string
    readonly datacenter: string
    readonly nodePool: string
    readonly nodeClass: string
    readonly meta: Readonly<Record<string, string>>
    /** What is kept back from tasks. */
    readonly reserved: NodeResources
    readonly reservedPorts: readonly number[]
    /** Of which ports those are that tasks are given; MIN_DYNAMIC_PORT to MAX_DYNAMIC_PORT where it is not said. */
    readonly dynamicPorts?: PortRange
    /** The address that ports are published on and services are found at. */
    readonly address: string
    /** SHA-256 of the node's secret, hex; the secret itself never enters an event. */
    readonly secretDigest: string
    /** Changes with every start of the agent's machine or state. */
    readonly bootId: string
    readonly version: string
  }
>
/** Only what changed stands here. */
export type NodeFingerprinted = Message<'NodeFingerprinted', Partial<NodeFacts>>
export type NodeEligibilitySet = Message<'NodeEligibilitySet', { readonly isEligible: boolean }>
/** Names the start that it means; expires; done once. `startNumber` null = whichever runs. */
export type TaskRestartRequested = Message<
  'TaskRestartRequested',
  {
    readonly requestId: string
    readonly allocationId: string
    /** Empty = all tasks that run. */
    readonly task: string
    readonly startNumber: number | null
    readonly expiresAt: number
  }
>
export type TaskSignalRequested = Message<
  'TaskSignalRequested',
  {
    readonly requestId: string
    readonly allocationId: string
    readonly task: string
    readonly signal: string
    readonly startNumber: number | null
    readonly expiresAt: number
  }
>

export type NodeEvent =
  | NodeRegistered
  | NodeFingerprinted
  | NodeEligibilitySet
  | TaskRestartRequested
  | TaskSignalRequested
