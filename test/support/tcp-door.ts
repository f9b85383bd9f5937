import { connect, createServer, type Server, type Socket } from 'node:net'

/** Stands before a server on TCP: while it is shut, connections are cut and nobody listens. */
export type TcpDoor = {
  readonly port: number
  readonly shut: () => Promise<void>
  readonly open: () => Promise<void>
}

export const openTcpDoor = async (behind: { readonly host: string; readonly port: number }): Promise<TcpDoor> => {
  const sockets = new Set<Socket>()
  let server: Server | undefined
  let port = 0

  const keep = (socket: Socket, other: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
  }
  const pass = (incoming: Socket): void => {
    const outgoing = connect(behind)
    keep(incoming, outgoing)
    keep(outgoing, incoming)
    incoming.pipe(outgoing).pipe(incoming)
  }
  const open = async (): Promise<void> => {
    const opened = createServer(pass)
    server = opened
    await new Promise<void>((resolve, reject) => {
      opened.once('error', reject)
      opened.listen(port, '127.0.0.1', resolve)
    })
    const address = opened.address()
    if (typeof address === 'object' && address !== null) ({ port } = address)
  }
  await open()
  return {
    get port() {
      return port
    },
    open,
    shut: async () => {
      const closed = new Promise<void>(resolve => {
        server?.close(() => resolve())
      })
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
