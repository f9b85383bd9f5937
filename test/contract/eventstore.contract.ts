/**
 * The one contract of event stores (house style 8.7). `eventStoreContract` holds for every adapter and takes no options;
 * `durableStoreContract` for those that say they keep what they acknowledged.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { EventStore } from '../../src/eventstore/port.ts'
import { MAX_APPEND_BYTES, MAX_EVENTS_PER_APPEND, MAX_SUBSCRIPTION_BATCH } from '../../src/eventstore/port.ts'
import {
  codeOf,
  collect,
  follow,
  newEvent,
  newEvents,
  readAll,
  temporaryDirectory,
  within,
} from '../support/eventstore.ts'

type Open = (directory: string) => Promise<EventStore>

const appended = (revision: number, position: number) => ({ kind: 'appended', revision, position })

const useStore = (open: Open): (() => EventStore) => {
  let store: EventStore
  let remove: () => void
  beforeEach(async () => {
    const directory = temporaryDirectory()
    remove = directory.remove
    store = await open(directory.path)
  })
  afterEach(async () => {
    await store.close()
    remove()
  })
  return () => store
}

export const eventStoreContract = (name: string, open: Open): void => {
  describe(`the ${name} event store`, () => {
    appending(open)
    repeating(open)
    batches(open)
    refusing(open)
    reading(open)
    subscribing(open)
    following(open)
    keepingNewest(open)
    closing(open)
  })
}

const appending = (open: Open) =>
  describe('when events are appended', () => {
    const store = useStore(open)

    test('revisions begin at 0 in each stream and positions go on over all', async () => {
      expect(await store().append('job-a', 'no-stream', newEvents(2))).toEqual(appended(1, 1))
      expect(await store().append('job-b', 'no-stream', newEvents(1))).toEqual(appended(0, 2))
      expect(await store().append('job-a', 1, newEvents(1))).toEqual(appended(2, 3))
      expect((await readAll(store(), 'job-a')).map(event => [event.revision, event.position])).toEqual([
        [0, 0],
        [1, 1],
        [2, 3],
      ])
    })

    test('the head of an empty store is -1, later the newest position', async () => {
      expect(await store().head()).toBe(-1)
      await store().append('job-a', 'any', newEvents(3))
      expect(await store().head()).toBe(2)
    })

    test('a stream that exists is refused to one who expects none', async () => {
      await store().append('job-a', 'no-stream', newEvents(2))
      expect(await store().append('job-a', 'no-stream', newEvents(1))).toEqual({ kind: 'conflict', actual: 1 })
    })

    test('a wrong revision is refused, behind and ahead of the stream', async () => {
      await store().append('job-a', 'no-stream', newEvents(2))
      expect(await store().append('job-a', 0, newEvents(1))).toEqual({ kind: 'conflict', actual: 1 })
      expect(await store().append('job-a', 7, newEvents(1))).toEqual({ kind: 'conflict', actual: 1 })
      expect(await store().append('job-b', 0, newEvents(1))).toEqual({ kind: 'conflict', actual: 'no-stream' })
      expect(await store().head()).toBe(1)
    })

    test('of writers that race for one revision exactly one wins', async () => {
      const results = await Promise.all(
        Array.from({ length: 50 }, () => store().append('job-a', 'no-stream', newEvents(1))),
      )
      expect(results.filter(result => result.kind === 'appended')).toHaveLength(1)
      expect(results.filter(result => result.kind === 'conflict' && result.actual === 0)).toHaveLength(49)
      expect(await readAll(store(), 'job-a')).toHaveLength(1)
    })

    test('appends that are not awaited take effect in the order in which they were made', async () => {
      const events = newEvents(200)
      const results = await Promise.all(
        events.map((event, index) => store().append('job-a', index === 0 ? 'no-stream' : index - 1, [event])),
      )
      expect(results.map(result => result.kind)).toEqual(events.map(() => 'appended'))
      expect((await readAll(store(), 'job-a')).map(event => event.id)).toEqual(events.map(event => event.id))
    })

    test('data, metadata and text of every script come back as they were', async () => {
      const data = { text: 'Zürich 東京 🚀 \u0000 \u2028 "\\', list: [1, -0.5, null, true, []], nested: { '': {} } }
      const event = newEvent(data)
      await store().append('job-straße/🚀', 'no-stream', [event])
      const [recorded] = await readAll(store(), 'job-straße/🚀')
      expect(recorded).toEqual({ ...event, stream: 'job-straße/🚀', revision: 0, position: 0 })
    })

    test('what the writer changes afterwards changes nothing that is stored', async () => {
      const list = [1, 2]
      await store().append('job-a', 'any', [newEvent({ list })])
      list.push(3)
      expect((await readAll(store(), 'job-a'))[0]?.data).toEqual({ list: [1, 2] })
    })
  })

const repeating = (open: Open) =>
  describe('when an append is repeated', () => {
    const store = useStore(open)

    test('the same events at the same revision are answered as the first time', async () => {
      const first = newEvents(2)
      const second = newEvents(3)
      const answers = [await store().append('job-a', 'no-stream', first), await store().append('job-a', 1, second)]
      await store().append('job-a', 4, newEvents(1))
      expect(await store().append('job-a', 'no-stream', first)).toEqual(answers[0])
      expect(await store().append('job-a', 1, second)).toEqual(answers[1])
      expect(await readAll(store(), 'job-a')).toHaveLength(6)
    })

    test('with any revision the same events stand once', async () => {
      const events = newEvents(2)
      const answer = await store().append('job-a', 'any', events)
      await store().append('job-a', 'any', newEvents(1))
      expect(await store().append('job-a', 'any', events)).toEqual(answer)
      expect(await readAll(store(), 'job-a')).toHaveLength(3)
    })

    test('a repeat that overtakes its answer is recognised, too', async () => {
      const events = newEvents(2)
      const [first, second] = await Promise.all([
        store().append('job-a', 'no-stream', events),
        store().append('job-a', 'no-stream', events),
      ])
      expect(second).toEqual(first)
      expect(await readAll(store(), 'job-a')).toHaveLength(2)
    })

    test('events of which only some stand at the place are a conflict', async () => {
      const [a, b] = [newEvent(), newEvent()]
      await store().append('job-a', 'no-stream', [a])
      expect(await store().append('job-a', 'no-stream', [a, b])).toEqual({ kind: 'conflict', actual: 0 })
      expect(await store().append('job-a', 'no-stream', [b])).toEqual({ kind: 'conflict', actual: 0 })
    })

    test('the same ids in another stream are another append', async () => {
      const events = newEvents(1)
      await store().append('job-a', 'any', events)
      expect(await store().append('job-b', 'any', events)).toEqual(appended(0, 1))
    })
  })

const batches = (open: Open) =>
  describe('when a batch is appended', () => {
    const store = useStore(open)

    test('each append has its own result, in order, and conflicts hold up nobody', async () => {
      await store().append('job-taken', 'no-stream', newEvents(1))
      const results = await store().appendBatch([
        { stream: 'job-a', expected: 'no-stream', events: newEvents(2) },
        { stream: 'job-taken', expected: 'no-stream', events: newEvents(1) },
        { stream: 'job-b', expected: 'any', events: newEvents(1) },
      ])
      expect(results).toEqual([appended(1, 2), { kind: 'conflict', actual: 0 }, appended(0, 3)])
    })

    test('a later append of the batch sees the earlier ones', async () => {
      const events = newEvents(1)
      const results = await store().appendBatch([
        { stream: 'control', expected: 'no-stream', events },
        { stream: 'control', expected: 0, events: newEvents(1) },
        { stream: 'control', expected: 'no-stream', events },
        { stream: 'control', expected: 0, events: newEvents(1) },
      ])
      expect(results).toEqual([appended(0, 0), appended(1, 1), appended(0, 0), { kind: 'conflict', actual: 1 }])
    })

    test('a batch of nothing is nothing', async () => {
      expect(await store().appendBatch([])).toEqual([])
      expect(await store().head()).toBe(-1)
    })

    test('a batch with an append over the limit writes none of it', async () => {
      const batch = [
        { stream: 'job-a', expected: 'any' as const, events: newEvents(1) },
        { stream: 'job-b', expected: 'any' as const, events: [newEvent('x'.repeat(MAX_APPEND_BYTES))] },
      ]
      expect(await codeOf(store().appendBatch(batch))).toBe('APPEND_TOO_LARGE')
      expect(await store().head()).toBe(-1)
    })
  })

const refusing = (open: Open) =>
  describe('when an append is too large', () => {
    const store = useStore(open)
    const overhead = Buffer.byteLength(JSON.stringify([newEvent('').data, newEvent('').metadata]))

    test('it is taken at the limit and refused one byte above it, naming stream and size', async () => {
      const fits = newEvent('x'.repeat(MAX_APPEND_BYTES - overhead))
      expect(await store().append('job-a', 'any', [fits])).toEqual(appended(0, 0))
      const tooLarge = newEvent('x'.repeat(MAX_APPEND_BYTES - overhead + 1))
      const attempt = store().append('job-a', 'any', [tooLarge])
      await expect(attempt).rejects.toThrow(`${MAX_APPEND_BYTES + 1} bytes to stream job-a`)
      expect(await codeOf(attempt)).toBe('APPEND_TOO_LARGE')
      expect(await store().head()).toBe(0)
    })

    test('bytes are counted, not characters', async () => {
      const attempt = store().append('job-a', 'any', [newEvent('東'.repeat(MAX_APPEND_BYTES / 2))])
      expect(await codeOf(attempt)).toBe('APPEND_TOO_LARGE')
    })

    test('the number of events is limited', async () => {
      expect(await codeOf(store().append('job-a', 'any', newEvents(MAX_EVENTS_PER_APPEND + 1)))).toBe(
        'APPEND_TOO_LARGE',
      )
      expect(await store().head()).toBe(-1)
    })
  })

const reading = (open: Open) =>
  describe('when a stream is read', () => {
    const store = useStore(open)

    test('an unknown stream is empty', async () => {
      expect(await readAll(store(), 'job-nobody')).toEqual([])
    })

    test('it begins at the revision asked for, inclusive', async () => {
      await store().append('job-a', 'any', newEvents(5))
      expect((await readAll(store(), 'job-a', 3)).map(event => event.revision)).toEqual([3, 4])
      expect(await readAll(store(), 'job-a', 5)).toEqual([])
    })

    test('it ends where the stream ended at the time of the call', async () => {
      await store().append('job-a', 'any', newEvents(2))
      const events = store().read('job-a')
      await store().append('job-a', 'any', newEvents(2))
      expect(await collect(events)).toHaveLength(2)
    })

    test('many events come in order, over many pages', async () => {
      const count = 2 * MAX_SUBSCRIPTION_BATCH + 77
      await store().append('job-a', 'any', newEvents(count))
      const revisions = (await readAll(store(), 'job-a')).map(event => event.revision)
      expect(revisions).toEqual(Array.from({ length: count }, (_, index) => index))
    })
  })

const subscribing = (open: Open) =>
  describe('when somebody subscribes', () => {
    const store = useStore(open)

    test('an empty store is caught up with at once', async () => {
      expect(await follow(store()).untilCaughtUp()).toEqual({ events: [], position: -1 })
    })

    test('history comes first, then caught-up, then what is appended, in order over all streams', async () => {
      await store().append('job-a', 'any', newEvents(2))
      await store().append('job-b', 'any', newEvents(1))
      const subscriber = follow(store())
      const history = await subscriber.untilCaughtUp()
      expect(history.position).toBe(2)
      expect(history.events.map(event => `${event.stream}@${event.revision}`)).toEqual([
        'job-a@0',
        'job-a@1',
        'job-b@0',
      ])
      await store().append('job-b', 'any', newEvents(1))
      await store().append('job-a', 'any', newEvents(1))
      const live = await subscriber.take(2)
      expect(live.map(event => [event.stream, event.revision, event.position])).toEqual([
        ['job-b', 1, 3],
        ['job-a', 2, 4],
      ])
    })

    test('live and from history an event is the same', async () => {
      const subscriber = follow(store())
      await subscriber.untilCaughtUp()
      await store().append('job-a', 'any', [newEvent({ text: 'ü', none: null })])
      const [live] = await subscriber.take(1)
      expect(live).toEqual((await follow(store()).untilCaughtUp()).events[0])
    })

    test('resumed after any position nothing is missing and nothing comes twice', async () => {
      await store().append('job-a', 'any', newEvents(10))
      for (let after = -1; after < 10; after++) {
        const { events } = await follow(store(), after).untilCaughtUp()
        expect(events.map(event => event.position)).toEqual(Array.from({ length: 9 - after }, (_, i) => after + 1 + i))
      }
    })

    test('long history comes in bounded items', async () => {
      const count = 3 * MAX_SUBSCRIPTION_BATCH + 5
      await store().append('job-a', 'any', newEvents(count))
      const subscriber = follow(store())
      const positions: number[] = []
      for (let item = await subscriber.next(); item?.kind === 'events'; item = await subscriber.next()) {
        expect(item.events.length).toBeLessThanOrEqual(MAX_SUBSCRIPTION_BATCH)
        positions.push(...item.events.map(event => event.position))
      }
      expect(positions).toEqual(Array.from({ length: count }, (_, index) => index))
    })

    test('a filter passes its categories only, in history and live', async () => {
      const streams = ['job-a', 'node-1', 'control', 'jobber-x', 'node-2-job-3']
      for (const stream of streams) await store().append(stream, 'any', newEvents(1))
      const subscriber = follow(store(), -1, { categories: ['node', 'control'] })
      const history = await subscriber.untilCaughtUp()
      expect(history.events.map(event => event.stream)).toEqual(['node-1', 'control', 'node-2-job-3'])
      expect(history.position).toBe(4)
      for (const stream of streams) await store().append(stream, 'any', newEvents(1))
      expect((await subscriber.take(3)).map(event => event.position)).toEqual([6, 7, 9])
    })

    test('a filter of no category passes nothing', async () => {
      await store().append('job-a', 'any', newEvents(3))
      expect(await follow(store(), -1, { categories: [] }).untilCaughtUp()).toEqual({ events: [], position: 2 })
    })
  })

const following = (open: Open) =>
  describe('while a subscription runs', () => {
    const store = useStore(open)

    test('no append is lost between caught-up and the wait for the next', async () => {
      const subscriber = follow(store())
      await subscriber.untilCaughtUp()
      for (let position = 0; position < 200; position++) {
        // Appended in the same turn in which the subscriber goes to wait, before and after by turns.
        const isBefore = position % 2 === 0
        const before = isBefore ? store().append('job-a', 'any', newEvents(1)) : undefined
        const next = subscriber.take(1)
        await (before ?? store().append('job-a', 'any', newEvents(1)))
        expect((await next)[0]?.position).toBe(position)
      }
    })

    test('appends that go on while history is read are neither lost nor repeated', async () => {
      await store().append('job-a', 'any', newEvents(3_000))
      const subscriber = follow(store())
      const writing = (async () => {
        for (let index = 0; index < 50; index++) await store().append('job-b', 'any', newEvents(20))
      })()
      const events = await subscriber.take(4_000)
      await writing
      expect(events.map(event => event.position)).toEqual(Array.from({ length: 4_000 }, (_, index) => index))
    })

    test('a slow subscriber gets everything in order, and is told when it has caught up again', async () => {
      const subscriber = follow(store())
      await subscriber.untilCaughtUp()
      const rounds = 12
      for (let round = 0; round < rounds; round++) await store().append('job-a', 'any', newEvents(1_000))
      const { events, position } = await subscriber.untilCaughtUp()
      expect(events.map(event => event.position)).toEqual(Array.from({ length: rounds * 1_000 }, (_, index) => index))
      expect(position).toBe(rounds * 1_000 - 1)
    })

    test('many subscribers with filters of their own all get what is theirs', async () => {
      const subscribers = Array.from({ length: 100 }, (_, index) =>
        follow(store(), -1, index % 2 === 0 ? 'all' : { categories: [`c${index}`] }),
      )
      await Promise.all(subscribers.map(subscriber => subscriber.untilCaughtUp()))
      for (let index = 0; index < 100; index++) await store().append(`c${index}-x`, 'any', newEvents(2))
      const received = await Promise.all(
        subscribers.map((subscriber, index) => subscriber.take(index % 2 === 0 ? 200 : 2)),
      )
      for (const [index, events] of received.entries()) {
        expect(events).toHaveLength(index % 2 === 0 ? 200 : 2)
        if (index % 2 === 1) expect(events.map(event => event.stream)).toEqual([`c${index}-x`, `c${index}-x`])
      }
    })

    test('an idle subscriber whose filter passes nothing of much gets the next event of its own', async () => {
      const subscriber = follow(store(), -1, { categories: ['rare'] })
      await subscriber.untilCaughtUp()
      const next = subscriber.next()
      for (let round = 0; round < 12; round++) await store().append('job-a', 'any', newEvents(1_000))
      await store().append('rare-a', 'any', newEvents(1))
      expect(await next).toMatchObject({ kind: 'events', events: [{ stream: 'rare-a', position: 12_000 }] })
    })

    test('an abort ends the iteration quietly, while it waits and before it began', async () => {
      const waiting = follow(store())
      await waiting.untilCaughtUp()
      const end = waiting.next()
      waiting.abort()
      expect(await end).toBeUndefined()
      const fresh = follow(store())
      fresh.abort()
      expect(await fresh.next()).toBeUndefined()
    })

    test('nothing is delivered for an append that conflicted', async () => {
      await store().append('job-a', 'no-stream', newEvents(1))
      const subscriber = follow(store())
      await subscriber.untilCaughtUp()
      const next = subscriber.next()
      await store().append('job-a', 'no-stream', newEvents(1))
      expect(await Promise.race([next, delay(20, 'nothing yet')])).toBe('nothing yet')
      await store().append('job-a', 0, newEvents(1))
      expect(await next).toMatchObject({ kind: 'events', events: [{ revision: 1, position: 1 }] })
    })
  })

const keepingNewest = (open: Open) =>
  describe('when only the newest event of a stream is kept', () => {
    const store = useStore(open)

    test('older events go at once and later, revisions and positions go on', async () => {
      await store().append('lease-a', 'any', newEvents(3))
      await store().append('job-a', 'any', newEvents(1))
      await store().keepNewest('lease-a')
      expect((await readAll(store(), 'lease-a')).map(event => event.revision)).toEqual([2])
      expect(await store().append('lease-a', 2, newEvents(1))).toEqual(appended(3, 4))
      expect(await store().append('lease-a', 'any', newEvents(2))).toEqual(appended(5, 6))
      expect((await readAll(store(), 'lease-a')).map(event => [event.revision, event.position])).toEqual([[5, 6]])
      expect((await follow(store()).untilCaughtUp()).events.map(event => event.position)).toEqual([3, 6])
    })

    test('it holds for a stream that has no events yet', async () => {
      await store().keepNewest('lease-a')
      expect(await store().append('lease-a', 'no-stream', newEvents(2))).toEqual(appended(1, 1))
      expect(await readAll(store(), 'lease-a')).toHaveLength(1)
    })

    test('subscribers get each event that comes while they follow', async () => {
      await store().keepNewest('lease-a')
      const subscriber = follow(store())
      await subscriber.untilCaughtUp()
      for (let index = 0; index < 3; index++) await store().append('lease-a', 'any', newEvents(1))
      expect((await subscriber.take(3)).map(event => event.revision)).toEqual([0, 1, 2])
    })

    test('a repeat of the newest is recognised, a wrong revision refused', async () => {
      await store().keepNewest('lease-a')
      const newest = newEvents(1)
      await store().append('lease-a', 'any', newEvents(1))
      await store().append('lease-a', 0, newest)
      expect(await store().append('lease-a', 0, newest)).toEqual(appended(1, 1))
      expect(await store().append('lease-a', 0, newEvents(1))).toEqual({ kind: 'conflict', actual: 1 })
    })
  })

const closing = (open: Open) =>
  describe('when it is closed', () => {
    const store = useStore(open)

    test('appends in flight settle, subscriptions end, everything later is refused', async () => {
      const subscriber = follow(store())
      await subscriber.untilCaughtUp()
      const end = subscriber.next()
      const inFlight = Array.from({ length: 10 }, () => store().append('job-a', 'any', newEvents(1)))
      await store().close()
      expect((await Promise.all(inFlight)).map(result => result.kind)).toEqual(Array(10).fill('appended'))
      const first = await end
      if (first) expect(await subscriber.next()).toBeUndefined()
      expect(await codeOf(store().append('job-a', 'any', newEvents(1)))).toBe('STORE_CLOSED')
      expect(await codeOf(store().appendBatch([]))).toBe('STORE_CLOSED')
      expect(await codeOf(readAll(store(), 'job-a'))).toBe('STORE_CLOSED')
      expect(await codeOf(store().head())).toBe('STORE_CLOSED')
      expect(await codeOf(store().keepNewest('job-a'))).toBe('STORE_CLOSED')
      expect(await codeOf(follow(store()).next())).toBe('STORE_CLOSED')
    })

    test('closing it twice is closing it once', async () => {
      await store().close()
      await store().close()
      expect(await codeOf(store().head())).toBe('STORE_CLOSED')
    })
  })

/** Contract of adapters that keep what they acknowledged, whatever happens to the process. `name` is that in the registry. */
export const durableStoreContract = (name: string, open: Open): void => {
  describe(`the ${name} event store, opened again`, () => {
    let directory: ReturnType<typeof temporaryDirectory>
    beforeEach(() => {
      directory = temporaryDirectory()
    })
    afterEach(() => directory.remove())

    test('streams, revisions, positions, ids and the wish to keep the newest only are as they were', async () => {
      const before = await open(directory.path)
      const events = newEvents(3)
      await before.append('job-a', 'no-stream', events)
      const anywhere = newEvents(1)
      await before.append('job-b', 'any', anywhere)
      await before.keepNewest('lease-a')
      await before.append('lease-a', 'any', newEvents(2))
      const log = (await follow(before).untilCaughtUp()).events
      await before.close()

      const after = await open(directory.path)
      expect(await follow(after).untilCaughtUp()).toEqual({ events: log, position: 5 })
      expect(await after.append('job-a', 'no-stream', events)).toEqual(appended(2, 2))
      expect(await after.append('job-b', 'any', anywhere)).toEqual(appended(0, 3))
      expect(await after.append('job-a', 2, newEvents(1))).toEqual(appended(3, 6))
      expect(await after.append('lease-a', 'any', newEvents(1))).toEqual(appended(2, 7))
      expect(await readAll(after, 'lease-a')).toHaveLength(1)
      await after.close()
    })

    test('a subscription goes on from the position that was reached', async () => {
      const before = await open(directory.path)
      await before.append('job-a', 'any', newEvents(5))
      await before.close()
      const after = await open(directory.path)
      const subscriber = follow(after, 2)
      expect((await subscriber.untilCaughtUp()).events.map(event => event.position)).toEqual([3, 4])
      await after.append('job-a', 'any', newEvents(1))
      expect((await subscriber.take(1)).map(event => event.position)).toEqual([5])
      await after.close()
    })

    test('after kill -9 amid appends every acknowledged event is there, in place and once', async () => {
      const acknowledged = new Map<string, string>()
      for (let round = 0; round < 3; round++) await appendUntilKilled(name, directory.path, acknowledged)
      expect(acknowledged.size).toBeGreaterThan(0)
      const store = await open(directory.path)
      const { events } = await follow(store).untilCaughtUp()
      const places = new Map(events.map(event => [event.id, `${event.stream}@${event.revision}#${event.position}`]))
      for (const [id, place] of acknowledged) expect(places.get(id)).toBe(place)
      expect(places.size).toBe(events.length)
      const head = await store.head()
      expect(await store.append('job-next', 'no-stream', newEvents(1))).toEqual(appended(0, head + 1))
      await store.close()
    })

    test('two processes do not have it at once', async () => {
      const store = await open(directory.path)
      expect(await codeOf(open(directory.path))).toBe('DATA_DIR_LOCKED')
      const other = await runWriter(name, directory.path).firstLine
      expect(other).toContain('DATA_DIR_LOCKED')
      expect(other).toContain(`process ${process.pid}`)
      await store.close()
      await (await open(directory.path)).close()
    })
  })
}

/** Starts a process that appends and prints what was acknowledged; kills it after some hundred acknowledgements. */
const appendUntilKilled = async (name: string, directory: string, acknowledged: Map<string, string>): Promise<void> => {
  const { child, lines } = runWriter(name, directory)
  let count = 0
  for await (const line of lines) {
    const [id, place] = line.split(' ')
    if (!id || !place) throw new Error(`the writing process said: ${line}`)
    acknowledged.set(id, place)
    count += 1
    if (count === 300) child.kill('SIGKILL')
  }
  expect(count).toBeGreaterThanOrEqual(300)
}

const runWriter = (name: string, directory: string) => {
  const program = fileURLToPath(new URL('../support/eventstore-writer.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', program, name, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  return {
    child,
    lines,
    get firstLine(): Promise<string> {
      return within('a word from the other process', once(lines, 'line').then(String))
    },
  }
}
