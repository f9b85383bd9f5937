import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDiskDirectories, type Directories } from '../../../../src/agents/client/directories.ts'

const allocationId = '00000000-0000-4000-8000-000000000001'
let root = ''
let outside = ''
let directories: Directories

beforeEach(async () => {
  const base = await mkdtemp(join(tmpdir(), 'muster-directories-'))
  root = join(base, 'alloc')
  outside = join(base, 'outside')
  await mkdir(outside)
  directories = createDiskDirectories(root)
  await directories.build(allocationId, 'web', false)
})

afterEach(() => rm(join(root, '..'), { recursive: true, force: true }))

const file = (path: string) => ({ allocationId, task: 'web', path })

describe('the directories of an allocation', () => {
  it('are laid out as tasks expect them, and building twice changes nothing', async () => {
    await directories.build(allocationId, 'web', false)
    const paths = directories.pathsOf(allocationId, 'web')
    for (const path of [paths.allocDir, paths.localDir, paths.secretsDir, join(paths.allocDir, 'logs')]) {
      expect((await stat(path)).isDirectory()).toBe(true)
    }
    expect(paths.stdoutPath).toBe(join(root, allocationId, 'alloc', 'logs', 'web.stdout.0'))
  })

  it('take files by relative and by absolute paths, with their permissions', async () => {
    await directories.write(file('local/deep/er/x.conf'), 'one', 0o640)
    await directories.write(file(join(root, allocationId, 'alloc/data/y')), 'two', 0o644)
    expect(await readFile(join(root, allocationId, 'web/local/deep/er/x.conf'), 'utf8')).toBe('one')
    expect(((await stat(join(root, allocationId, 'web/local/deep/er/x.conf'))).mode & 0o777).toString(8)).toBe('640')
    expect(await directories.read(file(join(root, allocationId, 'alloc/data/y')), 100)).toBe('two')
    expect(await directories.read(file('local/missing'), 100)).toBeNull()
  })

  it.each(['../../../x', '../other/local/x', 'local/../../../x', 'a\0b'])('refuse %j', async path => {
    await expect(directories.write(file(path), 'x', 0o644)).rejects.toMatchObject({ code: 'REQUEST_REFUSED' })
  })

  it('do not follow a link that a task left, in the middle or at the end of a path', async () => {
    await writeFile(join(outside, 'victim'), 'untouched')
    await symlink(outside, join(root, allocationId, 'web/local/way'))
    await symlink(join(outside, 'victim'), join(root, allocationId, 'web/local/end'))
    await expect(directories.write(file('local/way/victim'), 'x', 0o644)).rejects.toMatchObject({
      code: 'REQUEST_REFUSED',
    })
    await expect(directories.read(file('local/end'), 100)).rejects.toMatchObject({ code: 'REQUEST_REFUSED' })
    await directories.write(file('local/end'), 'replaced the link itself', 0o644)
    expect(await readFile(join(outside, 'victim'), 'utf8')).toBe('untouched')
    expect(await directories.read(file('local/end'), 100)).toBe('replaced the link itself')
  })

  it('do not read more than they are allowed to', async () => {
    await directories.write(file('local/big'), '12345', 0o644)
    expect(await directories.read(file('local/big'), 5)).toBe('12345')
    await expect(directories.read(file('local/big'), 4)).rejects.toMatchObject({ code: 'REQUEST_TOO_LARGE' })
  })

  it('are gone when they are removed', async () => {
    await directories.remove(allocationId)
    await expect(stat(join(root, allocationId))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
