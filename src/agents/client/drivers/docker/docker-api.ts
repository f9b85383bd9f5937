import type { IncomingMessage } from 'node:http'
import Docker from 'dockerode'
import type { Clock } from '../../../../platform/clock.ts'
import { AppError, messageOf } from '../../../../platform/errors.ts'

/**
 * Docker's API with a limit on every call and its failures told apart: the daemon answered with a refusal (DockerRefusal),
 * or it did not answer (AppError DRIVER_UNREACHABLE). The client library by itself waits for ever for a daemon that
 * stalls, and never settles a call whose answer is cut off.
 */

const DEFAULT_ENDPOINT = 'unix:///var/run/docker.sock'

/** Where Docker's own clients look: DOCKER_HOST, else the default socket. */
export const defaultEndpoint = (): string => process.env['DOCKER_HOST'] || DEFAULT_ENDPOINT

/** For calls that only look. */
export const QUERY_TIMEOUT_MS = 10_000
/** For calls that change something: creating and removing containers takes long on a busy disk. */
export const CHANGE_TIMEOUT_MS = 60_000

/** The daemon's own refusal: its HTTP status and message. */
export class DockerRefusal extends Error {
  override readonly name = 'DockerRefusal'
  readonly status: number

  constructor(status: number, message: string, cause: unknown) {
    super(message, { cause })
    this.status = status
  }
}

export const isRefusal = (error: unknown, ...statuses: readonly number[]): error is DockerRefusal =>
  error instanceof DockerRefusal && (statuses.length === 0 || statuses.includes(error.status))

export type DockerApi = {
  readonly endpoint: string
  readonly docker: Docker
  /** Runs one call. `what` completes "cannot …" in the error's message. */
  readonly call: <T>(what: string, timeoutMs: number, run: (signal: AbortSignal) => Promise<T>) => Promise<T>
  /** Sends a request whose answer is read as a stream. Only the answer's beginning is waited for with a limit. */
  readonly stream: (what: string, request: StreamRequest, signal: AbortSignal) => Promise<IncomingMessage>
}

export type StreamRequest = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: Readonly<Record<string, string | boolean>>
  readonly headers?: Readonly<Record<string, string>>
  /** How long the beginning of the answer is waited for. */
  readonly timeoutMs: number
}

const endpointOptions = (endpoint: string): Docker.DockerOptions => {
  if (endpoint.startsWith('unix://')) return { socketPath: endpoint.slice('unix://'.length), host: undefined }
  const url = new URL(endpoint.replace(/^tcp:/, 'http:'))
  return { protocol: url.protocol === 'https:' ? 'https' : 'http', host: url.hostname, port: url.port }
}

const statusOf = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null && 'statusCode' in error && typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined

const refusalOf = (status: number, error: unknown): DockerRefusal => {
  const json = typeof error === 'object' && error !== null && 'json' in error ? error.json : undefined
  const said = typeof json === 'object' && json !== null && 'message' in json ? json.message : undefined
  return new DockerRefusal(status, typeof said === 'string' ? said.trim() : messageOf(error).trim(), error)
}

export const createDockerApi = (endpoint: string, clock: Clock): DockerApi => {
  const docker = new Docker(endpointOptions(endpoint))

  const unreachable = (what: string, why: string, cause: unknown): AppError =>
    new AppError('DRIVER_UNREACHABLE', `cannot ${what}: the Docker daemon at ${endpoint} does not answer (${why})`, {
      cause,
      hint: 'see that the daemon runs and that this user may use its socket',
    })

  /** Runs `run` until it settles, `timeoutMs` is over or `outer` aborts; what goes on after that is aborted. */
  const bounded = async <T>(
    what: string,
    timeoutMs: number,
    run: (abort: AbortController) => Promise<T>,
    outer?: AbortSignal,
  ): Promise<T> => {
    outer?.throwIfAborted()
    const abort = new AbortController()
    let onOuterAbort = (): void => {}
    let cancel = (): void => {}
    const cut = new Promise<never>((_resolve, reject) => {
      cancel = clock.after(timeoutMs, () => reject(unreachable(what, `no answer within ${timeoutMs} ms`, undefined)))
      onOuterAbort = () => reject(outer?.reason)
      outer?.addEventListener('abort', onOuterAbort, { once: true })
    })
    try {
      return await Promise.race([run(abort), cut])
    } catch (error) {
      abort.abort()
      if (outer?.aborted === true) throw outer.reason
      if (error instanceof AppError || error instanceof DockerRefusal) throw error
      const status = statusOf(error)
      throw status === undefined ? unreachable(what, messageOf(error), error) : refusalOf(status, error)
    } finally {
      cancel()
      outer?.removeEventListener('abort', onOuterAbort)
    }
  }

  const stream: DockerApi['stream'] = async (what, request, signal) => {
    const run = (abort: AbortController): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const { path, method, query = {}, headers } = request
        const search = new URLSearchParams(
          Object.entries(query).map(([name, value]): [string, string] => [name, String(value)]),
        )
        docker.modem.dial(
          {
            path: `${path}?${search.toString()}&`,
            method,
            isStream: true,
            statusCodes: { 200: true },
            abortSignal: AbortSignal.any([abort.signal, signal]),
            ...(headers === undefined ? {} : { headers }),
          },
          (error, answer) => {
            if (error !== null || answer === null) reject(error ?? new Error('an empty answer'))
            // The library's type allows for requests that this is not; a streamed answer is always the message itself.
            else resolve(answer as IncomingMessage)
          },
        )
      })
    return bounded(what, request.timeoutMs, run, signal)
  }

  return {
    endpoint,
    docker,
    call: (what, timeoutMs, run) => bounded(what, timeoutMs, abort => run(abort.signal)),
    stream,
  }
}
