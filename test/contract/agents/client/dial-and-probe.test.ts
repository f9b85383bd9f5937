import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import type { CheckSpec } from '../../../../src/agents/client/checks.ts'
import { createDialer, LINK_PATH } from '../../../../src/agents/client/dial.ts'
import { MAX_CHECK_OUTPUT_BYTES, MAX_PROBES_AT_ONCE } from '../../../../src/agents/client/limits.ts'
import { createNetworkProbe } from '../../../../src/agents/client/probe.ts'
import type { Check } from '../../../../src/domain/jobspec/schema.ts'
import { MAX_LINK_MESSAGE_BYTES, type ServerMessage } from '../../../../src/protocol/client-link.ts'
import { buildCheck } from '../../../support/builders.ts'
import { eventually } from '../../../support/eventually.ts'
import { freePort } from '../../../support/ports.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const listen = async (server: Server | HttpServer): Promise<number> => {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closers.push(() => server.close())
  return (server.address() as AddressInfo).port
}

const heartbeatAck: ServerMessage = { kind: 'heartbeat-ack', serverTime: 7 }

describe('a link over WebSocket', () => {
  const openServer = async () => {
    const http = createHttpServer()
    const sockets = new WebSocketServer({ server: http, path: LINK_PATH, maxPayload: 2 * MAX_LINK_MESSAGE_BYTES })
    const port = await listen(http)
    closers.push(() => {
      for (const client of sockets.clients) client.terminate()
    })
    return { sockets, address: `http://127.0.0.1:${port}` }
  }

  it('carries messages both ways, those that came before anybody listened too', async () => {
    const { sockets, address } = await openServer()
    const heard: string[] = []
    sockets.on('connection', socket => {
      socket.send(JSON.stringify(heartbeatAck))
      socket.on('message', data => heard.push(Buffer.from(data as Buffer).toString('utf8')))
    })
    const link = await createDialer({ addresses: [address] })()
    await eventually('the early message', async () => (sockets.clients.size === 1 ? true : undefined))
    const got: ServerMessage[] = []
    link.onMessage(message => got.push(message))
    link.send({ kind: 'heartbeat' })
    await eventually('both', async () => (heard.length === 1 && got.length === 1 ? true : undefined))
    expect(got).toEqual([heartbeatAck])
    expect(heard).toEqual(['{"kind":"heartbeat"}'])
    link.close('enough')
  })

  it.each(['not json', '[1]', '"text"'])('hangs up on %j, which is no message', async text => {
    const { sockets, address } = await openServer()
    sockets.on('connection', socket => socket.send(text))
    const link = await createDialer({ addresses: [address] })()
    const reason = await new Promise<string>(resolve => link.onClose(resolve))
    expect(reason).toContain('no message of this protocol')
  })

  it('hangs up on a message beyond the limit', async () => {
    const { sockets, address } = await openServer()
    sockets.on('connection', socket => socket.send(`"${'x'.repeat(MAX_LINK_MESSAGE_BYTES)}"`))
    const link = await createDialer({ addresses: [address] })()
    expect(await new Promise<string>(resolve => link.onClose(resolve))).toContain('payload')
  })

  it('tries the next server when one does not answer, and says so when none does', async () => {
    const { address } = await openServer()
    const nobody = `http://127.0.0.1:${await freePort()}`
    const link = await createDialer({ addresses: [nobody, address] })()
    link.close('enough')
    await expect(createDialer({ addresses: [nobody] })()).rejects.toMatchObject({
      code: 'API_UNREACHABLE',
      message: expect.stringContaining(nobody),
    })
  })
})

describe('a probe over the network', () => {
  const spec = (port: number, check: Partial<Check> = {}): CheckSpec => ({
    id: 'c',
    service: 'web',
    check: buildCheck({ timeoutMs: 300, ...check }),
    task: '',
    address: '127.0.0.1',
    port,
  })
  const probe = createNetworkProbe()
  const never = new AbortController().signal

  it('connects, or says why it cannot', async () => {
    const port = await listen(createServer(socket => socket.destroy()))
    expect(await probe(spec(port), never)).toEqual({ isSuccess: true, output: 'nomad: tcp ok' })
    expect(await probe(spec(await freePort()), never)).toMatchObject({
      isSuccess: false,
      output: expect.stringContaining('ECONNREFUSED'),
    })
  })

  it('takes statuses from 200 up to 399 for success and shows the body otherwise', async () => {
    const port = await listen(
      createHttpServer((request, response) => {
        const status = Number(request.url?.slice(1))
        response.writeHead(status).end(`${request.method} ${String(request.headers['x-test'])} ${'y'.repeat(9_000)}`)
      }),
    )
    const http = (path: string) =>
      probe(spec(port, { type: 'http', path, method: 'PUT', header: { 'X-Test': ['a'] } }), never)
    expect(await http('/200')).toEqual({ isSuccess: true, output: 'nomad: http ok' })
    expect(await http('/399')).toMatchObject({ isSuccess: true })
    const bad = await http('/400')
    expect(bad.isSuccess).toBe(false)
    expect(bad.output).toMatch(/^PUT a y+$/)
    expect(bad.output).toHaveLength(MAX_CHECK_OUTPUT_BYTES)
  })

  it('gives up on an answer that does not come in time', async () => {
    const port = await listen(createHttpServer(() => {}))
    const late = await probe(spec(port, { type: 'http', path: '/' }), never)
    expect(late).toEqual({ isSuccess: false, output: 'nomad: no answer within 300 ms' })
  })

  it('asks so many at once, and the others after them', async () => {
    let open = 0
    let most = 0
    const server = createHttpServer((_, response) => {
      open += 1
      most = Math.max(most, open)
      setImmediate(() => {
        open -= 1
        response.end('ok')
      })
    })
    const port = await listen(server)
    const many = Array.from({ length: MAX_PROBES_AT_ONCE + 20 }, () =>
      probe(spec(port, { type: 'http', path: '/', timeoutMs: 10_000 }), never),
    )
    const results = await Promise.all(many)
    expect(results.every(({ isSuccess }) => isSuccess)).toBe(true)
    expect(most).toBeLessThanOrEqual(MAX_PROBES_AT_ONCE)
  })
})
