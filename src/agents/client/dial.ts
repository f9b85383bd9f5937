import { WebSocket } from 'ws'
import { AppError, messageOf } from '../../platform/errors.ts'
import {
  type AgentLink,
  type AgentMessage,
  MAX_LINK_MESSAGE_BYTES,
  type ServerMessage,
} from '../../protocol/client-link.ts'

export type DialOptions = {
  /** `http://host:port` of the servers, tried in turn. */
  readonly addresses: readonly string[]
  readonly timeoutMs?: number
  /** Told which server answered. */
  readonly onDialed?: (address: string) => void
}

export const LINK_PATH = '/v1/client/link'
const DIAL_TIMEOUT_MS = 5_000
const CLOSE_NORMAL = 1_000
/** What WebSocket allows for a close frame's reason. */
const MAX_CLOSE_REASON_BYTES = 120
/** A peer that does not answer a close is hung up on. */
const CLOSE_TIMEOUT_MS = 1_000

const decode = (data: WebSocket.RawData): ServerMessage | null => {
  const text = Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data as Buffer).toString('utf8')
  try {
    const parsed: unknown = JSON.parse(text)
    const isMessage = typeof parsed === 'object' && parsed !== null && 'kind' in parsed
    return isMessage ? (parsed as ServerMessage) : null
  } catch {
    return null
  }
}

/** A link over an open socket. Messages that come before a handler is set wait for it. */
const linkOver = (socket: WebSocket): AgentLink => {
  let early: ServerMessage[] = []
  let onMessage: ((message: ServerMessage) => void) | undefined
  let onClose: ((reason: string) => void) | undefined
  let closedBecause: string | undefined
  const closed = (reason: string): void => {
    if (closedBecause !== undefined) return
    closedBecause = reason
    onClose?.(reason)
  }
  socket.on('message', data => {
    const message = decode(data)
    if (message === null) {
      closed('the server sent what is no message of this protocol')
      socket.terminate()
    } else if (onMessage === undefined) early.push(message)
    else onMessage(message)
  })
  socket.on('error', error => closed(messageOf(error)))
  socket.on('close', (code, reason) => closed(reason.length > 0 ? reason.toString('utf8') : `closed with code ${code}`))
  return {
    send: (message: AgentMessage) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
    },
    bufferedBytes: () => socket.bufferedAmount,
    onMessage: handler => {
      onMessage = handler
      for (const message of early) handler(message)
      early = []
    },
    onClose: handler => {
      onClose = handler
      if (closedBecause !== undefined) handler(closedBecause)
    },
    close: reason => {
      socket.close(CLOSE_NORMAL, Buffer.from(reason, 'utf8').subarray(0, MAX_CLOSE_REASON_BYTES).toString('utf8'))
      setTimeout(() => socket.terminate(), CLOSE_TIMEOUT_MS).unref()
      closed(reason)
    },
  }
}

const dialOne = (address: string, timeoutMs: number): Promise<AgentLink> =>
  new Promise((resolve, reject) => {
    const url = new URL(LINK_PATH, address.replace(/^http/, 'ws'))
    const socket = new WebSocket(url, { maxPayload: MAX_LINK_MESSAGE_BYTES, handshakeTimeout: timeoutMs })
    socket.once('error', error => {
      reject(
        new AppError('API_UNREACHABLE', `could not open a link to the server at ${address}: ${messageOf(error)}`, {
          hint: 'Check that a server listens at this address.',
          cause: error,
        }),
      )
    })
    socket.once('open', () => resolve(linkOver(socket)))
  })

/** Dials the servers in turn, the one that answered last first. Rejects with API_UNREACHABLE when none answers. */
export const createDialer = (options: DialOptions): (() => Promise<AgentLink>) => {
  const { addresses, timeoutMs = DIAL_TIMEOUT_MS } = options
  let first = 0
  return async () => {
    let failure: unknown = new AppError('CONFIG_INVALID', 'cannot dial a server: no address is configured')
    for (let tried = 0; tried < addresses.length; tried += 1) {
      const position = (first + tried) % addresses.length
      try {
        const address = addresses[position] ?? ''
        const link = await dialOne(address, timeoutMs)
        first = position
        options.onDialed?.(address)
        return link
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }
}
