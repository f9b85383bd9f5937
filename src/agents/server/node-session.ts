import type { ClusterView } from '../../app/cluster-view.ts'
import type { Changes, NodeState } from '../../domain/cluster/index.ts'
import { serviceKey } from '../../domain/cluster/index.ts'
import type { Clock } from '../../platform/clock.ts'
import { AppError, messageOf } from '../../platform/errors.ts'
import type { Logger } from '../../platform/logger.ts'
import type { AgentMessage, LinkAnswer, LinkRequest, ServerLink } from '../../protocol/client-link.ts'
import { MAX_LINK_BUFFER_BYTES } from '../../protocol/client-link.ts'
import {
  concernsNode,
  desiredOf,
  instancesOf,
  type OpenSealed,
  requestOf,
  serviceListOf,
  signatureOf,
} from './node-feed.ts'

/** Requests that one node may have open at once. */
export const MAX_OPEN_REQUESTS = 256
/** Service names that one node may watch. */
export const MAX_WATCHED_SERVICES = 10_000

type Open = { readonly push: (answer: LinkAnswer) => void; readonly fail: (error: AppError) => void }

export type NodeSessionOptions = {
  readonly nodeId: string
  readonly link: ServerLink
  readonly view: ClusterView
  readonly clock: Clock
  readonly logger: Logger
  readonly open: OpenSealed
}

/**
 * One connected node: what it was told, what it watches, what it was asked. Sends are serialised, so that desired states
 * arrive in the order of their positions although values are opened asynchronously.
 */
export type NodeSession = {
  readonly nodeId: string
  readonly sendFull: () => Promise<void>
  readonly onChanges: (changes: Changes) => void
  readonly onMessage: (message: AgentMessage) => void
  readonly ask: (request: LinkRequest, signal: AbortSignal) => AsyncGenerator<LinkAnswer>
  readonly close: (reason: string) => void
}

const isLast = (answer: LinkAnswer): boolean => answer.kind !== 'data'

export const createNodeSession = (options: NodeSessionOptions): NodeSession => {
  const { nodeId, link, view, clock, logger, open } = options
  const sent = new Map<string, string>()
  const sentRequests = new Set<string>()
  const asked = new Map<number, Open>()
  let watched: readonly { readonly namespace: string; readonly name: string }[] = []
  let lists: readonly string[] = []
  let nextRequest = 1
  let isClosed = false
  let tail: Promise<void> = Promise.resolve()

  const enqueue = (work: () => Promise<void>): Promise<void> => {
    tail = tail.then(async () => {
      if (isClosed) return
      try {
        await work()
      } catch (error) {
        logger.error({ nodeId, error: messageOf(error) }, 'node could not be told its desired state, closing its link')
        link.close('desired state could not be composed')
      }
    })
    return tail
  }

  const newRequests = (node: NodeState) => {
    const requests = Array.from(node.requests.values()).filter(request => !sentRequests.has(request.requestId))
    for (const request of requests) sentRequests.add(request.requestId)
    for (const id of sentRequests) if (!node.requests.has(id)) sentRequests.delete(id)
    return requests.map(requestOf)
  }

  const sendDesired = async (ids: Iterable<string>, isFull: boolean): Promise<void> => {
    const { state } = view
    const node = state.nodes.get(nodeId)
    if (node === undefined) return
    const { position } = state
    const collected: string[] = []
    const changed = []
    for (const id of ids) {
      const allocation = state.allocations.get(id)
      if (allocation === undefined) {
        if (sent.delete(id)) collected.push(id)
        continue
      }
      const signature = signatureOf(allocation)
      if (allocation.nodeId !== nodeId || (sent.get(id) === signature && !isFull)) continue
      if (!concernsNode(allocation) && !sent.has(id)) continue
      sent.set(id, signature)
      changed.push(allocation)
    }
    const requests = newRequests(node)
    if (!isFull && changed.length + collected.length + requests.length === 0) return
    const allocations = await Promise.all(changed.map(allocation => desiredOf(state, allocation, open)))
    link.send({ kind: 'desired', position, serverTime: clock.now(), isFull, allocations, collected, requests })
  }

  const sendServices = (keys: ReadonlySet<string> | 'all'): void => {
    for (const { namespace, name } of watched) {
      const key = serviceKey(namespace, name)
      if (keys !== 'all' && !keys.has(key)) continue
      link.send({ kind: 'services', namespace, name, instances: instancesOf(view.state, key) })
    }
    for (const namespace of lists) {
      const isTouched = keys === 'all' || Array.from(keys).some(key => key.startsWith(`${namespace}/`))
      if (isTouched) link.send({ kind: 'service-list', namespace, services: serviceListOf(view.state, namespace) })
    }
  }

  const isMine = (id: string): boolean => sent.has(id) || view.state.allocations.get(id)?.nodeId === nodeId

  const forward = (requestId: number, answer: LinkAnswer): void => {
    asked.get(requestId)?.push(answer)
    if (isLast(answer)) asked.delete(requestId)
  }

  async function* ask(request: LinkRequest, signal: AbortSignal): AsyncGenerator<LinkAnswer> {
    if (isClosed) throw new AppError('NODE_UNREACHABLE', `node ${nodeId} is not connected`)
    if (asked.size >= MAX_OPEN_REQUESTS)
      throw new AppError('OVERLOADED', `node ${nodeId} has ${asked.size} requests open`)
    const requestId = nextRequest++
    const waiting: LinkAnswer[] = []
    let waitingBytes = 0
    let failure: AppError | null = null
    let notify: () => void = () => {}
    asked.set(requestId, {
      push: answer => {
        // A reader that is told of its slowness gets no more: what waits for it stays bounded.
        if (failure !== null) return
        waiting.push(answer)
        waitingBytes += answer.kind === 'data' ? answer.data.length : 0
        if (waitingBytes > MAX_LINK_BUFFER_BYTES)
          failure = new AppError('OVERLOADED', 'the reader is too slow for this stream')
        notify()
      },
      fail: error => {
        failure = error
        notify()
      },
    })
    const onAbort = (): void => notify()
    signal.addEventListener('abort', onAbort)
    try {
      link.send({ kind: 'request', requestId, request })
      while (!signal.aborted) {
        const answer = waiting.shift()
        if (answer !== undefined) {
          waitingBytes -= answer.kind === 'data' ? answer.data.length : 0
          yield answer
          if (isLast(answer)) return
          continue
        }
        if (failure !== null) throw failure
        await new Promise<void>(resolve => {
          notify = resolve
        })
      }
    } finally {
      signal.removeEventListener('abort', onAbort)
      if (asked.delete(requestId) && !isClosed) link.send({ kind: 'cancel', requestId })
    }
  }

  return {
    nodeId,
    ask,
    sendFull: () =>
      enqueue(() => {
        sent.clear()
        sentRequests.clear()
        return sendDesired(view.state.nodes.get(nodeId)?.allocations ?? [], true)
      }),
    onChanges: changes => {
      const ids = Array.from(changes.allocations).filter(isMine)
      if (ids.length > 0 || changes.nodes.has(nodeId)) void enqueue(() => sendDesired(ids, false))
      if (changes.services.size > 0 && watched.length + lists.length > 0) sendServices(changes.services)
    },
    onMessage: message => {
      if (message.kind === 'answer') forward(message.requestId, message.answer)
      if (message.kind !== 'watch-services') return
      watched = message.services.slice(0, MAX_WATCHED_SERVICES)
      lists = message.lists.slice(0, MAX_WATCHED_SERVICES)
      sendServices('all')
    },
    close: reason => {
      isClosed = true
      for (const open of asked.values())
        open.fail(new AppError('NODE_UNREACHABLE', `node ${nodeId} went away: ${reason}`))
      asked.clear()
    },
  }
}
