import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { buildClientApi } from '../../../../src/api/build-client-api.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import { seededRandom } from '../../../../src/platform/random.ts'
import { openApi } from '../../../support/api.ts'
import { openGraphqlSocket } from '../../../support/graphql-socket.ts'
import { freePort } from '../../../support/muster.ts'

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close()
})

const portOf = (url: string): number => Number(new URL(url).port)

/** The API of a client whose servers are at these addresses, in this order. */
const openClient = async (servers: readonly string[]): Promise<number> => {
  const app = buildClientApi({
    logger: silentLogger,
    random: seededRandom(1),
    hosts: ['node.example'],
    agent: () => ({
      version: '0.1.0',
      revision: '',
      region: 'global',
      datacenter: 'dc1',
      name: 'the client',
      address: '',
      isServer: false,
      nodeId: 'n',
      isDev: false,
    }),
    metrics: () => ({
      at: 0,
      metrics: [{ name: 'own', help: 'h', type: 'gauge', samples: [{ labels: {}, value: 1 }] }],
    }),
    health: () => ({ server: null, client: { isOk: true, message: 'ok' } }),
    servers: () => servers,
  })
  closing.push(() => app.close())
  return portOf(await app.listen({ host: '127.0.0.1', port: 0 }))
}

const openServer = async (): Promise<string> => {
  const api = openApi()
  closing.push(api.close)
  const url = await api.app.listen({ host: '127.0.0.1', port: 0 })
  return `http://localhost:${portOf(url)}`
}

const nobody = async (): Promise<string> => `http://127.0.0.1:${await freePort()}`

const query = (port: number, text: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query: text }),
  })

describe('the API of a client', () => {
  it('answers its own health, name and metrics', async () => {
    const port = await openClient([])
    const health = await fetch(`http://127.0.0.1:${port}/v1/agent/health`)
    expect([health.status, await health.json()]).toEqual([200, { client: { ok: true, message: 'ok' } }])
    const self = await fetch(`http://127.0.0.1:${port}/v1/agent/self`)
    expect(await self.json()).toMatchObject({ name: 'the client', nodeId: 'n', isServer: false })
    const metrics = await fetch(`http://127.0.0.1:${port}/v1/metrics?format=prometheus`)
    expect(await metrics.text()).toContain('\nown 1\n')
  })

  it('passes everything else on to the first server that answers, refusals included', async () => {
    const port = await openClient([await nobody(), await openServer()])
    const answered = await query(port, '{ agent { name } }')
    expect([answered.status, await answered.json()]).toMatchObject([200, { data: { agent: { name: 'test' } } }])
    const refused = await query(port, '{ nothing }')
    expect([refused.status, await refused.json()]).toMatchObject([400, { errors: [{}] }])
    expect((await fetch(`http://127.0.0.1:${port}/v1/nothing?x=1`)).status).toBe(404)
    const own = await query(port, '{ agent { name } }', { origin: `http://127.0.0.1:${port}` })
    expect(own.status).toBe(200)
  })

  it('streams what the server streams, and stops the server when its own reader goes', async () => {
    const port = await openClient([await openServer()])
    const gone = new AbortController()
    const stream = await fetch(`http://127.0.0.1:${port}/v1/events?after=-1`, { signal: gone.signal })
    expect(stream.headers.get('content-type')).toBe('application/x-ndjson')
    const chunk = await stream.body?.getReader().read()
    expect(Buffer.from(chunk?.value ?? []).toString()).toBe('\n')
    gone.abort()
  })

  it('passes subscriptions on', async () => {
    const port = await openClient([await openServer()])
    const socket = await openGraphqlSocket(port)
    socket.subscribe('1', 'subscription { nothing }')
    expect(await socket.next()).toMatchObject({ id: '1', type: 'error' })
    socket.socket.close()
    await socket.closed
  })

  it('says which servers do not answer', async () => {
    const server = await nobody()
    const port = await openClient([server])
    const answer = await query(port, '{ agent { name } }')
    expect(answer.status).toBe(503)
    const message = `this agent is a client, and no server answers it (${server}: ECONNREFUSED)`
    expect(await answer.json()).toMatchObject({ errors: [{ message, extensions: { code: 'API_UNREACHABLE' } }] })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws')
    const failure = await new Promise<Error>(resolve => {
      socket.once('error', resolve)
    })
    expect(failure.message).toContain('503')
  })

  it('takes no links, and refuses other sites before a server is asked', async () => {
    const port = await openClient([await openServer()])
    const failureOf = async (path: string, headers: Readonly<Record<string, string>>): Promise<string> => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
      const error = await new Promise<Error>(resolve => {
        socket.once('error', resolve)
      })
      return error.message
    }
    expect(await failureOf('/v1/client/link', {})).toContain('404')
    expect(await failureOf('/graphql', { origin: 'http://evil.example' })).toContain('403')
    expect((await query(port, '{ agent { name } }', { origin: 'http://evil.example' })).status).toBe(403)
  })
})
