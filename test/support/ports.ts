import { connect, createServer } from 'node:net'

const ANSWER_TIMEOUT_MS = 2_000

/** A TCP port that nobody listened on a moment ago. */
export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '0.0.0.0', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })

/** What the peer at this address says, to `request` if there is one, before it hangs up. Rejects when nobody answers. */
export const connectAndRead = (ip: string, port: number, request = ''): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, ip)
    let text = ''
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => socket.destroy(new Error(`no answer from ${ip}:${port}`)))
    socket.setEncoding('utf8')
    if (request !== '') socket.write(request)
    socket.on('data', chunk => {
      text += String(chunk)
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(text))
  })
