import type { ContainerInspectInfo } from 'dockerode'
import { type Clock, sleep } from '../../../../platform/clock.ts'
import { isAppError } from '../../../../platform/errors.ts'
import type { ExitResult } from '../driver.ts'
import { signalOfExitCode } from '../signals.ts'
import { CHANGE_TIMEOUT_MS, type DockerApi, isRefusal, QUERY_TIMEOUT_MS } from './docker-api.ts'

const FIRST_RETRY_MS = 50
const LONGEST_RETRY_MS = 2_000
/** The kernel's notice of a want of memory may reach Docker after the container's end. */
const OOM_NOTICE_MS = 200
const KILLED_EXIT_CODE = 137

/** What is known of a container, undefined where there is none. Throws AppError DRIVER_UNREACHABLE. */
export const inspectContainer = async (api: DockerApi, id: string): Promise<ContainerInspectInfo | undefined> => {
  try {
    return await api.call(`look at container ${id}`, QUERY_TIMEOUT_MS, abortSignal =>
      api.docker.getContainer(id).inspect({ abortSignal }),
    )
  } catch (error) {
    if (isRefusal(error, 404)) return undefined
    throw error
  }
}

/** Removes a container, running or not, and answers whether there was one. */
export const removeContainer = async (api: DockerApi, id: string): Promise<boolean> => {
  try {
    await api.call(`remove container ${id}`, CHANGE_TIMEOUT_MS, abortSignal =>
      api.docker.getContainer(id).remove({ force: true, v: true, abortSignal }),
    )
    return true
  } catch (error) {
    // 409: somebody else's removal is under way.
    if (isRefusal(error, 404, 409)) return false
    throw error
  }
}

const goneExit = (id: string): ExitResult => ({
  exitCode: 1,
  signal: 0,
  isOomKilled: false,
  error: `container ${id} is gone: somebody removed it, and how it ended is not known`,
})

const exitOf = (state: ContainerInspectInfo['State']): ExitResult => ({
  exitCode: state.ExitCode,
  signal: signalOfExitCode(state.ExitCode),
  isOomKilled: state.OOMKilled,
  ...(state.Error === '' ? {} : { error: state.Error }),
})

/** A daemon that stops without live-restore takes its containers along, which is no fault of theirs. */
const AWAY = 'it ended while the Docker daemon was away'

type WatchParts = {
  readonly api: DockerApi
  readonly clock: Clock
  /** How long a daemon that does not answer is waited for. */
  readonly reconnectTimeoutMs: number
}

/** Undefined while it runs. */
const lookForExit = async ({ api, clock }: WatchParts, id: string): Promise<ExitResult | undefined> => {
  const found = await inspectContainer(api, id)
  if (found === undefined) return goneExit(id)
  if (found.State.Running) return undefined
  const exit = exitOf(found.State)
  if (exit.exitCode !== KILLED_EXIT_CODE || exit.isOomKilled || found.HostConfig.Memory === 0) return exit
  await sleep(clock, OOM_NOTICE_MS)
  const later = await inspectContainer(api, id)
  return later === undefined ? exit : exitOf(later.State)
}

/** Resolves when Docker says that the container does not run, or when the connection breaks. */
const waitOnce = async ({ api }: WatchParts, id: string, signal: AbortSignal): Promise<void> => {
  const request = {
    method: 'POST',
    path: `/containers/${id}/wait`,
    query: { condition: 'not-running' },
    timeoutMs: QUERY_TIMEOUT_MS,
  } as const
  const answer = await api.stream(`wait for container ${id}`, request, signal)
  for await (const _chunk of answer) {
    // The status is in what the container is asked for next; here only the end of the answer counts.
  }
}

const isConnectionLost = (error: unknown): boolean =>
  isAppError(error) ? error.code === 'DRIVER_UNREACHABLE' : !isRefusal(error)

/**
 * How a container ended, waiting for it. Sits out a restart of the daemon; throws AppError DRIVER_UNREACHABLE when that
 * stays away longer than `reconnectTimeoutMs`, and the signal's reason on abort.
 */
export const waitForContainer = async (parts: WatchParts, id: string, signal: AbortSignal): Promise<ExitResult> => {
  let lostAtMs: number | undefined
  let retryMs = FIRST_RETRY_MS
  for (;;) {
    signal.throwIfAborted()
    try {
      const exit = await lookForExit(parts, id)
      if (exit !== undefined)
        return lostAtMs === undefined || exit.isOomKilled ? exit : { ...exit, circumstances: AWAY }
      lostAtMs = undefined
      await waitOnce(parts, id, signal)
      retryMs = FIRST_RETRY_MS
    } catch (error) {
      signal.throwIfAborted()
      if (isRefusal(error, 404)) continue
      const nowMs = parts.clock.monotonicMs()
      lostAtMs ??= nowMs
      if (!isConnectionLost(error) || nowMs - lostAtMs > parts.reconnectTimeoutMs) throw error
      await sleep(parts.clock, retryMs, signal)
      retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
    }
  }
}
