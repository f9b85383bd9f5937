import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { messageOf } from '../platform/errors.ts'
import type { AgentContext } from './context.ts'
import { MAX_OPEN_STREAMS } from './graphql/limits.ts'
import { registerHealth, registerSelf } from './http/agent.ts'
import { type Answer, forward } from './http/forward.ts'
import { registerMetrics } from './http/metrics.ts'
import { createStreamCounter } from './http/open-streams.ts'
import { refusalOf } from './http/own-requests.ts'
import { GRAPHQL_PATH, refuseUpgrade } from './http/upgrades.ts'
import { createHttpApp, type HttpAppContext } from './http-app.ts'

export type ClientApiContext = HttpAppContext &
  AgentContext & {
    /** URLs of servers' APIs, the one to try first at the front. */
    readonly servers: () => readonly string[]
  }

/** What the answer itself says of the connection that it came over. */
const ofConnection = new Set(['connection', 'keep-alive', 'transfer-encoding'])

const headersOf = ({ headers }: IncomingMessage): Readonly<Record<string, string | string[]>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || ofConnection.has(name) ? [] : [[name, value] as const],
    ),
  )

/** Joins both ends of a connection whose protocol was changed, until either of them closes. */
const join = (client: Duplex, { message, upgraded }: Answer): void => {
  if (upgraded === null) {
    refuseUpgrade(client, `${message.statusCode ?? 502} ${message.statusMessage ?? ''}`, 'the server refused')
    message.resume()
    return
  }
  const { socket, head } = upgraded
  const lines = message.rawHeaders.flatMap((name, index, all) =>
    index % 2 === 0 ? [`${name}: ${all[index + 1]}`] : [],
  )
  client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`)
  client.write(head)
  socket.pipe(client).pipe(socket)
  for (const [one, other] of [
    [client, socket],
    [socket, client],
  ] as const) {
    one.on('error', () => other.destroy())
    one.on('close', () => other.destroy())
  }
}

const forwardUpgrades = (app: FastifyInstance, context: ClientApiContext): void => {
  const open = new Set<Duplex>()
  app.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { url = '', headers } = request
    const refusal = refusalOf(headers, context.hosts)
    if (refusal !== null) return refuseUpgrade(socket, '403 Forbidden', refusal)
    const path = url.split('?')[0] ?? ''
    if (path !== GRAPHQL_PATH)
      return refuseUpgrade(socket, '404 Not Found', `this agent is a client: there is nothing to connect to at ${path}`)
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    socket.unshift(head)
    const asked = { method: 'GET', url, headers, body: null, isUpgrade: true }
    void forward(context.servers(), asked).then(
      answer => join(socket, answer),
      (error: unknown) => refuseUpgrade(socket, '503 Service Unavailable', messageOf(error)),
    )
  })
  app.addHook('preClose', done => {
    for (const socket of open) socket.destroy()
    done()
  })
}

/**
 * The HTTP side of an agent that is no server: its own health, name and metrics; everything else it passes on to a server, so that a
 * command line may speak to whichever agent is near. It does not listen: whoever builds it does, and closes it.
 */
export const buildClientApi = (context: ClientApiContext): FastifyInstance => {
  const app = createHttpApp(context)
  const streams = createStreamCounter(MAX_OPEN_STREAMS)
  registerHealth(app, context)
  registerSelf(app, context)
  registerMetrics(app, context)
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.all('/*', async (request, reply) => {
    const { method, url, headers, body } = request
    const release = streams.take()
    reply.raw.once('close', release)
    const asked = { method, url, headers, body: Buffer.isBuffer(body) ? body : null, isUpgrade: false }
    const { message, abort } = await forward(context.servers(), asked)
    reply.raw.once('close', abort)
    return reply
      .code(message.statusCode ?? 502)
      .headers(headersOf(message))
      .send(message)
  })
  forwardUpgrades(app, context)
  return app
}
