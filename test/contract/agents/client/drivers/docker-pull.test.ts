import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildImage, busyboxFiles } from '../../../../../infra/demo/images.mjs'
import { createDockerDriver } from '../../../../../src/agents/client/drivers/docker/docker-driver.ts'
import type { DriverEvent, StartResult, TaskDriver } from '../../../../../src/agents/client/drivers/driver.ts'
import type { TaskConfig } from '../../../../../src/agents/client/drivers/task-config.ts'
import type { Json } from '../../../../../src/domain/json.ts'
import { systemClock } from '../../../../../src/platform/clock.ts'
import { silentLogger } from '../../../../../src/platform/logger.ts'
import { dockerEngine } from '../../../../support/docker.ts'
import { freePort } from '../../../../support/ports.ts'
import { REGISTRY_USER, startRegistry, type TestRegistry } from '../../../../support/registry.ts'
import { readOutput } from '../../../../support/task-output.ts'
import { makeTaskStart } from '../../../../support/task-start.ts'

/** Pulls from a real registry on this machine, and from what only looks like one (F27). */

const hasRegistry = (): boolean => {
  try {
    execFileSync('docker-registry', ['--version'], { stdio: 'ignore' })
    return true
  } catch {
    if (process.env['CI'] === 'true')
      throw new Error("image pulls need docker-registry (Debian's package docker-registry)")
    console.warn("NOT TESTED: image pulls, because there is no docker-registry (Debian's package docker-registry)")
    return false
  }
}

const engine = await dockerEngine('image pulls')
const isHere = engine !== undefined && hasRegistry()
const nobody = new AbortController().signal
const labels = { cluster: 'pull', node: String(process.pid) }
const auth = { ...REGISTRY_USER }

describe.skipIf(!isHere)('images', () => {
  let root: string
  let registry: TestRegistry
  let driver: TaskDriver
  const docker = new Docker(
    engine !== undefined && 'socketPath' in engine.engine.options
      ? { ...engine.engine.options, host: undefined }
      : (engine?.engine.options ?? {}),
  )

  const open = (options: Readonly<Record<string, Json>> = {}): TaskDriver =>
    createDockerDriver({
      stateDir: join(root, 'state'),
      options: { ...(engine === undefined ? {} : { endpoint: engine.endpoint }), ...options },
      clock: systemClock,
      logger: silentLogger,
    })

  /** Makes an image whose file /version says `version`, pushes it and forgets it locally. */
  const publish = async (name: string, tag: string, version: string): Promise<string> => {
    if (engine === undefined) throw new Error('no engine')
    const files = [...((await busyboxFiles()) ?? []), { path: '/version', content: `${version}\n` }]
    const full = `${registry.host}/${name}:${tag}`
    await buildImage({ engine: engine.engine, tag: full, files, cmd: ['cat', '/version'] })
    const stream = await docker.getImage(full).push({ authconfig: { ...auth, serveraddress: registry.host } })
    await new Promise((resolve, reject) => {
      docker.modem.followProgress(stream, (error, lines) => {
        const failure = error ?? lines.find(line => 'error' in line)?.error
        return failure === undefined || failure === null ? resolve(lines) : reject(new Error(String(failure)))
      })
    })
    await docker.getImage(full).remove({ force: true })
    return full
  }

  const start = async (
    config: TaskConfig,
    by: TaskDriver = driver,
    signal: AbortSignal = nobody,
  ): Promise<{ result: StartResult; events: readonly DriverEvent[]; output: () => Promise<string> }> => {
    const task = await makeTaskStart({ root, labels, isImage: true, config })
    const events: DriverEvent[] = []
    const result = await by.start(task, event => events.push(event), signal)
    const output = async (): Promise<string> => {
      if (result.kind === 'failed') throw new Error(result.message)
      await by.wait(result.handle, nobody)
      return readOutput(task.paths.stdoutPath)
    }
    return { result, events, output }
  }

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'muster-pull-'))
    registry = await startRegistry()
    driver = open()
  })

  afterAll(async () => {
    await driver.sweep(labels, new Set())
    await driver.close()
    const images = await docker.listImages()
    const ours = images.filter(image => (image.RepoTags ?? []).some(tag => tag.startsWith(`${registry.host}/`)))
    for (const image of ours) await docker.getImage(image.Id).remove({ force: true })
    await registry.stop()
    await rm(root, { recursive: true, force: true })
  })

  it('that are not here are pulled, and their digest is told', async () => {
    const image = await publish('plain', '1', 'one')
    const { events, output } = await start({ image, auth })
    expect(await output()).toBe('one\n')
    expect(events[0]).toEqual({ message: 'Downloading image', details: { image } })
    expect(events.at(-1)?.details?.['digest']).toMatch(/@sha256:[0-9a-f]{64}$/)
    expect(events.at(-1)?.details?.['image_id']).toMatch(/^sha256:[0-9a-f]{64}$/)
  })

  it('wanted by many tasks at once are pulled once', async () => {
    const alone = await publish('alone', '1', 'for one')
    const before = registry.manifestRequests('alone')
    expect((await start({ image: alone, auth })).result.kind).toBe('started')
    const requestsOfOne = registry.manifestRequests('alone') - before
    expect(requestsOfOne).toBeGreaterThan(0)

    const image = await publish('shared', '1', 'for all')
    const requestsBefore = registry.manifestRequests('shared')
    const starts = await Promise.all([1, 2, 3, 4, 5].map(() => start({ image, auth })))
    expect(starts.map(({ result }) => result.kind)).toEqual(Array.from({ length: 5 }, () => 'started'))
    expect(registry.manifestRequests('shared') - requestsBefore).toBe(requestsOfOne)
    expect(starts.filter(({ events }) => events.some(event => event.message === 'Downloading image'))).toHaveLength(5)
  })

  it('with a tag of their own are used as they are here, unless force_pull is set', async () => {
    const image = await publish('tagged', '1', 'old')
    expect(await (await start({ image, auth })).output()).toBe('old\n')
    await docker.getImage(image).tag({ repo: `${registry.host}/kept`, tag: 'old' })
    await docker.getImage(image).remove()
    await publish('tagged', '1', 'new')
    await docker.getImage(`${registry.host}/kept:old`).tag({ repo: `${registry.host}/tagged`, tag: '1' })
    expect(await (await start({ image, auth })).output()).toBe('old\n')
    expect(await (await start({ image, auth, force_pull: true })).output()).toBe('new\n')
  })

  it.each(['latest', 'untagged'])('that move (%s) are pulled before every start', async kind => {
    const full = await publish(kind, 'latest', 'old')
    const image = kind === 'latest' ? full : full.replace(/:latest$/, '')
    expect(await (await start({ image, auth })).output()).toBe('old\n')
    await docker.getImage(full).tag({ repo: `${registry.host}/kept`, tag: kind })
    await docker.getImage(full).remove()
    await publish(kind, 'latest', 'new')
    await docker.getImage(`${registry.host}/kept:${kind}`).tag({ repo: `${registry.host}/${kind}`, tag: 'latest' })
    expect(await (await start({ image, auth })).output()).toBe('new\n')
  })

  it('that no registry has fail for good, by name', async () => {
    const image = `${registry.host}/missing:1`
    const { result } = await start({ image, auth })
    expect(result).toMatchObject({ kind: 'failed', isRecoverable: false })
    expect(result.kind === 'failed' && result.message).toContain(`cannot pull image ${image}`)
  })

  it.each([{ username: 'muster', password: 'guessed-wrong' }, undefined])(
    'are refused without the right credentials (%j)',
    async wrong => {
      const image = await publish('secret', '1', 'secret')
      const { result } = await start({ image, ...(wrong === undefined ? {} : { auth: wrong }) })
      expect(result).toMatchObject({ kind: 'failed', isRecoverable: false })
      expect(JSON.stringify(result)).not.toContain('guessed-wrong')
    },
  )

  it('from a registry that is away may be tried again', async () => {
    const { result } = await start({ image: `127.0.0.1:${await freePort()}/any:1` })
    expect(result).toMatchObject({ kind: 'failed', isRecoverable: true })
  })

  describe('from a registry that says nothing', () => {
    let silent: Server
    let image: string
    const sockets = new Set<Socket>()

    beforeAll(async () => {
      silent = createServer(socket => {
        sockets.add(socket)
        socket.on('error', () => {})
      })
      const port = await freePort()
      await new Promise<void>(resolve => {
        silent.listen(port, '127.0.0.1', resolve)
      })
      image = `127.0.0.1:${port}/any:1`
    })

    afterAll(() => {
      for (const socket of sockets) socket.destroy()
      silent.close()
    })

    it.each([
      ['pull_activity_timeout', 'no progress for 300 ms'],
      ['image_pull_timeout', 'longer than 300 ms'],
    ])('are given up after %s', async (option, message) => {
      const impatient = open({ [option]: '300ms' })
      const { result } = await start({ image }, impatient)
      expect(result).toMatchObject({ kind: 'failed', isRecoverable: true })
      expect(result.kind === 'failed' && result.message).toContain(message)
      await impatient.close()
    })

    it('are given up when the task is no longer wanted', async () => {
      const abort = new AbortController()
      const starting = start({ image }, driver, abort.signal)
      setImmediate(() => abort.abort(new Error('stopped by the user')))
      await expect(starting).rejects.toThrow('stopped by the user')
    })
  })
})
