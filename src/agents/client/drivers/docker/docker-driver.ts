import { mkdir, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { ContainerInspectInfo } from 'dockerode'
import { parseGoDuration } from '../../../../lang/goflags/duration.ts'
import type { Clock } from '../../../../platform/clock.ts'
import { AppError } from '../../../../platform/errors.ts'
import type { DriverContext, ExitResult, Kept, StartResult, TaskDriver, TaskHandle } from '../driver.ts'
import { outputBase } from '../output-files.ts'
import { shareByKey } from '../share-by-key.ts'
import { parseSignal } from '../signals.ts'
import { stringOption } from '../task-config.ts'
import { containerLabels, START_LABEL } from './container-spec.ts'
import { measureContainer } from './container-usage.ts'
import { inspectContainer, removeContainer, waitForContainer } from './container-watch.ts'
import { createDockerApi, type DockerApi, defaultEndpoint, isRefusal, QUERY_TIMEOUT_MS } from './docker-api.ts'
import { fingerprintDocker } from './docker-fingerprint.ts'
import { type DockerState, dockerStateOf } from './docker-handle.ts'
import { validateDockerConfig } from './docker-options.ts'
import { createImagePuller, type ImagePuller } from './image-puller.ts'
import { type LogCollector, startLogCollector } from './log-collector.ts'
import { startContainer } from './start-container.ts'

/**
 * Runs tasks as Docker containers. Containers carry the labels of their task and the id of their start, and these alone
 * say whose they are; names are only for people.
 */

const DEFAULT_KILL_SIGNAL = 'SIGTERM'
const DEFAULT_PULL_TIMEOUT_MS = 300_000
const DEFAULT_PULL_IDLE_TIMEOUT_MS = 120_000
/** How long a daemon that went away is waited for: longer than an upgrade of Docker takes. */
const DEFAULT_RECONNECT_TIMEOUT_MS = 300_000
/** What is killed and still there after this long is stuck in the kernel. */
const KILL_TIMEOUT_MS = 30_000
/** How long the rest of an ended container's output is waited for. */
const OUTPUT_TIMEOUT_MS = 5_000

type Parts = {
  readonly api: DockerApi
  readonly clock: Clock
  readonly puller: ImagePuller
  readonly reconnectTimeoutMs: number
  readonly cursorPath: (containerId: string) => string
  /** Begins to collect a container's output unless that is under way. */
  readonly collect: (state: DockerState) => Promise<void>
  readonly collectors: Map<string, LogCollector>
}

const stateOf = (handle: TaskHandle): DockerState => {
  const state = dockerStateOf(handle)
  if (state !== undefined) return state
  throw new AppError('DRIVER_FAILED', `the handle of task ${handle.id} is not one of the docker driver's`, {
    hint: 'the state of the agent was written by something else; remove the allocation',
  })
}

/** Runs `wait` for at most `timeoutMs`; false where it took longer. */
const settlesWithin = async (
  clock: Clock,
  timeoutMs: number,
  wait: (signal: AbortSignal) => Promise<unknown>,
): Promise<boolean> => {
  const abort = new AbortController()
  const cancel = clock.after(timeoutMs, () => abort.abort(new Error('the time is over')))
  try {
    await wait(abort.signal)
    return true
  } catch (error) {
    if (abort.signal.aborted) return false
    throw error
  } finally {
    cancel()
  }
}

const waitForTask = async (parts: Parts, state: DockerState, signal: AbortSignal): Promise<ExitResult> => {
  const exit = await waitForContainer(parts, state.containerId, signal)
  const collector = parts.collectors.get(state.containerId)
  if (collector !== undefined) {
    await settlesWithin(parts.clock, OUTPUT_TIMEOUT_MS, limit =>
      Promise.race([
        collector.done,
        new Promise<never>((_resolve, reject) => {
          limit.addEventListener('abort', () => reject(limit.reason), { once: true })
        }),
      ]),
    )
  }
  return exit
}

/** False where the container does not run. */
const sendSignal = async ({ api }: Parts, containerId: string, signal: NodeJS.Signals): Promise<boolean> => {
  try {
    await api.call(`send ${signal} to container ${containerId}`, QUERY_TIMEOUT_MS, abortSignal =>
      api.docker.getContainer(containerId).kill({ signal, abortSignal }),
    )
    return true
  } catch (error) {
    if (isRefusal(error, 404, 409) || (isRefusal(error, 500) && /is not running/.test(error.message))) return false
    if (!isRefusal(error)) throw error
    throw new AppError('DRIVER_FAILED', `cannot send ${signal} to container ${containerId}: ${error.message}`, {
      cause: error,
    })
  }
}

/** The signal that the image asks for; the library's types leave it out. */
const stopSignalOf = (found: ContainerInspectInfo): string => {
  const entry = Object.entries(found.Config).find(([name]) => name === 'StopSignal')?.[1]
  return typeof entry === 'string' && entry !== '' ? entry : DEFAULT_KILL_SIGNAL
}

const stopTask = async (
  parts: Parts,
  state: DockerState,
  killSignal: string | undefined,
  timeoutMs: number,
): Promise<void> => {
  const { containerId } = state
  const found = await inspectContainer(parts.api, containerId)
  if (found?.State.Running === true) {
    const asked = killSignal ?? stopSignalOf(found)
    await sendSignal(parts, containerId, parseSignal(asked))
    const wait = (signal: AbortSignal): Promise<unknown> => waitForContainer(parts, containerId, signal)
    const hasEnded = await settlesWithin(parts.clock, timeoutMs, wait)
    if (!hasEnded) await sendSignal(parts, containerId, 'SIGKILL')
    if (!hasEnded && !(await settlesWithin(parts.clock, KILL_TIMEOUT_MS, wait))) {
      throw new AppError('DRIVER_FAILED', `container ${containerId} does not end though it was killed`, {
        hint: 'look for its processes in state D, and at the log of the Docker daemon',
      })
    }
  }
}

const recover = async (parts: Parts, handle: TaskHandle): Promise<'running' | 'gone'> => {
  const state = dockerStateOf(handle)
  if (state === undefined) return 'gone'
  const found = await inspectContainer(parts.api, state.containerId)
  if (found === undefined || found.Config.Labels[START_LABEL] !== handle.id) return 'gone'
  await parts.collect(state)
  return 'running'
}

const destroy = async (parts: Parts, containerId: string): Promise<void> => {
  await removeContainer(parts.api, containerId)
  await parts.collectors.get(containerId)?.stop()
  parts.collectors.delete(containerId)
  await rm(parts.cursorPath(containerId), { force: true })
}

const sweep = async (parts: Parts, labels: Readonly<Record<string, string>>, keep: Kept): Promise<number> => {
  const label = Object.entries(containerLabels(labels)).map(([name, value]) => `${name}=${value}`)
  const found = await parts.api.call('list containers', QUERY_TIMEOUT_MS, abortSignal =>
    parts.api.docker.listContainers({ all: true, filters: { label }, abortSignal }),
  )
  const orphans = found.filter(container => !keep.has(container.Labels[START_LABEL] ?? ''))
  for (const orphan of orphans) await destroy(parts, orphan.Id)
  return orphans.length
}

/** Answers how a container's collector is found or begun; containers that ended are forgotten at their removal. */
const createCollecting = (context: DriverContext, api: DockerApi) => {
  const collectors = new Map<string, LogCollector>()
  const directory = resolve(context.stateDir, 'docker')
  const cursorPath = (containerId: string): string => resolve(directory, `${containerId}.json`)
  const share = shareByKey<void>()

  const collect = (state: DockerState): Promise<void> =>
    share(state.containerId, async () => {
      if (!state.collectsOutput || collectors.has(state.containerId)) return
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const bases = { stdout: outputBase(state.stdoutPath), stderr: outputBase(state.stderrPath) }
      await mkdir(dirname(bases.stdout), { recursive: true })
      const collector = await startLogCollector({
        api,
        clock: context.clock,
        logger: context.logger.child({ component: 'docker' }),
        containerId: state.containerId,
        cursorPath: cursorPath(state.containerId),
        bases,
        limits: { maxFileBytes: state.maxFileBytes, maxFiles: state.maxFiles },
      })
      collectors.set(state.containerId, collector)
    })

  return { collectors, cursorPath, collect }
}

const durationOption = (context: DriverContext, name: string, fallbackMs: number): number => {
  const text = stringOption(context.options, name)
  if (text === '') return fallbackMs
  const ms = parseGoDuration(text)
  if (ms !== null && ms > 0) return ms
  throw new AppError(
    'CONFIG_INVALID',
    `docker driver option ${name} is ${JSON.stringify(text)}, which is no duration`,
    {
      hint: 'write a duration such as "5m"',
    },
  )
}

/**
 * Options: `endpoint` (`unix://PATH` or `tcp://HOST:PORT`; else DOCKER_HOST, else Docker's default socket), and as Go durations `image_pull_timeout` (5m),
 * `pull_activity_timeout` (2m), `recover_timeout` (5m: how long a daemon that went away is waited for). Cursors of the
 * output that was collected are kept in `<stateDir>/docker`; give the same directory after a restart.
 */
export const createDockerDriver = (context: DriverContext): TaskDriver => {
  const { clock } = context
  const api = createDockerApi(stringOption(context.options, 'endpoint') || defaultEndpoint(), clock)
  const limits = {
    totalMs: durationOption(context, 'image_pull_timeout', DEFAULT_PULL_TIMEOUT_MS),
    idleMs: durationOption(context, 'pull_activity_timeout', DEFAULT_PULL_IDLE_TIMEOUT_MS),
  }
  const reconnectTimeoutMs = durationOption(context, 'recover_timeout', DEFAULT_RECONNECT_TIMEOUT_MS)
  const puller = createImagePuller({ api, clock, limits })
  const parts: Parts = { api, clock, puller, reconnectTimeoutMs, ...createCollecting(context, api) }
  const shareStart = shareByKey<StartResult>()
  return {
    name: 'docker',
    capabilities: {
      sendsSignals: true,
      parentGroup: () => null,
      fileSystem: 'image',
      network: 'mapped',
      usage: { measure: handle => measureContainer(api, stateOf(handle).containerId) },
    },
    fingerprint: () => fingerprintDocker(api),
    validate: validateDockerConfig,
    start: (task, onEvent, signal) =>
      shareStart(task.id, async () => {
        const result = await startContainer(parts, task, onEvent, signal)
        if (result.kind === 'started') await parts.collect(stateOf(result.handle))
        return result
      }),
    recover: handle => recover(parts, handle),
    wait: (handle, signal) => waitForTask(parts, stateOf(handle), signal),
    stop: async (handle, killSignal, timeoutMs) => {
      await stopTask(parts, stateOf(handle), killSignal, timeoutMs)
    },
    signal: async (handle, name) => {
      const { containerId } = stateOf(handle)
      if (await sendSignal(parts, containerId, parseSignal(name))) return
      throw new AppError('DRIVER_FAILED', `cannot send ${name} to container ${containerId}: it does not run`)
    },
    destroy: handle => destroy(parts, stateOf(handle).containerId),
    sweep: (labels, keep) => sweep(parts, labels, keep),
    close: async () => {
      await Promise.all([...parts.collectors.values()].map(collector => collector.stop()))
      parts.collectors.clear()
    },
  }
}
