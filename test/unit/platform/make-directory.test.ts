import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeDirectories } from '../../../src/platform/make-directory.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'muster-make-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe('directories', () => {
  it('are made with all that is missing above them, and once is enough', () => {
    const path = join(root, 'a/b/c')
    makeDirectories(path, 0o700)
    makeDirectories(path, 0o700)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    expect(statSync(join(root, 'a')).mode & 0o777).toBe(0o700)
  })

  it.runIf(process.platform === 'linux').each(['/proc/muster', '/proc/muster/deeper'])(
    'are refused where the system makes none (%s), at once',
    path => {
      expect(() => makeDirectories(path, 0o700)).toThrow(/ENOENT/)
    },
  )

  it('are not what a file stands in the way of', () => {
    writeFileSync(join(root, 'file'), '')
    expect(() => makeDirectories(join(root, 'file'), 0o700)).toThrow(/EEXIST/)
    expect(() => makeDirectories(join(root, 'file/deeper'), 0o700)).toThrow(/ENOTDIR/)
  })
})
