import { Agent, request as httpRequest, type IncomingMessage } from 'node:http'
import { AppError, type ErrorCode, errorCatalogue, systemCodeOf } from '../platform/errors.ts'

/**
 * The typed client of the API, for the CLI and for tests. It speaks plain `node:http`: the global `fetch` takes five times
 * as long to load as a whole command may.
 */

/** How long a server may say nothing before a query counts as failed. Waits on `after` are shorter than this. */
export const API_TIMEOUT_MS = 30_000
/** A reply beyond this is refused: no page of a list comes near it. */
export const MAX_REPLY_BYTES = 64_000_000

export type ApiOptions = {
  /** `http://host:port` */
  readonly address: string
  readonly token?: string
  readonly timeoutMs?: number
  /** Told what the server says of why an answer may be old. */
  readonly onStale?: (message: string) => void
}

export type Api = {
  readonly address: string
  /** The `data` of one GraphQL operation. Throws AppError: API_UNREACHABLE, API_BAD_REPLY, or what the server says. */
  readonly query: <T>(text: string, variables?: Readonly<Record<string, unknown>>, signal?: AbortSignal) => Promise<T>
  /** The raw bytes of a log or file stream below `/v1`. It ends quietly when `signal` aborts. */
  readonly stream: (path: string, signal?: AbortSignal) => AsyncIterable<Uint8Array>
  /** The whole JSON body of a path below `/v1`. */
  readonly json: <T>(path: string, signal?: AbortSignal) => Promise<T>
  /** Ends connections that are kept open between calls. */
  readonly close: () => void
}

type GraphqlError = {
  readonly message?: string
  readonly extensions?: { readonly code?: string; readonly hint?: string }
}

const isErrorCode = (code: string | undefined): code is ErrorCode =>
  code !== undefined && Object.hasOwn(errorCatalogue, code)

/** An error as the server tells it, in a GraphQL reply or as the body of an HTTP error. */
const serverError = (error: GraphqlError, address: string): AppError => {
  const { code, hint } = error.extensions ?? {}
  const message = error.message ?? `the server at ${address} answered an error without a message`
  return new AppError(isErrorCode(code) ? code : 'API_BAD_REPLY', message, hint === undefined ? {} : { hint })
}

const unreachable = (address: string, cause: unknown): AppError => {
  const code = systemCodeOf(cause)
  const why = code === 'ECONNREFUSED' ? 'nobody listens there' : cause instanceof Error ? cause.message : String(cause)
  return new AppError('API_UNREACHABLE', `asking the server at ${address} failed: ${why}`, {
    cause,
    hint: 'start an agent with `muster agent -dev`, or name another address with -address or MUSTER_ADDR',
  })
}

const badReply = (address: string, why: string): AppError =>
  new AppError('API_BAD_REPLY', `the reply of the server at ${address} cannot be used: ${why}`, {
    hint: 'check that -address or MUSTER_ADDR names a Muster agent of about this version',
  })

const readBody = async (response: AsyncIterable<Uint8Array>, address: string): Promise<string> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response) {
    size += chunk.byteLength
    if (size > MAX_REPLY_BYTES) throw badReply(address, `it is longer than ${MAX_REPLY_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const parseJson = (text: string, address: string, status: number | undefined): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw badReply(address, `HTTP status ${status ?? 0} with a body that is not JSON`)
  }
}

type ErrorBody = GraphqlError & {
  readonly errors?: readonly GraphqlError[]
  readonly code?: string
  readonly hint?: string
}

type StaleBody = { readonly extensions?: { readonly stale?: { readonly message?: string } } }

/** The error in the body of a refused request: GraphQL's list of errors, or one object with code and message. */
const errorOfBody = (body: ErrorBody, address: string): AppError => {
  const first = body.errors?.[0]
  if (first !== undefined) return serverError(first, address)
  const { code, hint } = body
  const extensions = { ...(code === undefined ? {} : { code }), ...(hint === undefined ? {} : { hint }) }
  return serverError({ extensions, ...body }, address)
}

const isSuccess = (response: IncomingMessage): boolean =>
  response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 300

const checkedUrl = (address: string): URL => {
  const url = URL.canParse(address) ? new URL(address) : null
  if (url !== null && url.protocol === 'http:') return url
  throw new AppError('CONFIG_INVALID', `the address ${JSON.stringify(address)} is not one of a server`, {
    hint: 'write it as http://HOST:PORT',
  })
}

type Call = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  readonly signal?: AbortSignal | undefined
  /** Null: the server may be silent for as long as it likes. */
  readonly timeoutMs: number | null
}

/** A client of the server at `address`. It connects when it is first asked. Throws CONFIG_INVALID for a bad address. */
export const createApi = (options: ApiOptions): Api => {
  const { address, token, timeoutMs = API_TIMEOUT_MS } = options
  const base = checkedUrl(address)
  const agent = new Agent({ keepAlive: true })

  const open = (call: Call): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        new URL(call.path, base),
        {
          agent,
          method: call.method,
          headers: {
            ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          },
          ...(call.signal === undefined ? {} : { signal: call.signal }),
        },
        resolve,
      )
      if (call.timeoutMs !== null) {
        outgoing.setTimeout(call.timeoutMs, () =>
          outgoing.destroy(new Error(`it said nothing for ${call.timeoutMs} ms`)),
        )
      }
      outgoing.on('error', error => reject(unreachable(address, error)))
      outgoing.end(call.body)
    })

  const readJson = async (response: IncomingMessage): Promise<unknown> => {
    let text: string
    try {
      text = await readBody(response, address)
    } catch (error) {
      throw error instanceof AppError ? error : unreachable(address, error)
    }
    return parseJson(text, address, response.statusCode)
  }

  return {
    address,
    query: async <T>(text: string, variables = {}, signal?: AbortSignal) => {
      const body = JSON.stringify({ query: text, variables })
      const response = await open({ method: 'POST', path: '/graphql', body, signal, timeoutMs })
      const reply = (await readJson(response)) as { readonly data?: T | null } & StaleBody & ErrorBody
      if (reply.extensions?.stale?.message !== undefined) options.onStale?.(reply.extensions.stale.message)
      if (reply.errors !== undefined && reply.errors.length > 0) throw errorOfBody(reply, address)
      if (reply.data === undefined || reply.data === null) {
        throw isSuccess(response) ? badReply(address, 'it holds no data') : errorOfBody(reply, address)
      }
      return reply.data
    },
    stream: async function* (path, signal) {
      try {
        const response = await open({ method: 'GET', path, signal, timeoutMs: null })
        if (!isSuccess(response)) throw errorOfBody((await readJson(response)) as ErrorBody, address)
        for await (const chunk of response as AsyncIterable<Uint8Array>) yield chunk
      } catch (error) {
        if (signal?.aborted) return
        throw error instanceof AppError ? error : unreachable(address, error)
      }
    },
    json: async <T>(path: string, signal?: AbortSignal) => {
      const response = await open({ method: 'GET', path, signal, timeoutMs })
      const reply = await readJson(response)
      if (!isSuccess(response)) throw errorOfBody(reply as ErrorBody, address)
      return reply as T
    },
    close: () => agent.destroy(),
  }
}
