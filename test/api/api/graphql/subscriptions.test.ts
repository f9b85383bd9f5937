import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { MAX_SUBSCRIPTION_MESSAGE_BYTES, MAX_SUBSCRIPTIONS_PER_SOCKET } from '../../../../src/api/graphql/limits.ts'
import { jobStream, reportStream } from '../../../../src/domain/streams.ts'
import { openApi, type TestApi } from '../../../support/api.ts'
import { buildJob, buildTaskReport } from '../../../support/builders.ts'
import { type GraphqlSocket, openGraphqlSocket, type SocketMessage } from '../../../support/graphql-socket.ts'
import { buildReport, jobRegistered, reported } from '../../../support/history.ts'
import { NODE_ID, type WebHistory, writeWeb } from '../../../support/web-history.ts'

let web: WebHistory
let api: TestApi
let port: number
beforeEach(async () => {
  web = writeWeb()
  api = openApi({ history: web.history })
  api.settle()
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  port = (api.app.server.address() as AddressInfo).port
})
afterEach(() => api.close())

const isNext = (message: SocketMessage): boolean => message.type === 'next'

const registerMore = (...ids: readonly string[]): void => {
  for (const id of ids) web.history.record(jobStream('default', id), jobRegistered({ spec: buildJob({ id }) }))
  api.settle()
}

const jobChanges =
  'subscription ($after: Position) { jobs(after: $after) { position changes { position kind jobId job { status version } } } }'

/** The changes of frames until one of position `until`. */
const collect = async (client: GraphqlSocket, field: string, until: number): Promise<readonly object[]> => {
  const changes: object[] = []
  for (;;) {
    const frame = (await client.next(isNext)).payload.data[field]
    changes.push(...(frame.changes ?? frame.events))
    if (frame.position >= until) return changes
  }
}

describe('jobs', () => {
  test('that change are sent as they were at that position, gone ones without a job', async () => {
    const client = await openGraphqlSocket(port)
    client.subscribe('1', jobChanges, { after: -1 })
    await collect(client, 'jobs', 2)
    registerMore('late')
    const purged = web.history.record(jobStream('default', 'late'), {
      type: 'JobPurged',
      data: { incarnation: 0, evaluationId: null },
    })
    api.settle()
    expect(await collect(client, 'jobs', purged.position)).toEqual([
      { position: 4, kind: 'APPEARED', jobId: 'late', job: { status: 'pending', version: 0 } },
      { position: 5, kind: 'GONE', jobId: 'late', job: null },
    ])
    client.socket.close()
  })

  test('reach a subscriber that was cut off as the same list as one that was not', async () => {
    const whole = await openGraphqlSocket(port)
    whole.subscribe('1', jobChanges, { after: -1 })
    const first = await openGraphqlSocket(port)
    first.subscribe('1', jobChanges, { after: -1 })
    const before = await collect(first, 'jobs', 2)
    first.socket.terminate()
    registerMore('a', 'b')
    registerMore('c')
    const second = await openGraphqlSocket(port)
    second.subscribe('1', jobChanges, { after: 3 })
    registerMore('d')
    const after = await collect(second, 'jobs', 7)
    expect([...before, ...after]).toEqual(await collect(whole, 'jobs', 7))
    whole.socket.close()
    second.socket.close()
  })

  test('start from now when nothing else is said', async () => {
    const client = await openGraphqlSocket(port)
    client.subscribe('1', 'subscription { jobs(prefix: "n") { changes { jobId } } }')
    client.send({ type: 'ping' })
    await client.next(message => message.type === 'pong')
    registerMore('other', 'new')
    expect((await client.next(isNext)).payload.data.jobs.changes).toEqual([{ jobId: 'new' }])
    client.socket.close()
  })
})

test('allocations are followed by job and node, with their status at each change', async () => {
  const [allocationId] = web.allocations
  const query = `subscription { allocations(after: -1, jobId: "web", nodeId: "${NODE_ID}") { position changes { kind allocationId allocation { clientStatus } } } }`
  const client = await openGraphqlSocket(port)
  client.subscribe('1', query)
  await collect(client, 'allocations', 3)
  const task = (name: string) => buildTaskReport(name, { phase: 'dead', exitCode: 0 })
  web.history.record(
    reportStream(NODE_ID),
    reported(2, [buildReport(allocationId, { tasks: [task('server'), task('init')] })]),
  )
  api.settle()
  expect(await collect(client, 'allocations', 4)).toEqual([
    { kind: 'CHANGED', allocationId, allocation: { clientStatus: 'complete' } },
  ])
  client.socket.close()
})

test('raw events are followed from a position, filtered by type', async () => {
  const client = await openGraphqlSocket(port)
  client.subscribe(
    '1',
    'subscription { events(after: 0, filter: { types: ["JobRegistered"] }) { position events { position type stream data } } }',
  )
  registerMore('late')
  const events = await collect(client, 'events', 4)
  expect(events).toMatchObject([
    { position: 1, type: 'JobRegistered', stream: 'job-default/web' },
    { position: 4, type: 'JobRegistered', stream: 'job-default/late', data: { version: 0 } },
  ])
  client.socket.close()
})

describe('a connection', () => {
  test('runs as many subscriptions as the limit and no more', async () => {
    const client = await openGraphqlSocket(port)
    for (let index = 0; index < MAX_SUBSCRIPTIONS_PER_SOCKET; index++)
      client.subscribe(`s${index}`, 'subscription { jobs { position } }')
    client.send({ type: 'ping' })
    expect((await client.next()).type).toBe('pong')
    client.subscribe('one-more', 'subscription { jobs { position } }')
    const refused = await client.next()
    expect(refused).toMatchObject({ id: 'one-more', type: 'error', payload: [{ extensions: { code: 'OVERLOADED' } }] })
    client.send({ type: 'complete', id: 's0' })
    client.subscribe('one-more', 'subscription { jobs(after: -1) { position } }')
    expect((await client.next(isNext)).id).toBe('one-more')
    client.socket.close()
  })

  test('is held to the same limits and rules as a query', async () => {
    const client = await openGraphqlSocket(port)
    const refused = async (query: string): Promise<unknown> => {
      client.subscribe('x', query)
      return (await client.next(message => message.type === 'error')).payload[0].extensions.code
    }
    expect(await refused('{ position }')).toBe('REQUEST_INVALID')
    expect(await refused('subscription { nothing }')).toBe('REQUEST_INVALID')
    expect(await refused(`subscription { jobs { ${'position '.repeat(6_000)} } }`)).toBe('REQUEST_TOO_LARGE')
    const deep = 'job { latestPlacementFailure { '.repeat(6)
    expect(await refused(`subscription { jobs { changes { ${deep} id ${'} } '.repeat(6)} } } }`)).toBe(
      'REQUEST_INVALID',
    )
    const wide = 'allocations(first: 1000) { nodes { job { allocations(first: 1000) { nodes { id } } } } }'
    expect(await refused(`subscription { jobs { changes { job { ${wide} } } } }`)).toBe('REQUEST_TOO_LARGE')
    client.socket.close()
  })

  test('that says something else than the protocol is closed', async () => {
    const client = await openGraphqlSocket(port)
    client.socket.send('not json')
    expect(await client.closed).toBe(4400)
    const second = await openGraphqlSocket(port)
    second.send({ type: 'connection_init' })
    expect(await second.closed).toBe(4429)
    const third = await openGraphqlSocket(port)
    third.socket.send('x'.repeat(MAX_SUBSCRIPTION_MESSAGE_BYTES + 1))
    expect(await third.closed).toBe(1009)
  })

  test.each([
    [{ origin: 'http://evil.example' }, 403],
    [{ host: 'evil.example' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
  ])('with %o is refused', async (headers, status) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws', { headers })
    socket.on('error', () => {})
    const code = await new Promise(resolve => {
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode))
    })
    expect(code).toBe(status)
    socket.terminate()
  })
})
