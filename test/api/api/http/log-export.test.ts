import { once } from 'node:events'
import { get } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import fastify from 'fastify'
import { describe, expect, test } from 'vitest'
import { EXPORT_STALL_MS, MAX_OPEN_EXPORTS } from '../../../../src/api/graphql/limits.ts'
import { registerLogExport } from '../../../../src/api/http/log-export.ts'
import { createMemoryStore } from '../../../../src/eventstore/memory.ts'
import { checkLog } from '../../../../src/logfile/check-log.ts'
import { exportLog } from '../../../../src/logfile/export-log.ts'
import { createApi } from '../../../../src/protocol/sdk.ts'
import { openApi } from '../../../support/api.ts'
import { newEvents, within } from '../../../support/eventstore.ts'
import { exportFacts, exportToBytes } from '../../../support/log-file.ts'

const PATH = '/v1/operator/log'

const filledStore = async () => {
  const store = createMemoryStore()
  for (let index = 0; index < 40; index++) await store.append(`source-${index}`, 'no-stream', newEvents(50))
  return store
}

/** Bytes without end, and what became of whoever made them. */
const endless = () => {
  let chunks = 0
  let aborted: Promise<unknown> | undefined
  return {
    chunks: () => chunks,
    aborted: () => aborted,
    exportLog: async function* (this: void, signal: AbortSignal): AsyncGenerator<Uint8Array> {
      aborted = once(signal, 'abort')
      while (!signal.aborted) {
        chunks += 1
        yield Buffer.alloc(100_000, 'x')
        await new Promise(resolve => {
          setImmediate(resolve)
        })
      }
    },
  }
}

describe('the log', () => {
  test('comes as the file that it is exported to', async () => {
    const store = await filledStore()
    const api = openApi({ overrides: { exportLog: signal => exportLog(store, exportFacts, signal) } })
    const response = await api.app.inject({ method: 'GET', url: PATH })
    expect(response.statusCode).toBe(200)
    expect(response.headers['content-type']).toBe('application/x-ndjson')
    expect(response.rawPayload.equals(await exportToBytes(store))).toBe(true)
    await api.close()
  })

  test('that breaks off is no whole file, and the client says so', async () => {
    const store = await filledStore()
    const bytes = await exportToBytes(store)
    let tell: () => void = () => undefined
    const isRead = new Promise<void>(resolve => {
      tell = resolve
    })
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 5_000)
      await isRead
      throw new Error('the disk is gone')
    }
    const api = openApi({ overrides: { exportLog: broken } })
    const sdk = createApi({ address: await api.app.listen({ host: '127.0.0.1', port: 0 }) })
    const reading = async function* (): AsyncGenerator<Uint8Array> {
      for await (const chunk of sdk.stream(PATH)) {
        tell()
        yield chunk
      }
    }
    await expect(checkLog('log', reading())).rejects.toMatchObject({ code: 'API_UNREACHABLE' })
    sdk.close()
    await api.close()
  })

  test(`is exported ${MAX_OPEN_EXPORTS} times at once, and no more`, async () => {
    const source = endless()
    const app = fastify()
    registerLogExport(app, source)
    const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}${PATH}`
    const open = async () => {
      const request = get(url)
      const [response] = (await once(request, 'response')) as [{ readonly statusCode: number; resume: () => void }]
      return { request, response }
    }
    const first = await Promise.all(Array.from({ length: MAX_OPEN_EXPORTS }, open))
    expect(first.map(({ response }) => response.statusCode)).toEqual(first.map(() => 200))
    const refused = await open()
    expect(refused.response.statusCode).toBe(500)
    refused.response.resume()
    const left = source.aborted()
    first.at(-1)?.request.destroy()
    await within('the end of an export that was given up', left ?? Promise.reject(new Error('none began')))
    const next = await open()
    expect(next.response.statusCode).toBe(200)
    for (const { request } of [...first, next]) request.destroy()
    await app.close()
  })

  test('is held up by a slow reader, who is hung up on in the end', async () => {
    expect(EXPORT_STALL_MS).toBeGreaterThan(10_000)
    const source = endless()
    const app = fastify()
    registerLogExport(app, source, 300)
    await app.listen({ host: '127.0.0.1', port: 0 })
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
    socket.write(`GET ${PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    await within('the first bytes', once(socket, 'readable'))
    await within('the end of an export that nobody reads', source.aborted() ?? Promise.reject(new Error('none began')))
    // What the system's buffers hold, and no more: ten times that could have been made meanwhile.
    expect(source.chunks() * 100_000).toBeLessThan(20_000_000)
    socket.destroy()
    await app.close()
  })
})
