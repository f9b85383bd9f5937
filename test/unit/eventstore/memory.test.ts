import { expect, test } from 'vitest'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import { codeOf, follow, newEvents, readAll } from '../../support/eventstore.ts'

const batchOf = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    stream: `job-${index}`,
    expected: 'no-stream' as const,
    events: newEvents(1),
  }))

test.each([0, 1, 2, 3])(
  'a crash after %i appends of a batch leaves just those, and the outcome unknown',
  async count => {
    const fates: (number | 'all')[] = [count]
    const store = createMemoryStore({ commitBatch: () => fates.shift() ?? 'all' })
    const subscriber = follow(store)
    await subscriber.untilCaughtUp()
    const batch = batchOf(3)
    expect(await codeOf(store.appendBatch(batch))).toBe('STORE_OUTCOME_UNKNOWN')
    expect(await store.head()).toBe(count - 1)
    expect(await subscriber.take(count)).toHaveLength(count)
    const again = await store.appendBatch(batch)
    expect(again.map(result => result.kind)).toEqual(['appended', 'appended', 'appended'])
    expect(await store.head()).toBe(2)
  },
)

test('the hook decides on single appends as batches of one', async () => {
  const counts: number[] = []
  const store = createMemoryStore({
    commitBatch: count => {
      counts.push(count)
      return counts.length === 1 ? 1 : 'all'
    },
  })
  const events = newEvents(1)
  expect(await codeOf(store.append('job-a', 'no-stream', events))).toBe('STORE_OUTCOME_UNKNOWN')
  expect(await readAll(store, 'job-a')).toHaveLength(1)
  expect(await store.append('job-a', 'no-stream', events)).toEqual({ kind: 'appended', revision: 0, position: 0 })
  expect(counts).toEqual([1, 1])
})

test('nothing in it takes a turn of the event loop', async () => {
  const store = createMemoryStore()
  let hasTurned = false
  setImmediate(() => {
    hasTurned = true
  })
  await store.append('job-a', 'any', newEvents(2_000))
  await store.appendBatch(batchOf(3))
  await store.keepNewest('job-a')
  for await (const item of store.subscribe(-1, 'all', new AbortController().signal)) {
    if (item.kind === 'caught-up') break
  }
  expect(hasTurned).toBe(false)
})
