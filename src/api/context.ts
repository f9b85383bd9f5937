import type { Commands, JobSource } from '../app/api-commands.ts'
import type { Recorded } from '../domain/events.ts'
import type { Job, Periodic } from '../domain/jobspec/schema.ts'
import type { Json } from '../domain/json.ts'
import type { Clock } from '../platform/clock.ts'
import type { ReadModel } from '../projections/runner.ts'
import type { LinkAnswer, LinkRequest, ServerLink } from '../protocol/client-link.ts'
import type { Measured } from './http/metrics-text.ts'
import type { HttpAppContext } from './http-app.ts'

/** A part of the log, in order; `caught-up` follows whenever there is nothing more at the moment. */
export type FeedItem =
  | { readonly kind: 'events'; readonly events: readonly Recorded[] }
  | { readonly kind: 'caught-up'; readonly position: number }

export type AgentInfo = {
  readonly version: string
  /** The commit, empty when it is not known. */
  readonly revision: string
  readonly region: string
  readonly datacenter: string
  readonly name: string
  readonly address: string
  readonly isServer: boolean
  /** The node that it runs as a client, null when it is none. */
  readonly nodeId: string | null
  readonly isDev: boolean
}

export type ServerMember = {
  /** `host.region` */
  readonly name: string
  readonly address: string
  readonly port: number
  readonly status: string
  readonly isLeader: boolean
  readonly version: string
  readonly datacenter: string
  readonly region: string
}

/** Why what is answered may be old, and for how long it has been so, where that is known. */
export type Staleness = {
  readonly kind: 'store-lost' | 'views-stopped' | 'log-unreadable'
  readonly message: string
  readonly ageMs: number | null
}

export type PartHealth = { readonly isOk: boolean; readonly message: string }

/** What an agent says of itself, whatever it is. */
export type AgentContext = {
  readonly agent: () => AgentInfo
  /** What it measures of itself now. */
  readonly metrics: () => Measured
  /** Null for a part that this agent does not run. */
  readonly health: () => { readonly server: PartHealth | null; readonly client: PartHealth | null }
}

/** What the API needs of the rest; src/main puts it together. */
export type ApiContext = HttpAppContext &
  AgentContext & {
    readonly clock: Clock
    readonly readModel: ReadModel
    readonly commands: Commands
    /** Events after a position, then live ones, until the signal aborts. It is pulled: nothing gathers while nobody asks. */
    readonly feed: (after: number, signal: AbortSignal) => AsyncIterable<FeedItem>
    /** The log as a file, up to its head at the time of the call. It is pulled, too. */
    readonly exportLog: (signal: AbortSignal) => AsyncIterable<Uint8Array>
    /** The position of the newest event of all, -1 in an empty log. */
    readonly head: () => Promise<number>
    /** The next instant of a schedule after `afterMs`, null when it never fires again. */
    readonly nextLaunch: (periodic: Periodic, afterMs: number) => number | null
    /** A specification as `job inspect` shows it, its sealed values opened. Throws REQUEST_REFUSED for those who may not. */
    readonly showSpecification: (namespace: string, job: Job) => Promise<Json>
    /** The job file that a stream holds, as it was submitted. Throws SOURCE_ERASED, and REQUEST_REFUSED for those who may not see it. */
    readonly showSource: (namespace: string, stream: string) => Promise<JobSource>
    /** Null while answers show all that is in the log. */
    readonly staleness: () => Staleness | null
    readonly serverMembers: () => readonly ServerMember[]
    /** Takes a client agent's connection over. The first message has not been read yet. */
    readonly onClientLink: (link: ServerLink) => void
    /** Asks a node. Throws NODE_UNREACHABLE. The iteration ends with `end`, `error` or after the one answer. */
    readonly askNode: (nodeId: string, request: LinkRequest, signal: AbortSignal) => AsyncIterable<LinkAnswer>
  }
