import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import type { Append, EventStore } from '../../../src/eventstore/port.ts'
import { openSqliteStore } from '../../../src/eventstore/sqlite.ts'
import { follow, newEvent, readAll, temporaryDirectory } from '../../support/eventstore.ts'

type Call =
  | { readonly kind: 'append'; readonly appends: readonly Append[] }
  | { readonly kind: 'keep'; readonly stream: string }

const streams = ['job-a', 'job-b', 'lease-c']
const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

/** Few streams, ids and revisions, so that repeats and conflicts are common. */
const appends: fc.Arbitrary<Append> = fc.record({
  stream: fc.constantFrom(...streams),
  expected: fc.oneof(fc.constant('any' as const), fc.constant('no-stream' as const), fc.nat(4)),
  events: fc.array(
    fc.nat(12).map(number => newEvent({ number }, idOf(number))),
    { minLength: 1, maxLength: 3 },
  ),
})

const calls: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .array(appends, { minLength: 1, maxLength: 4 })
      .map(batch => ({ kind: 'append', appends: batch }) as const),
  },
  { weight: 1, arbitrary: fc.constantFrom(...streams).map(stream => ({ kind: 'keep', stream }) as const) },
)

const perform = async (store: EventStore, call: Call): Promise<unknown> => {
  if (call.kind === 'keep') return store.keepNewest(call.stream)
  const [only, ...others] = call.appends
  if (only && others.length === 0) return [await store.append(only.stream, only.expected, only.events)]
  return store.appendBatch(call.appends)
}

const contents = async (store: EventStore) => ({
  head: await store.head(),
  log: await follow(store).untilCaughtUp(),
  jobs: await follow(store, 3, { categories: ['job'] }).untilCaughtUp(),
  streams: await Promise.all(streams.map(stream => readAll(store, stream, 1))),
})

let directory: ReturnType<typeof temporaryDirectory>
beforeAll(() => {
  directory = temporaryDirectory()
})
afterAll(() => directory.remove())

test('sqlite, closed and opened in between, answers and keeps whatever memory does', async () => {
  let run = 0
  await fc.assert(
    fc.asyncProperty(fc.array(calls, { maxLength: 12 }), fc.array(calls, { maxLength: 6 }), async (before, after) => {
      const path = `${directory.path}/${run++}.db`
      const memory = createMemoryStore()
      let sqlite = await openSqliteStore({ path })
      const compare = async (call: Call): Promise<void> => {
        expect(await perform(sqlite, call)).toEqual(await perform(memory, call))
      }
      try {
        for (const call of before) await compare(call)
        await sqlite.close()
        sqlite = await openSqliteStore({ path })
        for (const call of after) await compare(call)
        expect(await contents(sqlite)).toEqual(await contents(memory))
      } finally {
        await sqlite.close()
      }
    }),
    { numRuns: 25 },
  )
})

test('whatever was appended: revisions have no gaps, positions rise, and each append stands whole or not at all', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(appends, { maxLength: 30 }), async all => {
      const store = createMemoryStore()
      let count = 0
      for (const append of all) {
        const before = await readAll(store, append.stream)
        const result = await store.append(append.stream, append.expected, append.events)
        const stream = await readAll(store, append.stream)
        const written = stream.length - before.length
        expect([0, append.events.length]).toContain(written)
        expect(stream.map(event => event.revision)).toEqual(stream.map((_, index) => index))
        if (result.kind === 'appended') {
          const standing = stream.slice(result.revision + 1 - append.events.length, result.revision + 1)
          expect(standing.map(event => event.id)).toEqual(append.events.map(event => event.id))
          expect(standing.at(-1)?.position).toBe(result.position)
        } else {
          expect(written).toBe(0)
          expect(result.actual).toBe(before.at(-1)?.revision ?? 'no-stream')
        }
        count += written
        expect(await store.head()).toBe(count - 1)
      }
    }),
    { numRuns: 100 },
  )
})
