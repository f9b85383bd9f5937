import { type ClientRequest, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { AppError, messageOf, systemCodeOf } from '../../platform/errors.ts'

/** A server that does not take the connection within this time is passed over, ms. */
const CONNECT_TIMEOUT_MS = 5_000

/** Of one connection only, or settled by our own guard: the server has its own address and asks nothing of them. */
const notPassedOn = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'host',
  'origin',
  'referer',
  'sec-fetch-site',
])

const passedOn = (headers: IncomingHttpHeaders): IncomingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !notPassedOn.has(name)))

export type Forwarded = {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer | null
  /** Set for a request to change the protocol. */
  readonly isUpgrade: boolean
}

export type Answer = {
  readonly message: IncomingMessage
  /** What the server changed the protocol of, and what it said on it already. */
  readonly upgraded: { readonly socket: Duplex; readonly head: Buffer } | null
  readonly abort: () => void
}

/** True where nothing of a request can have reached the server: another one may be asked. */
const isUnheard = (error: unknown): boolean =>
  typeof error === 'object' &&
  error !== null &&
  'syscall' in error &&
  (error.syscall === 'connect' || error.syscall === 'getaddrinfo')

const start = (server: string, { method, url, headers, isUpgrade }: Forwarded): ClientRequest =>
  httpRequest(new URL(url, server), {
    method,
    headers: { ...passedOn(headers), ...(isUpgrade ? { connection: 'Upgrade' } : {}) },
  })

const ask = (server: string, forwarded: Forwarded): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const request = start(server, forwarded)
    const abort = (): void => void request.destroy()
    const timer = setTimeout(() => {
      const error = Object.assign(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`), { syscall: 'connect' })
      request.destroy(error)
    }, CONNECT_TIMEOUT_MS)
    request.once('socket', socket => {
      if (socket.connecting) socket.once('connect', () => clearTimeout(timer))
      else clearTimeout(timer)
    })
    request.on('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    request.once('response', message => resolve({ message, upgraded: null, abort }))
    request.once('upgrade', (message, socket, head) => resolve({ message, upgraded: { socket, head }, abort }))
    request.end(forwarded.body ?? undefined)
  })

/**
 * Passes a request on to the first of the servers that can be reached, and answers what it answers. One that broke off
 * after it was connected to is not asked again elsewhere: it may have acted. Throws API_UNREACHABLE, which names them all.
 */
export const forward = async (servers: readonly string[], forwarded: Forwarded): Promise<Answer> => {
  const failures: string[] = []
  for (const server of servers) {
    try {
      return await ask(server, forwarded)
    } catch (error) {
      failures.push(`${server}: ${systemCodeOf(error) ?? messageOf(error)}`)
      if (!isUnheard(error)) break
    }
  }
  throw new AppError('API_UNREACHABLE', `this agent is a client, and no server answers it (${failures.join('; ')})`, {
    hint: 'see that a server runs at one of these addresses, or ask a server directly',
  })
}
