import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { ApiContext } from '../../../../src/api/context.ts'
import { MAX_STALL_MS } from '../../../../src/api/graphql/limits.ts'
import { jobStream } from '../../../../src/domain/streams.ts'
import { openApi, type TestApi } from '../../../support/api.ts'
import { buildJob } from '../../../support/builders.ts'
import { eventually } from '../../../support/eventually.ts'
import { openGraphqlSocket } from '../../../support/graphql-socket.ts'
import { createHistory, jobRegistered } from '../../../support/history.ts'
import { createManualClock } from '../../../support/manual-clock.ts'

/** A subscriber on a real connection that reads a byte at a time (F19). */
let api: TestApi | undefined
let slow: Socket | undefined
afterEach(async () => {
  slow?.destroy()
  await api?.close()
})

const QUERY = 'subscription { events(after: -1) { events { position data } } }'
const EVENTS = 1_000
/** Together far more than the kernel keeps for one connection. */
const EVENT_BYTES = 20_000

/** A text frame as a client sends it: masked, shorter than 64 KiB. */
const frameOf = (message: object): Buffer => {
  const payload = Buffer.from(JSON.stringify(message))
  const mask = randomBytes(4)
  const head = Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 0xff])
  return Buffer.concat([head, mask, payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0))])
}

const subscribeSlowly = async (port: number): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.pause()
  const key = createHash('md5').update('a key').digest('base64')
  socket.write(
    `GET /graphql HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n`,
  )
  socket.write(frameOf({ type: 'connection_init' }))
  socket.write(frameOf({ type: 'subscribe', id: '1', payload: { query: QUERY } }))
  return socket
}

test('a subscriber that reads a byte a second is cut off, little is kept for it, and others get everything', async () => {
  const history = createHistory()
  for (let index = 0; index < EVENTS; index++) {
    const id = `job-${index}`
    const spec = buildJob({ id, meta: { filler: 'x'.repeat(EVENT_BYTES) } })
    history.record(jobStream('default', id), jobRegistered({ spec }))
  }
  const pulled: { events: number; isOver: boolean }[] = []
  const feed: ApiContext['feed'] = async function* (after, signal) {
    const mine = { events: 0, isOver: false }
    pulled.push(mine)
    signal.addEventListener('abort', () => {
      mine.isOver = true
    })
    try {
      for (const event of history.events.filter(({ position }) => position > after)) {
        yield { kind: 'events', events: [event] }
        mine.events += 1
      }
      yield { kind: 'caught-up', position: EVENTS - 1 }
      await once(signal, 'abort')
    } finally {
      mine.isOver = true
    }
  }
  const clock = createManualClock()
  api = openApi({ history, overrides: { clock, feed } })
  api.settle()
  await api.app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = api.app.server.address() as AddressInfo
  slow = await subscribeSlowly(port)
  const stuck = await eventually('a feed that nobody pulls any more', async () => {
    const [first] = pulled
    const before = first?.events ?? 0
    await clock.advance(1)
    slow?.read(1)
    await new Promise<void>(resolve => {
      setImmediate(resolve)
    })
    return first !== undefined && before > 0 && first.events === before ? first : undefined
  })
  expect(stuck.events).toBeLessThan(EVENTS)

  const other = await openGraphqlSocket(port)
  other.subscribe('1', QUERY)
  let seen = 0
  while (seen < EVENTS) {
    const { payload } = await other.next(message => message.type === 'next')
    seen += payload.data.events.events.length
    slow.read(1)
    await clock.advance(1)
  }
  expect(stuck).toMatchObject({ isOver: false })
  expect(stuck.events).toBeLessThan(EVENTS)
  await clock.advance(MAX_STALL_MS + 1)
  await eventually('the end of the slow one', async () => {
    await clock.advance(MAX_STALL_MS + 1)
    return stuck.isOver ? true : undefined
  })
  other.socket.close()
})
