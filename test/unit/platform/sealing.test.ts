import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createMemoryKeyring, MAX_DATA_KEYS, openKeyringFile } from '../../../src/platform/keyring.ts'
import { seededRandom } from '../../../src/platform/random.ts'
import { createSealer } from '../../../src/platform/sealing.ts'
import { temporaryDirectory } from '../../support/eventstore.ts'

let directory: ReturnType<typeof temporaryDirectory>
let path: string

beforeEach(() => {
  directory = temporaryDirectory()
  path = `${directory.path}/secrets/keyring.json`
})
afterEach(() => directory.remove())

const random = seededRandom(7)
const open = (isRequired = false) => createSealer({ keyring: openKeyringFile({ path, isRequired, random }), random })

test('what was sealed is opened by a later process, with the same digest', () => {
  const first = open()
  const sealed = first.seal('default', 'hunter2')
  const later = open(true)
  expect(later.open('default', sealed.sealed)).toBe('hunter2')
  expect(later.digest('default', 'hunter2')).toBe(sealed.digest)
})

test('sealing the same value twice gives two texts and one digest', () => {
  const sealer = createSealer({ keyring: createMemoryKeyring(random), random })
  const [a, b] = [sealer.seal('default', 'same'), sealer.seal('default', 'same')]
  expect(a.sealed).not.toBe(b.sealed)
  expect(a.digest).toBe(b.digest)
  expect(sealer.digest('other', 'same')).not.toBe(a.digest)
})

test('another namespace cannot open it', () => {
  const sealer = open()
  sealer.seal('other', 'x')
  expect(sealer.open('other', sealer.seal('default', 'hunter2').sealed)).toBeNull()
  expect(sealer.open('never-used', sealer.seal('default', 'hunter2').sealed)).toBeNull()
})

test('an erased namespace stays erased over restarts and over a new key; others are untouched', () => {
  const sealer = open()
  const erased = sealer.seal('default', 'hunter2')
  const kept = sealer.seal('other', 'kept')
  sealer.eraseNamespace('default')
  expect(sealer.open('default', erased.sealed)).toBeNull()
  expect(sealer.seal('default', 'hunter2').digest).not.toBe(erased.digest)
  const later = open(true)
  expect(later.open('default', erased.sealed)).toBeNull()
  expect(later.open('other', kept.sealed)).toBe('kept')
})

test('opening makes no key and no file', () => {
  expect(open().open('default', 'whatever')).toBeNull()
  expect(existsSync(path)).toBe(false)
})

test('the file is for its owner only, and holds neither values nor keys in clear', () => {
  const keyring = openKeyringFile({ path, isRequired: false, random })
  createSealer({ keyring, random }).seal('default', 'hunter2')
  expect(statSync(path).mode & 0o777).toBe(0o600)
  const text = readFileSync(path, 'utf8')
  expect(text).not.toContain('hunter2')
  expect(text).not.toContain(Buffer.from(keyring.keyOf('default').secret).toString('base64'))
  expect(existsSync(`${path}.new`)).toBe(false)
})

test('a half-written file of an earlier crash is no hindrance', () => {
  open().seal('default', 'x')
  writeFileSync(`${path}.new`, '{"format":')
  const sealer = open(true)
  expect(sealer.open('other', sealer.seal('other', 'y').sealed)).toBe('y')
})

test('a missing keyring is a beginning without data and a loss with it', () => {
  expect(() => open(true)).toThrow(expect.objectContaining({ code: 'KEYRING_UNUSABLE' }))
  const sealer = open()
  sealer.seal('default', 'x')
  rmSync(path)
  expect(() => open(true)).toThrow('is missing, but the log holds values sealed with it')
})

test.each([
  ['cut off', (text: string) => text.slice(0, -20)],
  ['empty', () => ''],
  ['of another format', (text: string) => text.replace('muster-keyring-1', 'muster-keyring-9')],
  ['with a changed key', (text: string) => text.replace(/"wrapped":"...../, '"wrapped":"AAAAA')],
  ['with a key moved to another namespace', (text: string) => text.replace('"default"', '"other"')],
])('a keyring that is %s is refused, and nothing of it is quoted', (_what, damage) => {
  open().seal('default', 'x')
  const text = readFileSync(path, 'utf8')
  writeFileSync(path, damage(text))
  expect(() => open()).toThrow(expect.objectContaining({ code: 'KEYRING_UNUSABLE' }))
  expect(() => open()).toThrow(expect.not.objectContaining({ cause: expect.anything() }))
  expect(() => open()).toThrow(`could not read the keyring ${path}: it is damaged`)
})

test('a keyring that others can read is refused', () => {
  open().seal('default', 'x')
  chmodSync(path, 0o640)
  expect(() => open()).toThrow('mode 0640')
})

test('a keyring that cannot be written fails the sealing and leaves no key behind', () => {
  const sealer = open()
  writeFileSync(`${directory.path}/secrets`, '')
  const attempt = () => sealer.seal('default', 'x')
  expect(attempt).toThrow(`could not write the keyring ${path}`)
  rmSync(`${directory.path}/secrets`)
  expect(open(existsSync(path)).open('default', attempt().sealed)).toBeNull()
  expect(open(true).open('default', attempt().sealed)).toBe('x')
})

test('keys are made up to the limit, and again once one was erased', () => {
  const keyring = createMemoryKeyring(random, 3)
  for (const namespace of ['a', 'b', 'c', 'a']) keyring.keyOf(namespace)
  expect(() => keyring.keyOf('d')).toThrow('there are 3 already')
  keyring.erase('b')
  expect(keyring.keyOf('d').id).toHaveLength(16)
  expect(MAX_DATA_KEYS).toBeGreaterThan(3)
})
