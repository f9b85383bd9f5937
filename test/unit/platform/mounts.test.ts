import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isWithin, mountsBelow, parseMounts, unmountBelow } from '../../../src/platform/mounts.ts'

describe('mounts', () => {
  it('are read in their order, with what is strange in their paths', () => {
    const text = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw
35 22 0:30 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer
42 22 8:4 / /var/lib/a\\040b\\134c rw - xfs /dev/sdb1 rw

broken`
    expect(parseMounts(text)).toEqual([
      { mountPoint: '/', type: 'ext4', device: '/dev/root', options: ['rw'] },
      { mountPoint: '/sys/fs/cgroup/freezer', type: 'cgroup', device: 'cgroup', options: ['rw', 'freezer'] },
      { mountPoint: '/var/lib/a b\\c', type: 'xfs', device: '/dev/sdb1', options: ['rw'] },
    ])
  })

  it.each([
    ['/a/b', '/a', true],
    ['/a', '/a', true],
    ['/ab', '/a', false],
    ['/a', '/a/b', false],
    ['/a', '/', true],
  ] as const)('%s is in %s: %s', (path, directory, isIn) => expect(isWithin(path, directory)).toBe(isIn))

  it('are none below a directory that is plain, or not there', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'muster-mounts-'))
    expect(await mountsBelow(directory)).toEqual([])
    await unmountBelow(directory)
    rmSync(directory, { recursive: true })
    expect(await mountsBelow(directory)).toEqual([])
    await unmountBelow(directory)
  })
})
