import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { MAX_LINK_MESSAGE_BYTES } from '../../protocol/client-link.ts'
import type { ApiContext } from '../context.ts'
import { MAX_SUBSCRIPTION_MESSAGE_BYTES, MAX_SUBSCRIPTION_SOCKETS, RETRY_AFTER_S } from '../graphql/limits.ts'
import {
  SUBSCRIPTION_PROTOCOL,
  type SubscriptionServer,
  serveSubscriptions,
} from '../graphql/subscription-connection.ts'
import { isOfNoPage, refusalOf } from './own-requests.ts'
import { createSocketLink } from './socket-link.ts'

export const LINK_PATH = '/v1/client/link'
export const GRAPHQL_PATH = '/graphql'

/** Answers a request to change the protocol with a refusal, and hangs up. */
export const refuseUpgrade = (socket: Duplex, status: string, message: string): void => {
  const body = JSON.stringify({ errors: [{ message, extensions: { code: 'REQUEST_REFUSED' } }] })
  const retry = status.startsWith('503') ? `retry-after: ${RETRY_AFTER_S}\r\n` : ''
  const head = `HTTP/1.1 ${status}\r\n${retry}connection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  socket.end(head + body)
}

const speaksProtocol = (request: IncomingMessage): boolean =>
  (request.headers['sec-websocket-protocol'] ?? '').split(',').some(name => name.trim() === SUBSCRIPTION_PROTOCOL)

/** Takes WebSocket connections: client agents' links and GraphQL subscriptions, under the same guard as every request. */
export const serveUpgrades = (http: Server, context: ApiContext, subscriptions: SubscriptionServer): (() => void) => {
  const links = new WebSocketServer({ noServer: true, maxPayload: MAX_LINK_MESSAGE_BYTES, perMessageDeflate: false })
  const subscribers = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_SUBSCRIPTION_MESSAGE_BYTES,
    perMessageDeflate: false,
    handleProtocols: () => SUBSCRIPTION_PROTOCOL,
  })

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const path = (request.url ?? '').split('?')[0]
    // An agent dials a server under whichever name it was given, and a browser names the origin of every socket it opens.
    const isAgent = path === LINK_PATH && isOfNoPage(request.headers)
    const refusal = isAgent ? null : refusalOf(request.headers, context.hosts)
    if (refusal !== null) return refuseUpgrade(socket, '403 Forbidden', refusal)
    if (path === LINK_PATH) {
      const accept = (link: WebSocket): void => context.onClientLink(createSocketLink(link))
      return links.handleUpgrade(request, socket, head, accept)
    }
    if (path !== GRAPHQL_PATH)
      return refuseUpgrade(socket, '404 Not Found', `there is nothing to connect to at ${path}`)
    if (!speaksProtocol(request)) return refuseUpgrade(socket, '400 Bad Request', `speak ${SUBSCRIPTION_PROTOCOL}`)
    if (subscribers.clients.size >= MAX_SUBSCRIPTION_SOCKETS)
      return refuseUpgrade(
        socket,
        '503 Service Unavailable',
        `${MAX_SUBSCRIPTION_SOCKETS} connections are open, the limit`,
      )
    return subscribers.handleUpgrade(request, socket, head, client => serveSubscriptions(subscriptions, client))
  }

  http.on('upgrade', upgrade)
  return () => {
    http.off('upgrade', upgrade)
    for (const server of [links, subscribers]) {
      for (const client of server.clients) client.terminate()
      server.close()
    }
  }
}
