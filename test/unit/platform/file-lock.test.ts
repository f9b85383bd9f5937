import { existsSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFile } from '../../../src/platform/file-lock.ts'
import { temporaryDirectory } from '../../support/eventstore.ts'

let directory: ReturnType<typeof temporaryDirectory>
let path: string

beforeEach(() => {
  directory = temporaryDirectory()
  path = `${directory.path}/deep/data.lock`
})
afterEach(() => directory.remove())

test('a lock that is held is refused, naming the holder, and free once it is released', () => {
  const lock = lockFile(path)
  expect(() => lockFile(path)).toThrow(`process ${process.pid} uses this data directory`)
  expect(() => lockFile(path)).toThrow(expect.objectContaining({ code: 'DATA_DIR_LOCKED' }))
  lock.release()
  lock.release()
  expect(existsSync(`${path}.pid`)).toBe(false)
  lockFile(path).release()
})

test('what a dead holder left is no lock', () => {
  lockFile(path).release()
  writeFileSync(`${path}.pid`, '1\n')
  lockFile(path).release()
})

test('a place where no file can be made is no data directory', () => {
  writeFileSync(`${directory.path}/deep`, '')
  expect(() => lockFile(path)).toThrow(expect.objectContaining({ code: 'DATA_DIR_UNUSABLE' }))
})
