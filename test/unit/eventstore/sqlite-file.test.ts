import { writeFileSync } from 'node:fs'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSqliteStore } from '../../../src/eventstore/sqlite.ts'
import { EVENTS_VERIFIED_AT_OPEN } from '../../../src/eventstore/sqlite-reader.ts'
import { codeOf, follow, newEvents, readAll, temporaryDirectory } from '../../support/eventstore.ts'

let directory: ReturnType<typeof temporaryDirectory>
let path: string

beforeEach(() => {
  directory = temporaryDirectory()
  path = `${directory.path}/events.db`
})
afterEach(() => directory.remove())

const open = () => openSqliteStore({ path })

/** A closed log of `count` events in stream job-a, changed by `sql`. */
const damagedLog = async (count: number, sql: string): Promise<void> => {
  const store = await open()
  await store.append('job-a', 'no-stream', newEvents(count))
  await store.close()
  const database = new Database(path)
  database.exec(sql)
  database.close()
}

test.each([
  ['data', `UPDATE event SET body = replace(body, '"index":1', '"index":7') WHERE position = 1`],
  ['a type', `UPDATE type SET name = 'SomethingElse'`],
  ['a name of a stream', `UPDATE stream SET name = 'job-b'`],
  ['a revision', 'UPDATE event SET revision = 9 WHERE position = 1'],
  ['an id', `UPDATE event SET id = zeroblob(16) WHERE position = 1`],
  ['a position', 'UPDATE event SET position = 9 WHERE position = 1'],
  ['the row of its stream', 'DELETE FROM stream'],
])('a newest event of which %s was changed is found when the log is opened', async (_what, sql) => {
  await damagedLog(3, sql)
  const attempt = open()
  expect(await codeOf(attempt)).toBe('STORE_CORRUPT')
  await expect(attempt).rejects.toThrow(/position \d+ does not match its checksum/)
  await expect(attempt).rejects.toMatchObject({ hint: expect.stringContaining('restore the log from a backup') })
})

test('an older event that was changed is found by whoever reads it', async () => {
  await damagedLog(EVENTS_VERIFIED_AT_OPEN + 5, `UPDATE event SET body = replace(body, '2', '3') WHERE position = 2`)
  const store = await open()
  expect(await codeOf(readAll(store, 'job-a'))).toBe('STORE_CORRUPT')
  await expect(follow(store).untilCaughtUp()).rejects.toThrow('position 2 does not match')
  expect(await readAll(store, 'job-a', 3)).toHaveLength(EVENTS_VERIFIED_AT_OPEN + 2)
  await store.close()
})

test('an event that is missing from its stream is found by whoever reads the stream', async () => {
  await damagedLog(5, 'DELETE FROM event WHERE position = 2')
  const store = await open()
  await expect(readAll(store, 'job-a')).rejects.toThrow('revision 2 of stream job-a is missing')
  await store.close()
})

test('a file that is no database is refused as damaged', async () => {
  writeFileSync(path, 'x'.repeat(8_192))
  expect(await codeOf(open())).toBe('STORE_CORRUPT')
})

test('a database of something else, or of a later version, is refused and left alone', async () => {
  const foreign = new Database(path)
  foreign.exec('CREATE TABLE something (a)')
  foreign.close()
  expect(await codeOf(open())).toBe('DATA_DIR_UNUSABLE')
  const later = new Database(path)
  later.pragma('user_version = 99')
  later.close()
  await expect(open()).rejects.toThrow('schema 99')
})

test('a place where no file can be made is refused', async () => {
  writeFileSync(`${directory.path}/file`, '')
  expect(await codeOf(openSqliteStore({ path: `${directory.path}/file/events.db` }))).toBe('DATA_DIR_UNUSABLE')
})

test('a refused opening leaves no lock behind', async () => {
  writeFileSync(path, 'x'.repeat(8_192))
  expect(await codeOf(open())).toBe('STORE_CORRUPT')
  expect(await codeOf(open())).toBe('STORE_CORRUPT')
})

test('every commit is synced: the writer asks for FULL, not for what the package has by default', async () => {
  const { writerPragmas } = await import('../../../src/eventstore/sqlite-schema.ts')
  expect(writerPragmas).toContain('synchronous = FULL')
  const store = await open()
  await store.append('job-a', 'any', newEvents(1))
  const database = new Database(path, { readonly: true })
  expect(database.pragma('journal_mode', { simple: true })).toBe('wal')
  database.close()
  await store.close()
})
