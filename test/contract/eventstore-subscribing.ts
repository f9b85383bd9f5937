/** The part of the event stores' contract about subscriptions, streams that keep their newest event only, and closing. */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { MAX_SUBSCRIPTION_BATCH } from '../../src/eventstore/port.ts'
import { codeOf, follow, newEvent, newEvents, readAll } from '../support/eventstore.ts'
import type { Open } from './eventstore-parts.ts'
import { appended, useStore } from './eventstore-parts.ts'

export const subscribing = (open: Open) =>
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

export const following = (open: Open) =>
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

export const keepingNewest = (open: Open) =>
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

export const closing = (open: Open) =>
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
