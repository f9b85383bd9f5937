import { once } from 'node:events'
import { WebSocket } from 'ws'

export type SocketMessage = {
  readonly type: string
  readonly id?: string
  // Every test knows the shape of what it subscribed to.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly payload?: any
}

export type GraphqlSocket = {
  readonly socket: WebSocket
  readonly send: (message: object) => void
  readonly subscribe: (id: string, query: string, variables?: object) => void
  /** The next message that `wanted` takes; those before it are dropped. */
  readonly next: (wanted?: (message: SocketMessage) => boolean) => Promise<SocketMessage>
  readonly closed: Promise<number>
}

const GIVE_UP_MS = 5_000

/** A client of GraphQL over WebSocket, connected and acknowledged. */
export const openGraphqlSocket = async (port: number, headers: Record<string, string> = {}): Promise<GraphqlSocket> => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', { headers })
  const messages: SocketMessage[] = []
  let wake: () => void = () => {}
  socket.on('message', (data: Buffer) => {
    messages.push(JSON.parse(data.toString()) as SocketMessage)
    wake()
  })
  const closed = new Promise<number>(resolve => {
    socket.once('close', code => resolve(code))
  })
  const send = (message: object): void => socket.send(JSON.stringify(message))
  const next = async (wanted: (message: SocketMessage) => boolean = () => true): Promise<SocketMessage> => {
    const deadline = performance.now() + GIVE_UP_MS
    for (;;) {
      for (let message = messages.shift(); message !== undefined; message = messages.shift())
        if (wanted(message)) return message
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) throw new Error(`no such message came within ${GIVE_UP_MS} ms`)
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, leftMs)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  await once(socket, 'open')
  send({ type: 'connection_init' })
  await next(message => message.type === 'connection_ack')
  return {
    socket,
    send,
    next,
    closed,
    subscribe: (id, query, variables) => send({ type: 'subscribe', id, payload: { query, variables } }),
  }
}
