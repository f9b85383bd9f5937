import { createHash } from 'node:crypto'
import type { Clock } from '../../../../platform/clock.ts'
import { isAppError, messageOf } from '../../../../platform/errors.ts'
import type { DriverEvent } from '../driver.ts'
import { type DockerApi, isRefusal } from './docker-api.ts'
import type { ImageReference } from './image-reference.ts'
import { createPullProgress } from './pull-progress.ts'

/** Pulls images: one pull for however many tasks want the same image with the same credentials at the same time. */

export type RegistryAuth = { readonly username: string; readonly password: string; readonly serveraddress: string }

export type PullLimits = {
  /** For the whole pull. */
  readonly totalMs: number
  /** Without any progress. */
  readonly idleMs: number
}

export type PullResult =
  | { readonly kind: 'pulled' }
  | { readonly kind: 'failed'; readonly message: string; readonly isRecoverable: boolean }

/** How often the progress of a pull is told. */
const PROGRESS_EVERY_MS = 10_000
/** A line of a pull's progress that is longer than this is nothing that Docker sends. */
const MAX_PROGRESS_LINE = 1_000_000

type Listener = (event: DriverEvent) => void
type Pull = { readonly result: Promise<PullResult>; readonly listeners: Set<Listener>; readonly abort: AbortController }

export type ImagePuller = {
  /** Joins or starts the pull of `reference`. The pull ends early when everybody who wanted it has aborted. */
  readonly pull: (
    reference: ImageReference,
    auth: RegistryAuth | undefined,
    onEvent: Listener,
    signal: AbortSignal,
  ) => Promise<PullResult>
}

/** Trying again cannot help where the registry knows the answer. */
const isFinal = (message: string): boolean =>
  /not found|manifest unknown|repository does not exist|unauthorized|authentication required|access (to the resource is )?denied|no basic auth|invalid reference|no match for platform|no matching manifest/i.test(
    message,
  )

const authHeader = (auth: RegistryAuth): string =>
  Buffer.from(JSON.stringify(auth)).toString('base64').replaceAll('+', '-').replaceAll('/', '_')

type PullDeps = { readonly api: DockerApi; readonly clock: Clock; readonly limits: PullLimits }

/** Hands over the lines of a pull's progress to its end. */
const follow = async (stream: AsyncIterable<Uint8Array>, onLine: (line: string) => void): Promise<void> => {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_PROGRESS_LINE) throw new Error('the daemon sent a line without end')
    for (const line of lines) onLine(line)
  }
  onLine(rest)
}

const runPull = async (
  deps: PullDeps,
  reference: ImageReference,
  auth: RegistryAuth | undefined,
  pull: { readonly abort: AbortController; readonly tell: Listener },
): Promise<PullResult> => {
  const { api, clock, limits } = deps
  const timedOut = (what: string): void => pull.abort.abort(new Error(what))
  const progress = createPullProgress()
  const cancelTotal = clock.after(limits.totalMs, () => timedOut(`it took longer than ${limits.totalMs} ms`))
  let cancelIdle = (): void => {}
  const alive = (): void => {
    cancelIdle()
    cancelIdle = clock.after(limits.idleMs, () => timedOut(`there was no progress for ${limits.idleMs} ms`))
  }
  let toldAtMs = clock.monotonicMs()
  try {
    alive()
    const stream = await api.stream(
      `pull image ${reference.full}`,
      {
        method: 'POST',
        path: '/images/create',
        query: { fromImage: reference.repository, tag: reference.version },
        timeoutMs: limits.idleMs,
        ...(auth === undefined ? {} : { headers: { 'X-Registry-Auth': authHeader(auth) } }),
      },
      pull.abort.signal,
    )
    await follow(stream, line => {
      if (progress.read(line)) alive()
      if (clock.monotonicMs() - toldAtMs < PROGRESS_EVERY_MS) return
      toldAtMs = clock.monotonicMs()
      pull.tell({ message: `Docker image pull progress: ${progress.summary()}`, details: { image: reference.full } })
    })
    const problem = progress.error()
    return problem === undefined ? { kind: 'pulled' } : failure(reference, problem)
  } catch (error) {
    if (pull.abort.signal.aborted) {
      const message = `cannot pull image ${reference.full}: ${messageOf(pull.abort.signal.reason)}`
      return { kind: 'failed', message, isRecoverable: true }
    }
    if (isAppError(error)) throw error
    return failure(reference, messageOf(error), isRefusal(error, 404))
  } finally {
    cancelTotal()
    cancelIdle()
  }
}

const failure = (reference: ImageReference, why: string, isKnownFinal = false): PullResult => ({
  kind: 'failed',
  message: `cannot pull image ${reference.full} from ${reference.registry}: ${why}`,
  isRecoverable: !isKnownFinal && !isFinal(why),
})

export const createImagePuller = (deps: PullDeps): ImagePuller => {
  const pulls = new Map<string, Pull>()

  const begin = (key: string, reference: ImageReference, auth: RegistryAuth | undefined): Pull => {
    const abort = new AbortController()
    const listeners = new Set<Listener>()
    const tell: Listener = event => {
      for (const listener of listeners) listener(event)
    }
    const result = runPull(deps, reference, auth, { abort, tell }).finally(() => pulls.delete(key))
    // Whoever still listens sees the failure; that nobody does any more is no accident.
    result.catch(() => {})
    const pull: Pull = { result, listeners, abort }
    pulls.set(key, pull)
    return pull
  }

  const pull: ImagePuller['pull'] = async (reference, auth, onEvent, signal) => {
    signal.throwIfAborted()
    const key = createHash('sha256')
      .update(JSON.stringify([reference.full, auth ?? null]))
      .digest('hex')
    const joined = pulls.get(key) ?? begin(key, reference, auth)
    const listener: Listener = event => onEvent(event)
    joined.listeners.add(listener)
    onEvent({ message: 'Downloading image', details: { image: reference.full } })
    let onAbort = (): void => {}
    const aborted = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason)
      signal.addEventListener('abort', onAbort, { once: true })
    })
    try {
      return await Promise.race([joined.result, aborted])
    } finally {
      signal.removeEventListener('abort', onAbort)
      joined.listeners.delete(listener)
      if (signal.aborted && joined.listeners.size === 0) {
        joined.abort.abort(new Error('nobody wants it any more'))
        pulls.delete(key)
      }
    }
  }
  return { pull }
}
