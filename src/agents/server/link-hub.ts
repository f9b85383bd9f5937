import { createHash, timingSafeEqual } from 'node:crypto'
import type { ClusterView } from '../../app/cluster-view.ts'
import type { Provenance } from '../../app/codec.ts'
import { appendToNode, type NodeAppend } from '../../app/node-streams.ts'
import type { NodeState } from '../../domain/cluster/index.ts'
import { uuidOf } from '../../domain/ids.ts'
import { MAX_ALLOCATIONS_PER_REPORT } from '../../domain/limits.ts'
import type { NodeRegistered } from '../../domain/node/events.ts'
import type { AllocationsReported } from '../../domain/report/events.ts'
import { nodeStream, reportStream } from '../../domain/streams.ts'
import type { EventStore, Position } from '../../eventstore/port.ts'
import type { Clock } from '../../platform/clock.ts'
import { AppError, isAppError, messageOf } from '../../platform/errors.ts'
import type { Logger } from '../../platform/logger.ts'
import {
  type AgentHello,
  type AgentMessage,
  LINK_PROTOCOL,
  type LinkAnswer,
  type LinkRequest,
  type ServerLink,
} from '../../protocol/client-link.ts'
import type { Liveness } from './liveness.ts'
import type { OpenSealed } from './node-feed.ts'
import { createNodeSession, type NodeSession } from './node-session.ts'

/** An agent that says nothing after dialling is cut off, ms. */
const HELLO_TIMEOUT_MS = 5_000

export type LinkHubOptions = {
  readonly store: EventStore
  readonly view: ClusterView
  readonly clock: Clock
  readonly logger: Logger
  readonly liveness: Liveness
  readonly open: OpenSealed
  readonly region: string
}

/** The servers' end of every client agent's link: registers nodes, records what they report, tells them what to run. */
export type LinkHub = {
  readonly accept: (link: ServerLink) => void
  /** Asks a connected node; the answers end with `end`, a single answer, or an error. Throws NODE_UNREACHABLE. */
  readonly ask: (nodeId: string, request: LinkRequest, signal: AbortSignal) => AsyncIterable<LinkAnswer>
  readonly isConnected: (nodeId: string) => boolean
  readonly close: () => void
}

const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

const isSameDigest = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

const factsOf = (node: NodeState): NodeRegistered['data'] => ({
  name: node.name,
  datacenter: node.datacenter,
  nodePool: node.nodePool,
  nodeClass: node.nodeClass,
  meta: node.meta,
  attributes: node.attributes,
  resources: node.resources,
  reserved: node.reserved,
  reservedPorts: node.reservedPorts,
  ...(node.dynamicPorts === undefined ? {} : { dynamicPorts: node.dynamicPorts }),
  foreignPorts: node.foreignPorts,
  drivers: node.drivers,
  address: node.address,
  secretDigest: node.secretDigest,
  bootId: node.bootId,
  version: node.version,
})

const isSameFacts = (node: NodeState, data: NodeRegistered['data']): boolean => {
  const facts: Readonly<Record<string, unknown>> = factsOf(node)
  return Object.entries(data).every(([key, value]) => JSON.stringify(facts[key]) === JSON.stringify(value))
}

const refusalOf = (
  node: NodeState | undefined,
  hello: AgentHello,
): { readonly code: string; readonly message: string } | null => {
  if (hello.protocol !== LINK_PROTOCOL) {
    return {
      code: 'PROTOCOL_UNKNOWN',
      message: `this server speaks link protocol ${LINK_PROTOCOL}, the agent ${hello.protocol}`,
    }
  }
  if (node !== undefined && !isSameDigest(node.secretDigest, digestOf(hello.secret))) {
    return { code: 'NODE_SECRET_WRONG', message: `node ${hello.nodeId} is registered with another secret` }
  }
  return null
}

export const createLinkHub = (options: LinkHubOptions): LinkHub => {
  const { store, view, clock, logger, liveness } = options
  const sessions = new Map<string, { readonly session: NodeSession; readonly link: ServerLink }>()

  view.onChanges(changes => {
    for (const { session } of sessions.values()) session.onChanges(changes)
  })

  const provenance = (nodeId: string, id: string): Provenance => ({
    actor: `node:${nodeId}`,
    correlationId: id,
    causationId: id,
    at: clock.now(),
  })

  const append = (entry: Omit<NodeAppend, 'provenance'>): Promise<Position> =>
    appendToNode(store, view, { ...entry, provenance: provenance(entry.nodeId, entry.id) })

  const register = async (hello: AgentHello): Promise<void> => {
    const data = { ...hello.node, secretDigest: digestOf(hello.secret) }
    const node = view.state.nodes.get(hello.nodeId)
    if (node !== undefined && isSameFacts(node, data)) return
    await append({
      nodeId: hello.nodeId,
      stream: nodeStream(hello.nodeId),
      revisionOf: current => current?.revision ?? -1,
      id: uuidOf('node-registered', hello.nodeId, node?.revision ?? -1, clock.now()),
      event: { type: 'NodeRegistered', data },
    })
  }

  const record = async (nodeId: string, report: AllocationsReported['data'], link: ServerLink): Promise<void> => {
    const { sequence, bootId } = report
    const node = view.state.nodes.get(nodeId)
    const isRepeat = node !== undefined && node.reportBootId === bootId && sequence <= node.reportSequence
    if (isRepeat) return link.send({ kind: 'reported', sequence, position: view.state.position })
    if (report.allocations.length > MAX_ALLOCATIONS_PER_REPORT) {
      throw new AppError(
        'REQUEST_TOO_LARGE',
        `a report holds ${report.allocations.length} allocations, the limit is ${MAX_ALLOCATIONS_PER_REPORT}`,
      )
    }
    const position = await append({
      nodeId,
      stream: reportStream(nodeId),
      revisionOf: current => current?.reportRevision ?? -1,
      id: uuidOf('report', nodeId, bootId, sequence),
      event: { type: 'AllocationsReported', data: report },
    })
    link.send({ kind: 'reported', sequence, position })
  }

  const fingerprint = async (nodeId: string, changes: Partial<NodeRegistered['data']>): Promise<void> => {
    const { attributes, resources, drivers, foreignPorts } = changes
    const data = {
      ...(attributes === undefined ? {} : { attributes }),
      ...(resources === undefined ? {} : { resources }),
      ...(drivers === undefined ? {} : { drivers }),
      ...(foreignPorts === undefined ? {} : { foreignPorts }),
    }
    const node = view.state.nodes.get(nodeId)
    if (node === undefined || Object.keys(data).length === 0) return
    await append({
      nodeId,
      stream: nodeStream(nodeId),
      revisionOf: current => current?.revision ?? -1,
      id: uuidOf('node-fingerprinted', nodeId, node.revision, clock.now()),
      event: { type: 'NodeFingerprinted', data },
    })
  }

  const welcome = async (link: ServerLink, hello: AgentHello): Promise<NodeSession | null> => {
    const refusal = refusalOf(view.state.nodes.get(hello.nodeId), hello)
    if (refusal !== null) {
      link.send({ kind: 'refused', ...refusal })
      link.close(refusal.code)
      return null
    }
    // Heard before it is registered: the leader may look at the new node before this append is answered.
    liveness.heard(hello.nodeId)
    await register(hello)
    sessions.get(hello.nodeId)?.link.close('the agent dialled again')
    const session = createNodeSession({ nodeId: hello.nodeId, link, view, clock, logger, open: options.open })
    sessions.set(hello.nodeId, { session, link })
    const ttl = liveness.ttlMs(view.state.nodes.size)
    link.send({ kind: 'welcome', serverTime: clock.now(), heartbeatTtlMs: ttl, region: options.region })
    await session.sendFull()
    return session
  }

  const handle = async (session: NodeSession, link: ServerLink, message: AgentMessage): Promise<void> => {
    switch (message.kind) {
      case 'hello':
        return
      case 'heartbeat':
        return link.send({ kind: 'heartbeat-ack', serverTime: clock.now() })
      case 'leave':
        // One that has dialled again meanwhile is there.
        if (sessions.get(session.nodeId)?.session === session) liveness.left(session.nodeId)
        return link.close('the agent left')
      case 'fingerprint':
        return fingerprint(session.nodeId, message.changes)
      case 'report':
        return record(session.nodeId, message.report, link)
      case 'watch-services':
      case 'answer':
        return session.onMessage(message)
    }
  }

  const accept = (link: ServerLink): void => {
    let session: NodeSession | null = null
    let isGreeted = false
    let tail: Promise<void> = Promise.resolve()
    const cancel = clock.after(HELLO_TIMEOUT_MS, () => {
      if (!isGreeted) link.close('no hello')
    })
    const fail = (error: unknown): void => {
      logger.warn(
        { nodeId: session?.nodeId, code: isAppError(error) ? error.code : 'INTERNAL', error: messageOf(error) },
        'link failed',
      )
      link.close('the server could not go on with this link')
    }
    link.onMessage(message => {
      if (session !== null) liveness.heard(session.nodeId)
      if (message.kind === 'answer' && session !== null) return session.onMessage(message)
      tail = tail.then(async () => {
        if (message.kind === 'hello' && !isGreeted) {
          isGreeted = true
          session = await welcome(link, message)
        } else if (session !== null) await handle(session, link, message)
      })
      tail.catch(fail)
    })
    link.onClose(reason => {
      cancel()
      if (session === null) return
      session.close(reason)
      if (sessions.get(session.nodeId)?.session === session) sessions.delete(session.nodeId)
    })
  }

  return {
    accept,
    ask: (nodeId, request, signal) => {
      const connected = sessions.get(nodeId)
      if (connected === undefined)
        throw new AppError('NODE_UNREACHABLE', `node ${nodeId} is not connected to this server`)
      return connected.session.ask(request, signal)
    },
    isConnected: nodeId => sessions.has(nodeId),
    close: () => {
      for (const { link } of sessions.values()) link.close('the server stops')
    },
  }
}
