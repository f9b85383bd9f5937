import { EventEmitter, once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import { Duplex } from 'node:stream'
import { afterEach, expect, it } from 'vitest'
import type { ApiContext } from '../../../../src/api/context.ts'
import { MAX_SUBSCRIPTION_SOCKETS } from '../../../../src/api/graphql/limits.ts'
import type { SubscriptionServer } from '../../../../src/api/graphql/subscription-connection.ts'
import { GRAPHQL_PATH, serveUpgrades } from '../../../../src/api/http/upgrades.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import { createManualClock } from '../../../support/manual-clock.ts'

/** The server's end of a connection, with what was written to it; no socket of the system stands behind it. */
class FakeSocket extends Duplex {
  readonly written: string[] = []
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk.toString('latin1'))
    done()
  }
  setTimeout(): void {}
  setNoDelay(): void {}
  setKeepAlive(): void {}
}

const headers = {
  host: '127.0.0.1:4646',
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': Buffer.alloc(16).toString('base64'),
  'sec-websocket-protocol': 'graphql-transport-ws',
}

let stop: () => void = () => {}
afterEach(() => stop())

it('as many subscription connections as the limit are taken, and the next only when one has ended', async () => {
  const http = new EventEmitter()
  const clock = createManualClock()
  const context = { hosts: [], logger: silentLogger, clock } as unknown as ApiContext
  const subscriptions = { context } as unknown as SubscriptionServer
  stop = serveUpgrades(http as Server, context, subscriptions)

  const connect = (): FakeSocket => {
    const socket = new FakeSocket()
    const request = { method: 'GET', url: GRAPHQL_PATH, headers } as unknown as IncomingMessage
    http.emit('upgrade', request, socket, Buffer.alloc(0))
    return socket
  }
  const statusOf = (socket: FakeSocket): string => /^HTTP\/1\.1 (\d+)/.exec(socket.written.join(''))?.[1] ?? 'nothing'

  const taken = Array.from({ length: MAX_SUBSCRIPTION_SOCKETS }, connect)
  expect(new Set(taken.map(statusOf))).toEqual(new Set(['101']))
  const refused = connect()
  expect(statusOf(refused)).toBe('503')
  expect(refused.written.join('')).toContain(`${MAX_SUBSCRIPTION_SOCKETS} connections are open`)

  const [ended] = taken
  ended?.destroy()
  if (ended !== undefined) await once(ended, 'close')
  expect(statusOf(connect())).toBe('101')
  expect(statusOf(connect())).toBe('503')
})
