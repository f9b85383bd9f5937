import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { COALESCE_MS, CONNECTION_INIT_MS, MAX_FRAME_CHANGES } from '../../../../src/api/graphql/limits.ts'
import { jobStream } from '../../../../src/domain/streams.ts'
import { openApi, type TestApi } from '../../../support/api.ts'
import { buildJob } from '../../../support/builders.ts'
import { eventually } from '../../../support/eventually.ts'
import { type GraphqlSocket, openGraphqlSocket } from '../../../support/graphql-socket.ts'
import { createHistory, type History, jobRegistered, placementsOf, planCommitted } from '../../../support/history.ts'
import { createManualClock, type ManualClock } from '../../../support/manual-clock.ts'
import { EVALUATION_ID, NODE_ID, writeWeb } from '../../../support/web-history.ts'

let api: TestApi | null = null
afterEach(async () => {
  await api?.close()
  api = null
})

const serve = async (history: History, clock?: ManualClock): Promise<number> => {
  api = openApi({ history, ...(clock === undefined ? {} : { overrides: { clock } }) })
  api.settle()
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  return (api.app.server.address() as AddressInfo).port
}

const register = (history: History, id: string): void => {
  history.record(jobStream('default', id), jobRegistered({ spec: buildJob({ id }) }))
}

const isNext = (message: { readonly type: string }): boolean => message.type === 'next'

/** How many changes each frame holds, until `total` were seen. */
const framesOf = async (client: GraphqlSocket, query: string, total: number): Promise<readonly number[]> => {
  client.subscribe('1', query)
  const frames: number[] = []
  while (frames.reduce((sum, count) => sum + count, 0) < total) {
    const data = (await client.next(isNext)).payload.data
    const [frame] = Object.values<{ changes?: unknown[]; events?: unknown[] }>(data)
    frames.push((frame?.changes ?? frame?.events ?? []).length)
  }
  client.socket.close()
  return frames
}

describe.each([
  ['jobs', 'subscription { jobs(after: -1) { changes { jobId } } }'],
  ['events', 'subscription { events(after: -1) { events { type } } }'],
])('a frame of %s', (_field, query) => {
  test.each([
    [MAX_FRAME_CHANGES - 1, [MAX_FRAME_CHANGES - 1]],
    [MAX_FRAME_CHANGES, [MAX_FRAME_CHANGES]],
    [MAX_FRAME_CHANGES + 1, [MAX_FRAME_CHANGES, 1]],
  ])('holds at most the limit: %i changes come as %j', async (number, frames) => {
    const history = createHistory()
    for (let index = 0; index < number; index++) register(history, `job-${index}`)
    const client = await openGraphqlSocket(await serve(history))
    expect(await framesOf(client, query, number)).toEqual(frames)
  })
})

test('the changes of one position are never parted', async () => {
  const { history } = writeWeb()
  const number = MAX_FRAME_CHANGES + 10
  const placements = placementsOf('app', NODE_ID, number, 10)
  const { position } = history.record('control', planCommitted({ evaluationId: EVALUATION_ID, placements }))
  const client = await openGraphqlSocket(await serve(history))
  const query = `subscription { allocations(after: ${position - 1}) { changes { kind } } }`
  expect(await framesOf(client, query, number)).toEqual([number])
})

/** Everything that the server has sent so far has come when the answer to this has. */
const pingPong = async (client: GraphqlSocket) => {
  client.send({ type: 'ping' })
  return client.next(message => message.type === 'pong' || message.type === 'next')
}

test('changes that come within the time to gather share a frame', async () => {
  const clock = createManualClock()
  const history = createHistory()
  const client = await openGraphqlSocket(await serve(history, clock))
  const timers = clock.timerCount()
  client.subscribe('1', 'subscription { jobs(after: -1) { changes { jobId } } }')
  await pingPong(client)
  register(history, 'first')
  api?.settle()
  await eventually('the wait', async () => (clock.timerCount() > timers ? true : undefined))
  await clock.advance(COALESCE_MS - 1)
  register(history, 'second')
  api?.settle()
  expect((await pingPong(client)).type).toBe('pong')
  await clock.advance(1)
  const frame = (await client.next(isNext)).payload.data.jobs
  expect(frame.changes).toEqual([{ jobId: 'first' }, { jobId: 'second' }])
  client.socket.close()
})

describe('a connection that does not begin', () => {
  const connect = async (clock: ManualClock) => {
    const port = await serve(createHistory(), clock)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/graphql`, 'graphql-transport-ws')
    const closed = new Promise<number>(resolve => {
      socket.once('close', resolve)
    })
    await once(socket, 'open')
    const say = async (message: object): Promise<unknown> => {
      socket.send(JSON.stringify(message))
      const [data] = await once(socket, 'message')
      return JSON.parse(String(data))
    }
    return { socket, closed, say }
  }

  test('is closed after the time to begin, and not before', async () => {
    const clock = createManualClock()
    const { closed, say } = await connect(clock)
    await clock.advance(CONNECTION_INIT_MS - 1)
    expect(await say({ type: 'ping' })).toMatchObject({ type: 'pong' })
    await clock.advance(1)
    expect(await closed).toBe(4408)
  })

  test('stays open when it begins just in time', async () => {
    const clock = createManualClock()
    const { socket, say } = await connect(clock)
    await clock.advance(CONNECTION_INIT_MS - 1)
    expect(await say({ type: 'connection_init' })).toMatchObject({ type: 'connection_ack' })
    await clock.advance(CONNECTION_INIT_MS)
    expect(await say({ type: 'ping' })).toMatchObject({ type: 'pong' })
    socket.close()
  })
})
