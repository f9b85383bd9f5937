import type { ContainerInspectInfo, ImageInspectInfo } from 'dockerode'
import { AppError } from '../../../../platform/errors.ts'
import type { DriverEvent, StartResult, TaskStart } from '../driver.ts'
import { booleanOption, mapOption, stringOption, stringsOption, type TaskConfig } from '../task-config.ts'
import { ALLOCATION_LABEL, containerName, containerSpec, portsNamed, START_LABEL } from './container-spec.ts'
import { inspectContainer, removeContainer } from './container-watch.ts'
import { CHANGE_TIMEOUT_MS, type DockerApi, type DockerRefusal, isRefusal, QUERY_TIMEOUT_MS } from './docker-api.ts'
import { dockerHandle } from './docker-handle.ts'
import { validateDockerConfig } from './docker-options.ts'
import type { ImagePuller, RegistryAuth } from './image-puller.ts'
import { DEFAULT_REGISTRY, type ImageReference, parseImageReference } from './image-reference.ts'

/** Brings a task's container about, or finds the one that this start made before. */

type StartParts = { readonly api: DockerApi; readonly puller: ImagePuller }
type Failed = Extract<StartResult, { kind: 'failed' }>
type OnEvent = (event: DriverEvent) => void

/** Docker's official registry goes by this address where credentials are concerned. */
const OFFICIAL_AUTH_ADDRESS = 'https://index.docker.io/v1/'
/** Looked for under the name, removed and made again: nothing else comes in between that often. */
const MAX_TRIES = 3
const NEVER_STARTED = '0001-01-01T00:00:00Z'

const failed = (message: string, isRecoverable = false): Failed => ({ kind: 'failed', message, isRecoverable })

const authOf = (config: TaskConfig, reference: ImageReference): RegistryAuth | undefined => {
  const auth = mapOption(config, 'auth')
  const [username, password] = [auth['username'] ?? '', auth['password'] ?? '']
  if (username === '' && password === '') return undefined
  const registry = reference.registry === DEFAULT_REGISTRY ? OFFICIAL_AUTH_ADDRESS : reference.registry
  return { username, password, serveraddress: auth['server_address'] ?? registry }
}

const findImage = async ({ api }: StartParts, name: string): Promise<ImageInspectInfo | undefined> => {
  try {
    return await api.call(`look for image ${name}`, QUERY_TIMEOUT_MS, () => api.docker.getImage(name).inspect())
  } catch (error) {
    if (isRefusal(error, 404)) return undefined
    throw error
  }
}

/** The image to make the container of: the local one, unless it must be pulled first. */
const provideImage = async (
  parts: StartParts,
  task: TaskStart,
  onEvent: OnEvent,
  signal: AbortSignal,
): Promise<ImageInspectInfo | Failed> => {
  const name = stringOption(task.config, 'image')
  const reference = parseImageReference(name)
  if (reference === undefined) return failed(`${JSON.stringify(name)} is not the name of an image`)
  const local = await findImage(parts, reference.full)
  const mustPull = local === undefined || reference.isMoving || booleanOption(task.config, 'force_pull')
  if (!mustPull) return local
  const result = await parts.puller.pull(reference, authOf(task.config, reference), onEvent, signal)
  if (result.kind === 'failed') return result
  const pulled = await findImage(parts, reference.full)
  return pulled ?? failed(`image ${reference.full} was pulled, and is gone again`, true)
}

/** What the container asks for cannot be had; trying again cannot help. */
const FINAL =
  /executable file not found|OCI runtime .*(no such file or directory|permission denied)|port is already allocated|address already in use|cannot assign requested address|invalid|unknown user|unable to find user/is

/** The engine died amid a start of this container, and its containerd kept half of it: only another one can be started. */
const HALF_STARTED = /task [0-9a-f]+: already exists/

/** The engine cannot do its work, most often since it is being stopped. */
const ENGINE_FAILS =
  /libnetwork|failed to update store|database not open|transport is closing|connection refused|shutting down|context (deadline exceeded|canceled)/i

/**
 * What a refusal to create or start means: a failure, for good or not. Throws AppError DRIVER_UNREACHABLE where the engine
 * itself fails, which is not the task's doing: the same start may then be tried again.
 */
const refusedStart = (what: string, refusal: DockerRefusal): Failed => {
  const { status, message } = refusal
  const mayHelp = status === 500 && !FINAL.test(message)
  if (mayHelp && ENGINE_FAILS.test(message)) {
    throw new AppError('DRIVER_UNREACHABLE', `cannot ${what}: the Docker daemon fails (${message})`, {
      cause: refusal,
      hint: 'see the log of the Docker daemon',
    })
  }
  return failed(`cannot ${what}: ${message}`, mayHelp)
}

/** Undefined: it could not be started and is removed, and another one of the same kind can. */
const startExisting = async (parts: StartParts, task: TaskStart, id: string): Promise<StartResult | undefined> => {
  const { api } = parts
  try {
    await api.call(`start container ${id}`, CHANGE_TIMEOUT_MS, abortSignal =>
      api.docker.getContainer(id).start({ abortSignal }),
    )
  } catch (error) {
    // 304: it runs already.
    if (isRefusal(error) && error.status !== 304) {
      await removeContainer(api, id)
      if (HALF_STARTED.test(error.message)) return undefined
      return refusedStart(`start container ${containerName(task)}`, error)
    }
    if (!isRefusal(error)) throw error
  }
  const found = await inspectContainer(api, id)
  if (found === undefined) return failed(`container ${containerName(task)} vanished when it was started`, true)
  return startedResult(task, found)
}

const startedResult = (task: TaskStart, found: ContainerInspectInfo): StartResult => {
  const ip = Object.values(found.NetworkSettings.Networks)
    .map(network => network.IPAddress)
    .find(address => address !== '')
  const handle = dockerHandle(task, found.Id)
  return ip === undefined ? { kind: 'started', handle } : { kind: 'started', handle, network: { ip } }
}

/**
 * What stands under the task's name: this start's own container is taken, that of another start of the same task is
 * removed, since two of them must never run; a stranger's is in the way. Undefined: the name is free.
 */
const takeExisting = async (parts: StartParts, task: TaskStart): Promise<StartResult | undefined> => {
  const found = await inspectContainer(parts.api, containerName(task))
  if (found === undefined) return undefined
  const labels = found.Config.Labels
  if (labels[START_LABEL] === task.id) {
    const wasStarted = found.State.StartedAt !== NEVER_STARTED
    return wasStarted ? startedResult(task, found) : startExisting(parts, task, found.Id)
  }
  if (labels[ALLOCATION_LABEL] === task.allocationId) {
    await removeContainer(parts.api, found.Id)
    return undefined
  }
  return failed(`a container named ${containerName(task)} exists and is not this agent's; remove it`, true)
}

const missingPorts = (task: TaskStart): Failed | undefined => {
  const { missing } = portsNamed(stringsOption(task.config, 'ports') ?? [], task.ports)
  if (missing.length === 0) return undefined
  const names = missing.map(label => JSON.stringify(label)).join(', ')
  return failed(`docker option "ports" names ${names}, and the group's network has no such port`)
}

/** See TaskDriver.start. Throws AppError DRIVER_UNREACHABLE; the same start may then be tried again. */
export const startContainer = async (
  parts: StartParts,
  task: TaskStart,
  onEvent: OnEvent,
  signal: AbortSignal,
): Promise<StartResult> => {
  const problems = validateDockerConfig(task.config)
  if (problems.length > 0) return failed(problems.join('; '))
  const refusal = missingPorts(task)
  if (refusal !== undefined) return refusal
  for (let tries = 1; ; tries += 1) {
    const existing = await takeExisting(parts, task)
    if (existing !== undefined) return existing
    const image = await provideImage(parts, task, onEvent, signal)
    if ('kind' in image) return image
    signal.throwIfAborted()
    onEvent({
      message: `Using image ${stringOption(task.config, 'image')}`,
      details: { image_id: image.Id, digest: image.RepoDigests[0] ?? '' },
    })
    try {
      const created = await parts.api.call(`create container ${containerName(task)}`, CHANGE_TIMEOUT_MS, abortSignal =>
        parts.api.docker.createContainer({ ...containerSpec(task, image.Id), abortSignal }),
      )
      const result = await startExisting(parts, task, created.id)
      if (result !== undefined) return result
      if (tries >= MAX_TRIES) return failed(`the engine starts container ${containerName(task)} by halves`, true)
    } catch (error) {
      if (!isRefusal(error)) throw error
      // The name was taken, or the image removed, since we looked.
      const mayBeOtherwise = isRefusal(error, 404, 409) && tries < MAX_TRIES
      if (!mayBeOtherwise) return refusedStart(`create container ${containerName(task)}`, error)
    }
  }
}
