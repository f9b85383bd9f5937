import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createCliApi } from '../../../src/cli/cli-api.ts'
import { AppError } from '../../../src/platform/errors.ts'
import { type Api, createApi } from '../../../src/protocol/sdk.ts'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

type Handle = (request: IncomingMessage, response: ServerResponse, body: string) => void

/** A server that answers as `handle` says; its address. */
const serve = async (handle: Handle): Promise<string> => {
  const server: Server = createServer((request, response) => {
    void bodyOf(request).then(body => handle(request, response, body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const connect = (address: string, token?: string): Api => {
  const api = createApi({ address, timeoutMs: 300, ...(token === undefined ? {} : { token }) })
  cleanups.push(api.close)
  return api
}

const answering =
  (status: number, body: unknown): Handle =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

const failureOf = async (work: Promise<unknown>): Promise<AppError> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof AppError) return error
  throw new Error('no AppError was thrown')
}

describe('the client of the API', () => {
  it('tells of an answer that may be old, and of no other', async () => {
    const told: string[] = []
    const ask = async (extensions: object): Promise<unknown> => {
      const address = await serve(answering(200, { data: { position: 1 }, extensions }))
      const api = createApi({ address, onStale: message => void told.push(message) })
      cleanups.push(api.close)
      return api.query('{ position }')
    }
    expect(await ask({ position: 1 })).toEqual({ position: 1 })
    expect(told).toEqual([])
    const stale = { kind: 'store-lost', message: 'the event store is out of reach', ageMs: 7 }
    expect(await ask({ position: 1, stale })).toEqual({ position: 1 })
    expect(told).toEqual(['the event store is out of reach'])
  })

  it('sends an operation with its variables and its token, and answers the data', async () => {
    const seen: unknown[] = []
    const address = await serve((request, response, body) => {
      seen.push(request.url, request.headers.authorization, JSON.parse(body))
      answering(200, { data: { agent: { region: 'global' } } })(request, response, body)
    })
    const data = await connect(address, 'secret').query('query Q { agent { region } }', { a: 1 })
    expect(data).toEqual({ agent: { region: 'global' } })
    expect(seen).toEqual(['/graphql', 'Bearer secret', { query: 'query Q { agent { region } }', variables: { a: 1 } }])
  })

  it('throws what the server says, with its code and hint', async () => {
    const error = { message: 'no server leads', extensions: { code: 'NO_LEADER', hint: 'try again' } }
    const address = await serve(answering(503, { data: null, errors: [error] }))
    expect(await failureOf(connect(address).query('{ x }'))).toMatchObject({
      code: 'NO_LEADER',
      message: 'no server leads',
      hint: 'try again',
    })
  })

  it.each([
    [200, 'no json at all', 'API_BAD_REPLY'],
    [200, { data: null }, 'API_BAD_REPLY'],
    [403, { code: 'REQUEST_REFUSED', message: 'not from there' }, 'REQUEST_REFUSED'],
    [500, { errors: [{ message: 'odd', extensions: { code: 'NEVER_HEARD_OF' } }] }, 'API_BAD_REPLY'],
  ])('takes an answer of status %i with %j for %s', async (status, body, code) => {
    const address = await serve(answering(status, body))
    expect((await failureOf(connect(address).query('{ x }'))).code).toBe(code)
  })

  it('says what to do when nobody listens, or when nobody answers', async () => {
    const address = await serve(() => undefined)
    const silent = await failureOf(connect(address).query('{ x }'))
    expect(silent.code).toBe('API_UNREACHABLE')
    expect(silent.message).toContain('said nothing for 300 ms')
    const refused = await failureOf(connect('http://127.0.0.1:1').query('{ x }'))
    expect(refused.code).toBe('API_UNREACHABLE')
    expect(refused.message).toBe('asking the server at http://127.0.0.1:1 failed: nobody listens there')
    expect(refused.hint).toContain('muster agent -dev')
  })

  it.each(['nonsense', 'ftp://x', 'https://x'])('refuses the address %s', address => {
    expect(() => createApi({ address })).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  })

  it('streams bytes until they end or nobody wants more', async () => {
    const address = await serve((request, response) => {
      response.write('one')
      if (request.url === '/ends') response.end('two')
    })
    const api = connect(address)
    let text = ''
    for await (const chunk of api.stream('/ends')) text += Buffer.from(chunk).toString()
    expect(text).toBe('onetwo')
    const stop = new AbortController()
    for await (const chunk of api.stream('/goes-on', stop.signal)) {
      expect(Buffer.from(chunk).toString()).toBe('one')
      stop.abort()
    }
  })

  it('throws the error of a stream that is refused', async () => {
    const error = { message: 'there is no task "x"', extensions: { code: 'NOT_FOUND' } }
    const address = await serve(answering(404, { errors: [error] }))
    const read = async (): Promise<void> => {
      for await (const _ of connect(address).stream('/v1/x')) continue
    }
    expect(await failureOf(read())).toMatchObject({ code: 'NOT_FOUND', message: 'there is no task "x"' })
  })
})

describe('the API of a command that names a region', () => {
  const settings = { namespace: 'default', token: '', hasColor: false }
  const reply = answering(200, { data: { agent: { region: 'global' }, position: 1 } })
  const document = { text: '{ position }' }

  it('is refused by an agent of another one', async () => {
    const address = await serve(reply)
    const own = createCliApi({ ...settings, address, region: 'global' })
    const other = createCliApi({ ...settings, address, region: 'mars' })
    cleanups.push(own.close, other.close)
    expect(await own.query(document, {})).toMatchObject({ position: 1 })
    const error = await failureOf(other.query(document, {}))
    expect(error.code).toBe('REQUEST_REFUSED')
    expect(error.message).toContain('is of region "global", not "mars"')
  })
})
