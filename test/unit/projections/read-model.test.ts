import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { applyEvent, noChanges } from '../../../src/domain/cluster/index.ts'
import { uuidOf } from '../../../src/domain/ids.ts'
import type { Clock } from '../../../src/platform/clock.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { schemaVersion } from '../../../src/projections/schema.ts'
import { createWaiters, MAX_WAITERS } from '../../../src/projections/waiters.ts'
import { openReadModel } from '../../support/history.ts'
import { writeWeb } from '../../support/web-history.ts'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-views-'))
  path = join(folder, 'views.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Makes the file one of an older version. */
const age = (): void => {
  const db = new Sqlite(path)
  db.prepare("UPDATE checkpoint SET schema = 'base 0'").run()
  db.close()
}

const schemaIn = (file: string): unknown => {
  const db = new Sqlite(file, { readonly: true })
  const schema = db.prepare('SELECT schema FROM checkpoint').pluck().get()
  db.close()
  return schema
}

test('a raised version is built beside the old one and takes its place at the start that finds it as far', () => {
  const { events } = writeWeb().history
  const old = openReadModel(path)
  old.follow(events)
  const wanted = old.model.dump()
  old.model.close()
  age()

  const half = openReadModel(path)
  expect(half.model.position()).toBe(-1)
  half.follow(events.slice(0, 2))
  half.model.close()
  expect(schemaIn(path)).toBe('base 0')

  const rest = openReadModel(path)
  expect(rest.model.position()).toBe(1)
  rest.follow(events)
  expect(rest.model.dump()).toEqual(wanted)
  rest.model.close()
  expect(schemaIn(path)).toBe('base 0')

  const swapped = openReadModel(path)
  expect(swapped.model.position()).toBe(3)
  expect(swapped.model.dump()).toEqual(wanted)
  swapped.model.close()
  expect(schemaIn(path)).toBe(schemaVersion)
  expect(existsSync(`${path}.next`)).toBe(false)
})

test('a copy beside that is itself of another version is begun anew', () => {
  const { events } = writeWeb().history
  const old = openReadModel(path)
  old.follow(events)
  old.model.close()
  age()
  const begun = openReadModel(path)
  begun.follow(events.slice(0, 2))
  begun.model.close()
  const db = new Sqlite(`${path}.next`)
  db.prepare("UPDATE checkpoint SET schema = 'base 99'").run()
  db.close()
  const anew = openReadModel(path)
  expect(anew.model.position()).toBe(-1)
  anew.model.close()
})

test('rows of another log are refused, not mixed', () => {
  const { events } = writeWeb().history
  const first = openReadModel(path)
  first.follow(events)
  first.model.close()
  const other = openReadModel(path)
  const last = events.at(-1)
  if (last === undefined) throw new Error('the history is empty')
  const foreign = [...events.slice(0, -1), { ...last, id: uuidOf('another', 'event') }]
  expect(() => other.follow(foreign)).toThrow(/another log/)
  other.model.close()
})

test('nobody sees rows without their checkpoint: a batch appears whole when it ends', () => {
  const { events } = writeWeb().history
  const { model, state, follow } = openReadModel(path)
  follow(events.slice(0, 2))
  const reader = new Sqlite(path, { readonly: true })
  const seen = () => [
    reader.prepare('SELECT COUNT(*) FROM allocation').pluck().get(),
    reader.prepare('SELECT position FROM checkpoint').pluck().get(),
  ]
  for (const event of events.slice(2)) {
    const changes = noChanges()
    applyEvent(state, event, changes)
    model.apply(event, state, changes)
  }
  expect(seen()).toEqual([0, 1])
  model.endBatch(3)
  expect(seen()).toEqual([2, 3])
  reader.close()
  model.close()
})

test('as many readers wait as the limit and no more, and all are answered together', async () => {
  const clock: Clock = { ...systemClock, after: () => () => {} }
  const waiters = createWaiters(clock, -1)
  const waiting = Array.from({ length: MAX_WAITERS }, () => waiters.waitFor(5, 1_000))
  await expect(waiters.waitFor(5, 1_000)).rejects.toMatchObject({ code: 'OVERLOADED' })
  waiters.settle(4)
  waiters.settle(5)
  await Promise.all(waiting)
  await waiters.waitFor(5, 1_000)
  expect(waiters.position()).toBe(5)
})
