import type { Job } from '../domain/jobspec/schema.ts'
import type { NodeRegistered, TaskRestartRequested, TaskSignalRequested } from '../domain/node/events.ts'
import type { AllocationsReported } from '../domain/report/events.ts'
import type { HostUsage, TasksUsage, TaskUsage } from './usage.ts'

/**
 * The one connection between a client agent and a server (design §8): JSON messages over a WebSocket (`/v1/client/link`),
 * or over a pair of queues in the simulation. The agent dials; after `hello` both sides send as they please.
 *
 * hello → welcome | refused; then the agent heartbeats within `heartbeatTtlMs`, reports, and watches services, while the
 * server sends the node's desired state (a full one first, then changes), service instances, and requests for logs and
 * files, answered under the request's id.
 */
export const LINK_PROTOCOL = 1

/** One allocation as the agent must run it. */
export type DesiredAllocation = {
  readonly allocationId: string
  readonly namespace: string
  readonly jobId: string
  readonly jobName: string
  readonly parentId: string | null
  readonly jobVersion: number
  readonly group: string
  readonly index: number
  readonly name: string
  /** An agent that is told to stop what it does not hold reports its tasks dead: the servers count it until then. */
  readonly desired: 'run' | 'stop'
  /** For a person: why it is to stop; empty while it is to run. */
  readonly stopReason: string
  /** To be stopped without waiting for the shutdown delays of its group and tasks. Not said = no. */
  readonly skipsShutdownDelay?: boolean
  /** The specification; null when nothing of it changed since the last message or when only a stop is said. */
  readonly job: Job | null
  /** Sealed values of this allocation's group in clear, keyed by digest: env values, template data, registry passwords. Never logged, kept on disk with mode 0600 only. */
  readonly clear: Readonly<Record<string, string>>
  /** The dispatched payload, base64, null without one. */
  readonly payload: string | null
  /** Host ports in the order of the group's port list. */
  readonly ports: readonly number[]
  readonly previousId: string | null
  /** The deployment that waits for its health (report it under this id, once per deployment), null = nobody waits. */
  readonly deploymentId: string | null
  readonly createdAt: number
  /** The newest start of each task that was reported, for an agent that has lost its records of them. Not said = none. */
  readonly starts?: Readonly<Record<string, number>>
}

export type TaskRequest =
  | ({ readonly kind: 'restart' } & TaskRestartRequested['data'])
  | ({ readonly kind: 'signal' } & TaskSignalRequested['data'])

export type LinkServiceInstance = {
  readonly id: string
  readonly name: string
  readonly node: string
  readonly address: string
  readonly port: number
  readonly datacenter: string
  readonly tags: readonly string[]
  readonly jobId: string
  readonly allocationId: string
}

export type AgentHello = {
  readonly kind: 'hello'
  readonly protocol: number
  readonly nodeId: string
  readonly secret: string
  readonly node: NodeRegistered['data']
  /** Position up to which the agent has acted, -1 = nothing. */
  readonly checkpoint: number
}

export type AgentMessage =
  | AgentHello
  | { readonly kind: 'heartbeat' }
  /** The last word of an agent that does not want to be waited for: its node is down as soon as this is heard, and the link is closed. */
  | { readonly kind: 'leave' }
  | { readonly kind: 'fingerprint'; readonly changes: Partial<NodeRegistered['data']> }
  /** Answered by `reported` with the same sequence once the event is in the log. */
  | { readonly kind: 'report'; readonly report: AllocationsReported['data'] }
  /** The whole list of service names that templates on this node want; replaces the one before. */
  | {
      readonly kind: 'watch-services'
      readonly services: readonly { readonly namespace: string; readonly name: string }[]
      readonly lists: readonly string[]
    }
  | { readonly kind: 'answer'; readonly requestId: number; readonly answer: LinkAnswer }

export type ServerMessage =
  | { readonly kind: 'welcome'; readonly serverTime: number; readonly heartbeatTtlMs: number; readonly region: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'heartbeat-ack'; readonly serverTime: number }
  /** `isFull`: everything that this node shall run or still has to stop; whatever else the agent holds is to go. */
  | {
      readonly kind: 'desired'
      readonly position: number
      readonly serverTime: number
      readonly isFull: boolean
      readonly allocations: readonly DesiredAllocation[]
      /** Allocations that the servers forgot (collected): the agent may remove their directories. */
      readonly collected: readonly string[]
      readonly requests: readonly TaskRequest[]
    }
  | { readonly kind: 'reported'; readonly sequence: number; readonly position: number }
  /** Instances of one watched name, complete; or all names of a namespace for `lists`. */
  | {
      readonly kind: 'services'
      readonly namespace: string
      readonly name: string
      readonly instances: readonly LinkServiceInstance[]
    }
  | {
      readonly kind: 'service-list'
      readonly namespace: string
      readonly services: readonly { readonly name: string; readonly tags: readonly string[] }[]
    }
  | { readonly kind: 'request'; readonly requestId: number; readonly request: LinkRequest }
  /** The asker went away: stop streaming. */
  | { readonly kind: 'cancel'; readonly requestId: number }

export type FileEntry = {
  readonly name: string
  readonly isDirectory: boolean
  readonly sizeBytes: number
  readonly mode: string
  readonly modifiedAt: number
}

/** What servers ask of an agent on behalf of a user. */
export type LinkRequest =
  | {
      readonly kind: 'logs'
      readonly allocationId: string
      readonly task: string
      readonly type: 'stdout' | 'stderr'
      readonly origin: 'start' | 'end'
      readonly offset: number
      readonly follows: boolean
    }
  | { readonly kind: 'list'; readonly allocationId: string; readonly path: string }
  | { readonly kind: 'stat'; readonly allocationId: string; readonly path: string }
  | {
      readonly kind: 'read'
      readonly allocationId: string
      readonly path: string
      readonly origin: 'start' | 'end'
      readonly offset: number
      readonly limitBytes: number
      readonly follows: boolean
    }
  /** What the tasks of an allocation use now. */
  | { readonly kind: 'stats'; readonly allocationId: string }
  /** What the machine, and the node's tasks together, use now. */
  | { readonly kind: 'node-stats' }

export type LinkAnswer =
  /** A piece of a stream, base64; more follows until `end`. */
  | { readonly kind: 'data'; readonly data: string }
  | { readonly kind: 'end' }
  | { readonly kind: 'entries'; readonly entries: readonly FileEntry[] }
  | { readonly kind: 'entry'; readonly entry: FileEntry }
  | {
      readonly kind: 'stats'
      readonly tasks: Readonly<Record<string, TaskUsage>>
      /** Why nothing is known of a task that runs, by task. */
      readonly unknown: Readonly<Record<string, string>>
    }
  | { readonly kind: 'node-stats'; readonly host: HostUsage | null; readonly tasks: TasksUsage }
  | {
      readonly kind: 'error'
      readonly code: 'NOT_FOUND' | 'REQUEST_INVALID' | 'REQUEST_REFUSED' | 'INTERNAL'
      readonly message: string
    }

/** One end of a link. `send` never blocks; `bufferedBytes` tells how much waits, and whoever streams holds back above MAX_LINK_BUFFER_BYTES. */
export type Link<Out, In> = {
  readonly send: (message: Out) => void
  readonly bufferedBytes: () => number
  readonly onMessage: (handler: (message: In) => void) => void
  /** Called once, with the reason. */
  readonly onClose: (handler: (reason: string) => void) => void
  readonly close: (reason: string) => void
}
export type AgentLink = Link<AgentMessage, ServerMessage>
export type ServerLink = Link<ServerMessage, AgentMessage>

export const MAX_LINK_MESSAGE_BYTES = 16_000_000
export const MAX_LINK_BUFFER_BYTES = 4_000_000
export const MAX_STREAM_CHUNK_BYTES = 65_536
