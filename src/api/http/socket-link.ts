import type { RawData, WebSocket } from 'ws'
import type { AgentMessage, ServerLink, ServerMessage } from '../../protocol/client-link.ts'

/** Messages that are kept until somebody listens: an agent says hello at once and then waits for the answer. */
const MAX_UNHEARD = 16

const parse = (data: RawData): AgentMessage | null => {
  try {
    const text = Array.isArray(data) ? Buffer.concat(data).toString() : Buffer.from(data as ArrayBuffer).toString()
    const value: unknown = JSON.parse(text)
    const isMessage = typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string'
    // Whoever serves the link checks what the kind requires; an unknown kind is refused there.
    return isMessage ? (value as AgentMessage) : null
  } catch {
    return null
  }
}

/** A server's end of the link over a WebSocket. */
export const createSocketLink = (socket: WebSocket): ServerLink => {
  let hear: ((message: AgentMessage) => void) | null = null
  const unheard: AgentMessage[] = []
  socket.on('message', (data: RawData) => {
    const message = parse(data)
    if (message === null) return socket.close(1007, 'a message is not JSON with a kind')
    if (hear !== null) return hear(message)
    if (unheard.length >= MAX_UNHEARD) return socket.close(1008, 'too many messages before the server listened')
    unheard.push(message)
  })
  return {
    send: (message: ServerMessage) => {
      if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message))
    },
    bufferedBytes: () => socket.bufferedAmount,
    onMessage: handler => {
      hear = handler
      for (const message of unheard.splice(0)) handler(message)
    },
    onClose: handler => {
      let reason = ''
      socket.on('error', error => {
        reason = error.message
      })
      socket.once('close', (code, text) => handler(text.toString() || reason || `closed with code ${code}`))
    },
    close: reason => socket.close(1000, reason.slice(0, 120)),
  }
}
