import { rmSync, writeFileSync } from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { EventStore } from '../../../src/eventstore/port.ts'
import { openSqliteStore } from '../../../src/eventstore/sqlite.ts'
import type { AppError } from '../../../src/platform/errors.ts'
import { codeOf, follow, newEvent, newEvents, readAll, temporaryDirectory } from '../../support/eventstore.ts'

const workerUrl = new URL('../../support/faulty-sqlite.worker.js', import.meta.url)
const maxQueuedCalls = 8

let directory: ReturnType<typeof temporaryDirectory>
let path: string
let store: EventStore
let stops: AppError[]

beforeEach(async () => {
  directory = temporaryDirectory()
  path = `${directory.path}/events.db`
  stops = []
  store = await openSqliteStore({ path, workerUrl, maxQueuedCalls, onStopped: error => stops.push(error) })
})
afterEach(async () => {
  heal()
  await store.close()
  directory.remove()
})

const inject = (fault: 'full' | 'fsync' | 'hold' | 'exit'): void => writeFileSync(`${path}.fault`, fault)
const heal = (): void => rmSync(`${path}.fault`, { force: true })

const reopened = async <T>(look: (again: EventStore) => Promise<T>): Promise<T> => {
  await store.close()
  const again = await openSqliteStore({ path })
  try {
    return await look(again)
  } finally {
    await again.close()
  }
}

test('a full disk fails the append that does not fit, without effect, and later ones work', async () => {
  await store.append('job-a', 'no-stream', newEvents(1))
  inject('full')
  const large = [newEvent('x'.repeat(500_000))]
  const attempt = store.append('job-a', 0, large)
  expect(await codeOf(attempt)).toBe('STORE_UNAVAILABLE')
  await expect(attempt).rejects.toThrow(/events\.db: SQLITE_FULL/)
  expect(await store.append('job-a', 0, newEvents(1))).toEqual({ kind: 'appended', revision: 1, position: 1 })
  heal()
  expect(await store.append('job-a', 1, large)).toEqual({ kind: 'appended', revision: 2, position: 2 })
  expect(stops).toEqual([])
  expect(await reopened(again => readAll(again, 'job-a'))).toHaveLength(3)
})

test('names that a refused append would have added are added by the next one', async () => {
  inject('full')
  const large = { ...newEvent('x'.repeat(500_000)), type: 'NewType' }
  expect(await codeOf(store.append('job-new', 'no-stream', [large]))).toBe('STORE_UNAVAILABLE')
  heal()
  expect(await store.append('job-new', 'no-stream', [large])).toMatchObject({ kind: 'appended', revision: 0 })
  expect((await readAll(store, 'job-new'))[0]).toMatchObject({ type: 'NewType', stream: 'job-new' })
})

test('a failed sync leaves the outcome unknown and stops the store for good', async () => {
  await store.append('job-a', 'no-stream', newEvents(1))
  const subscriber = follow(store)
  await subscriber.untilCaughtUp()
  const waiting = codeOf(subscriber.next())
  inject('fsync')
  const doubtful = newEvents(1)
  expect(await codeOf(store.append('job-a', 0, doubtful))).toBe('STORE_OUTCOME_UNKNOWN')
  heal()
  expect(await codeOf(store.append('job-a', 0, doubtful))).toBe('STORE_CLOSED')
  expect(await codeOf(readAll(store, 'job-a'))).toBe('STORE_CLOSED')
  expect(await codeOf(store.head())).toBe('STORE_CLOSED')
  expect(await waiting).toBe('STORE_CLOSED')
  expect(stops.map(error => error.message)).toEqual([expect.stringContaining('SQLITE_IOERR_FSYNC')])
  expect(await reopened(again => again.append('job-a', 0, doubtful))).toMatchObject({ kind: 'appended', revision: 1 })
})

test('a writer thread that ends leaves the outcome unknown and stops the store', async () => {
  await store.append('job-a', 'no-stream', newEvents(1))
  inject('exit')
  expect(await codeOf(store.append('job-a', 0, newEvents(1)))).toBe('STORE_OUTCOME_UNKNOWN')
  expect(await codeOf(store.append('job-a', 0, newEvents(1)))).toBe('STORE_CLOSED')
  expect(stops).toHaveLength(1)
  expect(await reopened(again => readAll(again, 'job-a'))).toHaveLength(1)
})

test('what waits behind a failed sync is refused with it', async () => {
  await store.append('job-a', 'no-stream', newEvents(1))
  inject('hold')
  const first = codeOf(store.append('job-a', 0, newEvents(1)))
  await new Promise(resolve => setImmediate(resolve))
  const second = codeOf(store.append('job-b', 'any', newEvents(1)))
  inject('fsync')
  expect([await first, await second]).toEqual(['STORE_OUTCOME_UNKNOWN', 'STORE_CLOSED'])
})

test('calls beyond the limit are refused while a commit hangs, and those within it are carried out', async () => {
  await store.append('job-a', 'no-stream', newEvents(1))
  inject('hold')
  const underWay = store.append('job-a', 'any', newEvents(1))
  await new Promise(resolve => setImmediate(resolve))
  const queued = Array.from({ length: maxQueuedCalls }, () => store.append('job-b', 'any', newEvents(1)))
  const refused = store.append('job-c', 'any', newEvents(1))
  expect(await codeOf(refused)).toBe('OVERLOADED')
  await expect(refused).rejects.toThrow(`${maxQueuedCalls} appends`)
  heal()
  expect((await Promise.all([underWay, ...queued])).every(result => result.kind === 'appended')).toBe(true)
  expect(await store.append('job-c', 'any', newEvents(1))).toMatchObject({ kind: 'appended', revision: 0 })
})

test('a program of the writer that cannot be loaded is reported by the first append', async () => {
  const other = temporaryDirectory()
  const missing = new URL('./no-such-worker.js', import.meta.url)
  const broken = await openSqliteStore({ path: `${other.path}/events.db`, workerUrl: missing })
  const attempt = broken.append('job-a', 'any', newEvents(1))
  await expect(attempt).rejects.toThrow(/no-such-worker/)
  await broken.close()
  other.remove()
})
