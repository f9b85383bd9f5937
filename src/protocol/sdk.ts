import { AppError, type ErrorCode, errorCatalogue, messageOf } from '../platform/errors.ts'

export type ApiOptions = {
  /** `http://127.0.0.1:4646` */
  readonly address: string
  readonly token?: string
}

export type Api = {
  /**
   * Sends a query or mutation and answers its data; rejections are part of that data. Throws AppError: the server's own
   * coded errors, API_UNREACHABLE when it cannot be reached, API_BAD_REPLY when what answers is no agent.
   */
  readonly query: <T>(document: string, variables?: Readonly<Record<string, unknown>>) => Promise<T>
  /** Reads bytes from a path (logs, files, events). The caller reads `body` to its end or aborts `signal`. */
  readonly stream: (path: string, signal?: AbortSignal) => Promise<ReadableStream<Uint8Array>>
  /** Reads JSON from a path (`fs/ls`, `fs/stat`, health). */
  readonly json: <T>(path: string) => Promise<T>
}

type Reply = {
  readonly data?: unknown
  readonly errors?: readonly {
    readonly message: string
    readonly extensions?: { readonly code?: string; readonly hint?: string }
  }[]
}

const isErrorCode = (code: string | undefined): code is ErrorCode => code !== undefined && code in errorCatalogue

const causeOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  // A host with several addresses fails with one error per address.
  if (cause instanceof AggregateError) return cause.errors.map(messageOf).join(', ')
  return messageOf(cause)
}

const throwErrors = (reply: Reply): void => {
  const [error] = reply.errors ?? []
  if (error === undefined) return
  const code = error.extensions?.code
  const hint = error.extensions?.hint
  throw new AppError(isErrorCode(code) ? code : 'API_BAD_REPLY', error.message, hint === undefined ? {} : { hint })
}

/** A client of the agent's API at `address`. Nothing is sent before the first call. */
export const createApi = ({ address, token }: ApiOptions): Api => {
  const base = address.replace(/\/+$/, '')
  const authorization = token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }

  const request = async (path: string, init: RequestInit): Promise<Response> => {
    try {
      return await fetch(`${base}${path}`, { ...init, headers: { ...authorization, ...init.headers } })
    } catch (error) {
      if (init.signal?.aborted === true) throw error
      throw new AppError('API_UNREACHABLE', `cannot reach the API at ${base}: ${causeOf(error)}`, {
        cause: error,
        hint: 'is an agent running there? Set -address or NOMAD_ADDR to reach another one',
      })
    }
  }

  const readJson = async (response: Response): Promise<Reply> => {
    try {
      return (await response.json()) as Reply
    } catch (cause) {
      const message = `${base} answered with status ${response.status} and no JSON`
      throw new AppError('API_BAD_REPLY', message, { cause, hint: 'is it the address of a Muster agent?' })
    }
  }

  const failed = async (response: Response): Promise<never> => {
    throwErrors(await readJson(response))
    throw new AppError('API_BAD_REPLY', `${base} answered with status ${response.status}`)
  }

  return {
    query: async <T>(document: string, variables: Readonly<Record<string, unknown>> = {}): Promise<T> => {
      const response = await request('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: document, variables }),
      })
      const reply = await readJson(response)
      throwErrors(reply)
      if (reply.data === undefined || reply.data === null)
        throw new AppError('API_BAD_REPLY', `${base} answered with status ${response.status} and no data`)
      // Each caller states the type of what its document selects.
      return reply.data as T
    },
    stream: async (path, signal) => {
      const response = await request(path, signal === undefined ? {} : { signal })
      if (!response.ok || response.body === null) return failed(response)
      return response.body
    },
    json: async <T>(path: string): Promise<T> => {
      const response = await request(path, {})
      if (!response.ok) return failed(response)
      return (await readJson(response)) as T
    },
  }
}
