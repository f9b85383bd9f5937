import { rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'

/**
 * `lie`: the engine does what it is asked, and the answer is 500 all the same. `cut`: it does, and there is no answer.
 * `refuse`: 500, and it is not even asked; with these words, where some are given.
 */
export type Meddling = 'pass' | 'lie' | 'cut' | 'refuse' | { readonly refuse: string }

const WORDS = 'the engine lost its head'

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
    const fail = (message = WORDS): void => {
      reply.writeHead(500, { 'content-type': 'application/json' })
      reply.end(JSON.stringify({ message }))
    }
    const { method = '', url = '' } = incoming
    const how = meddle(`${method} ${url.replace(/\?.*$/, '')}`)
    if (typeof how === 'object') {
      incoming.resume()
      return fail(how.refuse)
    }
    switch (how) {
      case 'refuse':
        incoming.resume()
        return fail()
      case 'lie':
        return forward(
          incoming,
          answer => answer.resume().once('end', () => fail()),
          () => fail(),
        )
      case 'cut':
        return forward(
          incoming,
          answer => answer.resume().once('end', () => reply.destroy()),
          () => reply.destroy(),
        )
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
