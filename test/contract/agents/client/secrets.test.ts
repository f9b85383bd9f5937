import { mkdir, mkdtemp, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createDiskDirectories, type Directories } from '../../../../src/agents/client/directories.ts'
import { createDockerDriver } from '../../../../src/agents/client/drivers/docker/docker-driver.ts'
import { SECRETS_BYTES } from '../../../../src/agents/client/limits.ts'
import { createSecretMounts } from '../../../../src/agents/client/secret-mounts.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { createLogger, silentLogger } from '../../../../src/platform/logger.ts'
import { mountsBelow, readMounts, removeTree } from '../../../../src/platform/mounts.ts'
import { dockerEngine } from '../../../support/docker.ts'
import { canMount } from '../../../support/fault-kit.ts'
import { busyboxImage } from '../../../support/images.ts'
import { makeTaskStart } from '../../../support/task-start.ts'

const allocationId = '00000000-0000-4000-8000-000000000001'
const file = (path: string) => ({ allocationId, task: 'web', path })
let root = ''
let said: string[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'muster secrets-'))
  said = []
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await removeTree(root)
})

const logger = createLogger({ level: 'info', write: line => void said.push(line) })
const openDirectories = (isRoot?: boolean): Directories =>
  createDiskDirectories(root, createSecretMounts(logger, isRoot))
const secretsDir = (): string => openDirectories(true).pathsOf(allocationId, 'web').secretsDir

describe.runIf(canMount('secrets of tasks in memory'))('secrets of a task', () => {
  it('are in memory, open to whichever user the task runs as, and nothing there is executed', async () => {
    await openDirectories().build(allocationId, 'web', false)
    const mount = (await readMounts()).find(({ mountPoint }) => mountPoint === secretsDir())
    expect(mount?.type).toBe('tmpfs')
    expect(((await stat(secretsDir())).mode & 0o777).toString(8)).toBe('777')
    expect(await readFile('/proc/self/mounts', 'utf8')).toMatch(/web\/secrets tmpfs rw,nosuid,nodev,noexec/)
  })

  it('have room for so many bytes, and for no more', async () => {
    const directories = openDirectories()
    await directories.build(allocationId, 'web', false)
    await directories.write(file('secrets/most'), Buffer.alloc(SECRETS_BYTES), 0o600)
    await expect(directories.write(file('secrets/more'), 'x', 0o600)).rejects.toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
      message: expect.stringContaining('ENOSPC'),
    })
  })

  it('stay as they are when an agent that was started again builds the directories again', async () => {
    await openDirectories().build(allocationId, 'web', false)
    await openDirectories().write(file('secrets/token'), 'abc', 0o600)
    for (const isRunning of [true, false]) await openDirectories().build(allocationId, 'web', isRunning)
    expect(await openDirectories().read(file('secrets/token'), 100)).toBe('abc')
    expect(await mountsBelow(root)).toEqual([secretsDir()])
  })

  it('are not hidden from a task that runs with them on disk', async () => {
    await createDiskDirectories(root).build(allocationId, 'web', false)
    await writeFile(join(secretsDir(), 'token'), 'abc')
    await openDirectories().build(allocationId, 'web', true)
    expect(await readFile(join(secretsDir(), 'token'), 'utf8')).toBe('abc')
  })

  it('go with the directory of their allocation, though a process holds one open', async () => {
    const directories = openDirectories()
    await directories.build(allocationId, 'web', false)
    await directories.build(allocationId, 'side', false)
    await directories.write(file('secrets/token'), 'abc', 0o600)
    const handle = await open(join(secretsDir(), 'token'))
    await directories.remove(allocationId)
    expect([await readdir(root), await mountsBelow(root)]).toEqual([[], []])
    expect(await handle.readFile('utf8')).toBe('abc')
    await handle.close()
    await directories.remove(allocationId)
  })

  it('are on disk where the system does not let root mount, which is said once', async () => {
    vi.stubEnv('PATH', '/nowhere')
    const directories = openDirectories()
    for (const task of ['web', 'side']) await directories.build(allocationId, task, false)
    await directories.write(file('secrets/token'), 'abc', 0o600)
    expect(await directories.read(file('secrets/token'), 100)).toBe('abc')
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('secrets of tasks are kept on disk')
    vi.unstubAllEnvs()
    expect(await mountsBelow(root)).toEqual([])
  })

  it('are in memory in the containers of a task, too', async ({ skip }) => {
    const found = await dockerEngine('secrets in a container')
    if (found === undefined) return skip()
    const image = await busyboxImage(found, 'secrets')
    const stateDir = join(root, 'state')
    await mkdir(stateDir)
    const driver = createDockerDriver({
      stateDir,
      options: { endpoint: found.endpoint },
      clock: systemClock,
      logger: silentLogger,
    })
    const script = 'grep " /secrets " /proc/mounts | cut -d" " -f2,3; cat /secrets/token; echo new >/secrets/made'
    const config = { image: image.tag, command: 'sh', args: ['-c', script] }
    const task = await makeTaskStart({ root, labels: { test: 'secrets' }, config, isImage: true })
    const directories = openDirectories()
    const own = { allocationId: task.allocationId, task: 'web' }
    await directories.build(task.allocationId, 'web', false)
    await directories.write({ ...own, path: 'secrets/token' }, 'abc\n', 0o644)
    try {
      const started = await driver.start(task, () => {}, new AbortController().signal)
      if (started.kind === 'failed') return expect.fail(started.message)
      await driver.wait(started.handle, new AbortController().signal)
      expect(await readFile(task.paths.stdoutPath, 'utf8')).toBe('/secrets tmpfs\nabc\n')
      expect(await directories.read({ ...own, path: 'secrets/made' }, 100)).toBe('new\n')
      await driver.destroy(started.handle)
    } finally {
      await driver.close()
      await image.remove()
    }
    await directories.remove(task.allocationId)
    expect(await mountsBelow(root)).toEqual([])
  })
})

describe('secrets of a task of an agent that is not root', () => {
  it('are on disk, which is said when the agent starts', async () => {
    await openDirectories(false).build(allocationId, 'web', false)
    expect((await stat(secretsDir())).isDirectory()).toBe(true)
    expect(await mountsBelow(root)).toEqual([])
    expect(said).toHaveLength(1)
    expect(said[0]).toContain('only root may mount')
  })
})
