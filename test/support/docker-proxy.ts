import { rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'

/** `lie`: the engine does what it is asked, and the answer is 500 all the same. `refuse`: 500, and it is not even asked. */
export type Meddling = 'pass' | 'lie' | 'refuse'

export type DockerProxy = {
  readonly endpoint: string
  /** Asked for every request, by `POST /containers/ID/start`; passes everything at first. */
  readonly meddleWith: (meddle: (asked: string) => Meddling) => void
  readonly close: () => Promise<void>
}

/** Stands between a driver and its engine, at a socket of its own, and spoils answers as it is told. */
export const startDockerProxy = async (engineSocket: string, socketPath: string): Promise<DockerProxy> => {
  let meddle: (asked: string) => Meddling = () => 'pass'
  const sockets = new Set<Socket>()

  const forward = (
    incoming: IncomingMessage,
    onAnswer: (answer: IncomingMessage) => void,
    onError: () => void,
  ): void => {
    const { method, url, headers } = incoming
    const outgoing = request({ socketPath: engineSocket, method, path: url, headers }, onAnswer)
    outgoing.once('error', onError)
    incoming.pipe(outgoing)
  }

  const server = createServer((incoming, reply) => {
    const fail = (): void => {
      reply.writeHead(500, { 'content-type': 'application/json' })
      reply.end(JSON.stringify({ message: 'the engine lost its head' }))
    }
    const { method = '', url = '' } = incoming
    switch (meddle(`${method} ${url.replace(/\?.*$/, '')}`)) {
      case 'refuse':
        incoming.resume()
        return fail()
      case 'lie':
        return forward(incoming, answer => answer.resume().once('end', fail), fail)
      case 'pass':
        return forward(
          incoming,
          answer => {
            reply.writeHead(answer.statusCode ?? 500, answer.headers)
            answer.pipe(reply)
            reply.once('close', () => answer.destroy())
          },
          () => reply.destroy(),
        )
    }
  })
  server.on('connection', socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => {
    server.listen(socketPath, resolve)
  })
  return {
    endpoint: `unix://${socketPath}`,
    meddleWith: next => {
      meddle = next
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>(resolve => {
        server.close(() => resolve())
      })
      await rm(socketPath, { force: true })
    },
  }
}
