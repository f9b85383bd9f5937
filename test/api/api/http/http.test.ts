import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { MAX_OPEN_STREAMS } from '../../../../src/api/graphql/limits.ts'
import { createStreamCounter } from '../../../../src/api/http/open-streams.ts'
import { AppError } from '../../../../src/platform/errors.ts'
import type { LinkAnswer, LinkRequest, ServerLink } from '../../../../src/protocol/client-link.ts'
import { openApi, type TestApi, type TestApiOptions } from '../../../support/api.ts'
import { NODE_ID, writeWeb } from '../../../support/web-history.ts'

let api: TestApi
afterEach(() => api.close())

const web = writeWeb()
const [allocationId] = web.allocations
const open = (overrides: TestApiOptions['overrides'] = {}): TestApi => {
  api = openApi({ history: writeWeb().history, overrides })
  api.settle()
  return api
}

const data = (text: string): LinkAnswer => ({ kind: 'data', data: Buffer.from(text).toString('base64') })

/** A node that answers everything with `answers`, and remembers what it was asked. */
const node = (answers: readonly LinkAnswer[]) => {
  const asked: { readonly nodeId: string; readonly request: LinkRequest }[] = []
  return {
    asked,
    askNode: async function* (this: void, nodeId: string, request: LinkRequest): AsyncGenerator<LinkAnswer> {
      asked.push({ nodeId, request })
      yield* answers
    },
  }
}

const get = (path: string) => api.app.inject({ method: 'GET', url: path })

describe('logs and files', () => {
  test('come as raw bytes from the node that has the allocation', async () => {
    const { asked, askNode } = node([data('a\n'), data('b\n'), { kind: 'end' }])
    open({ askNode })
    const response = await get(
      `/v1/allocation/${allocationId}/logs?task=server&type=stderr&origin=end&offset=10&follow=true`,
    )
    expect(response.statusCode).toBe(200)
    expect(response.body).toBe('a\nb\n')
    expect(asked).toEqual([
      {
        nodeId: NODE_ID,
        request: {
          kind: 'logs',
          allocationId,
          task: 'server',
          type: 'stderr',
          origin: 'end',
          offset: 10,
          follows: true,
        },
      },
    ])
  })

  test('are never a page of this agent: text, no sniffing, no scripts', async () => {
    open({ askNode: node([data('<script>alert(1)</script>'), { kind: 'end' }]).askNode })
    const response = await get(`/v1/allocation/${allocationId}/fs/cat?path=/index.html`)
    expect(response.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    })
  })

  test('are listed and described as JSON', async () => {
    const entry = { name: 'a', isDirectory: false, sizeBytes: 1, mode: '-rw-r--r--', modifiedAt: 5 }
    open({ askNode: node([{ kind: 'entries', entries: [entry] }]).askNode })
    expect((await get(`/v1/allocation/${allocationId}/fs/ls?path=/`)).json()).toEqual([entry])
    await api.close()
    open({ askNode: node([{ kind: 'entry', entry }]).askNode })
    expect((await get(`/v1/allocation/${allocationId}/fs/stat?path=/a`)).json()).toEqual(entry)
  })

  test.each([
    ['NOT_FOUND', 404],
    ['REQUEST_REFUSED', 403],
    ['REQUEST_INVALID', 400],
  ] as const)('that the node answers with %s have that status', async (code, status) => {
    open({ askNode: node([{ kind: 'error', code, message: 'no' }]).askNode })
    const response = await get(`/v1/allocation/${allocationId}/fs/cat?path=../x`)
    expect(response.statusCode).toBe(status)
    expect(response.json()).toMatchObject({ errors: [{ message: 'no', extensions: { code } }] })
  })

  test('of a node that cannot be reached, of no allocation and with bad arguments are coded', async () => {
    const unreachable = (): never => {
      throw new AppError('NODE_UNREACHABLE', 'gone')
    }
    open({ askNode: unreachable })
    expect((await get(`/v1/allocation/${allocationId}/logs?task=t`)).statusCode).toBe(502)
    expect((await get('/v1/allocation/nope/logs')).statusCode).toBe(404)
    expect((await get(`/v1/allocation/${allocationId}/logs?type=both`)).statusCode).toBe(400)
    expect((await get(`/v1/allocation/${allocationId}/logs?offset=-1`)).statusCode).toBe(400)
  })

  test('stop being read when the one who asked goes away', async () => {
    let isAborted: () => void = () => {}
    const aborted = new Promise<void>(resolve => {
      isAborted = resolve
    })
    open({
      askNode: async function* (_nodeId, _request, signal) {
        signal.addEventListener('abort', () => isAborted(), { once: true })
        yield data('first')
        await aborted
      },
    })
    await api.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = api.app.server.address() as AddressInfo
    const stop = new AbortController()
    const response = await fetch(`http://127.0.0.1:${port}/v1/allocation/${allocationId}/logs?task=t&follow=true`, {
      signal: stop.signal,
    })
    const reader = response.body?.getReader()
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('first')
    stop.abort()
    await aborted
  })
})

test('as many streams are open as the limit and no more', () => {
  api = openApi()
  const counter = createStreamCounter(MAX_OPEN_STREAMS)
  const [first] = Array.from({ length: MAX_OPEN_STREAMS }, counter.take)
  expect(counter.take).toThrow(/streams are open/)
  first?.()
  first?.()
  counter.take()
  expect(counter.take).toThrow(/streams are open/)
})

test('health is 503 while a part does not work, and leaves out a part that does not run', async () => {
  open()
  const healthy = await get('/v1/agent/health')
  expect(healthy.statusCode).toBe(200)
  expect(healthy.json()).toEqual({ server: { ok: true, message: 'ok' } })
  await api.close()
  open({ health: () => ({ server: { isOk: true, message: 'ok' }, client: { isOk: false, message: 'no node' } }) })
  expect((await get('/v1/agent/health')).statusCode).toBe(503)
})

test('raw events come as lines of JSON from a position on, an empty line telling that all was sent', async () => {
  open()
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = api.app.server.address() as AddressInfo
  const stop = new AbortController()
  const response = await fetch(`http://127.0.0.1:${port}/v1/events?after=0`, { signal: stop.signal })
  const reader = response.body?.getReader()
  let text = ''
  while (!text.includes('\n\n')) text += new TextDecoder().decode((await reader?.read())?.value)
  const lines = text.trim().split('\n')
  expect(lines.map(line => (JSON.parse(line) as { position: number }).position)).toEqual([1, 2, 3])
  stop.abort()
})

test.each([[{ host: 'evil.example' }], [{ origin: 'http://evil.example' }], [{ 'sec-fetch-site': 'cross-site' }]])(
  'every path refuses a request with %o',
  async headers => {
    open()
    for (const url of [
      '/graphql',
      '/v1/agent/health',
      '/v1/events',
      `/v1/allocation/${allocationId}/logs`,
      '/nowhere',
    ]) {
      const method = url === '/graphql' ? 'POST' : 'GET'
      const response = await api.app.inject({
        method,
        url,
        headers,
        ...(method === 'POST' ? { payload: { query: '{ position }' } } : {}),
      })
      expect(response.statusCode).toBe(403)
      expect(response.json()).toMatchObject({ errors: [{ extensions: { code: 'REQUEST_REFUSED' } }] })
    }
  },
)

test('a client agent`s connection is handed over whole: nothing it said before is lost', async () => {
  const links: ServerLink[] = []
  open({ onClientLink: link => links.push(link) })
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = api.app.server.address() as AddressInfo
  const agent = new WebSocket(`ws://127.0.0.1:${port}/v1/client/link`)
  await once(agent, 'open')
  agent.send(JSON.stringify({ kind: 'heartbeat' }))
  agent.ping()
  await once(agent, 'pong')
  const heard: unknown[] = []
  links[0]?.onMessage(message => heard.push(message))
  expect(heard).toEqual([{ kind: 'heartbeat' }])
  links[0]?.send({ kind: 'heartbeat-ack', serverTime: 5 })
  const [answer] = (await once(agent, 'message')) as [Buffer]
  expect(JSON.parse(answer.toString())).toEqual({ kind: 'heartbeat-ack', serverTime: 5 })
  const closed = new Promise<string>(resolve => {
    links[0]?.onClose(resolve)
  })
  agent.close(1000, 'bye')
  expect(await closed).toBe('bye')
})
