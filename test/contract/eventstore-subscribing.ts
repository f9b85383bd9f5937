/** The part of the event stores' contract about subscriptions, streams that keep their newest event only, and closing. */
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { RecordedEvent } from '../../src/eventstore/port.ts'
import { MAX_SUBSCRIPTION_BATCH } from '../../src/eventstore/port.ts'
import { codeOf, follow, newEvent, newEvents, readAll } from '../support/eventstore.ts'
import type { Subject } from './eventstore-parts.ts'
import { appended, expectRising, placesIn, placesOf, positionOf, useStore } from './eventstore-parts.ts'

export const subscribing = (subject: Subject) =>
  describe('when somebody subscribes', () => {
    const store = useStore(subject)

    test('an empty store is caught up with at once', async () => {
      expect(await follow(store()).untilCaughtUp()).toEqual({ events: [], position: -1 })
    })

    test('history comes first, then caught-up, then what is appended, in order over all streams', async () => {
      await store().append('job-a', 'any', newEvents(2))
      const last = await store().append('job-b', 'any', newEvents(1))
      const subscriber = follow(store())
      const history = await subscriber.untilCaughtUp()
      expect(history.position).toBe(positionOf(last))
      expect(placesOf(history.events)).toEqual(['job-a@0', 'job-a@1', 'job-b@0'])
      const later = [
        await store().append('job-b', 'any', newEvents(1)),
        await store().append('job-a', 'any', newEvents(1)),
      ]
      const live = await subscriber.take(2)
      expect(placesOf(live)).toEqual(['job-b@1', 'job-a@2'])
      expect(live.map(event => event.position)).toEqual(later.map(positionOf))
      expectRising([...history.events, ...live])
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
      const all = (await follow(store()).untilCaughtUp()).events
      expect(placesOf(all)).toEqual(placesIn('job-a', 10))
      expectRising(all)
      for (const [index, { position }] of all.entries()) {
        expect((await follow(store(), position).untilCaughtUp()).events).toEqual(all.slice(index + 1))
      }
    })

    test('long history comes in bounded items', async () => {
      const count = 3 * MAX_SUBSCRIPTION_BATCH + 5
      await store().append('job-a', 'any', newEvents(count))
      const subscriber = follow(store())
      const events: RecordedEvent[] = []
      for (let item = await subscriber.next(); item?.kind === 'events'; item = await subscriber.next()) {
        expect(item.events.length).toBeLessThanOrEqual(MAX_SUBSCRIPTION_BATCH)
        events.push(...item.events)
      }
      expect(placesOf(events)).toEqual(placesIn('job-a', count))
    })

    test('a filter passes its categories only, in history and live', async () => {
      const streams = ['job-a', 'node-1', 'control', 'jobber-x', 'node-2-job-3']
      for (const stream of streams) await store().append(stream, 'any', newEvents(1))
      const subscriber = follow(store(), -1, { categories: ['node', 'control'] })
      const history = await subscriber.untilCaughtUp()
      expect(history.events.map(event => event.stream)).toEqual(['node-1', 'control', 'node-2-job-3'])
      expect(history.position).toBe(await store().head())
      for (const stream of streams) await store().append(stream, 'any', newEvents(1))
      expect(placesOf(await subscriber.take(3))).toEqual(['node-1@1', 'control@1', 'node-2-job-3@1'])
    })

    test('a filter of no category passes nothing', async () => {
      const position = positionOf(await store().append('job-a', 'any', newEvents(3)))
      expect(await follow(store(), -1, { categories: [] }).untilCaughtUp()).toEqual({ events: [], position })
    })
  })

export const following = (subject: Subject) =>
  describe('while a subscription runs', () => {
    const store = useStore(subject)

    test('no append is lost between caught-up and the wait for the next', async () => {
      const subscriber = follow(store())
      await subscriber.untilCaughtUp()
      for (let revision = 0; revision < 200; revision++) {
        // Appended in the same turn in which the subscriber goes to wait, before and after by turns.
        const isBefore = revision % 2 === 0
        const before = isBefore ? store().append('job-a', 'any', newEvents(1)) : undefined
        const next = subscriber.take(1)
        await (before ?? store().append('job-a', 'any', newEvents(1)))
        expect((await next)[0]?.revision).toBe(revision)
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
      for (const [stream, count] of [
        ['job-a', 3_000],
        ['job-b', 1_000],
      ] as const) {
        expect(placesOf(events.filter(event => event.stream === stream))).toEqual(placesIn(stream, count))
      }
      expectRising(events)
    })

    test('a slow subscriber gets everything in order, and is told when it has caught up again', async () => {
      const subscriber = follow(store())
      await subscriber.untilCaughtUp()
      const rounds = 12
      for (let round = 0; round < rounds; round++) await store().append('job-a', 'any', newEvents(1_000))
      const { events, position } = await subscriber.untilCaughtUp()
      expect(placesOf(events)).toEqual(placesIn('job-a', rounds * 1_000))
      expect(position).toBe(await store().head())
    })

    test('many subscribers with filters of their own all get what is theirs', async () => {
      await store().append('job-a', 'any', newEvents(1))
      // Behind what is there: a store on a server may hold much that is somebody else's, and a hundred reads of that take long.
      const head = await store().head()
      const subscribers = Array.from({ length: 100 }, (_, index) =>
        follow(store(), head, index % 2 === 0 ? 'all' : { categories: [`c${index}`] }),
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
      expect(await next).toMatchObject({ kind: 'events', events: [{ stream: 'rare-a', revision: 0 }] })
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
      expect(await next).toMatchObject({ kind: 'events', events: [{ revision: 1 }] })
    })
  })

export const keepingNewest = (subject: Subject) =>
  describe('when only the newest event of a stream is kept', () => {
    const store = useStore(subject)

    test('older events go at once and later, revisions and positions go on', async () => {
      await store().append('lease-a', 'any', newEvents(3))
      await store().append('job-a', 'any', newEvents(1))
      await store().keepNewest('lease-a')
      expect((await readAll(store(), 'lease-a')).map(event => event.revision)).toEqual([2])
      expect(await store().append('lease-a', 2, newEvents(1))).toEqual(appended(3))
      const newest = await store().append('lease-a', 'any', newEvents(2))
      expect(newest).toEqual(appended(5))
      const kept = await readAll(store(), 'lease-a')
      expect(kept.map(event => [event.revision, event.position])).toEqual([[5, positionOf(newest)]])
      const { events, position } = await follow(store()).untilCaughtUp()
      expect(placesOf(events)).toEqual(expect.arrayContaining(['job-a@0', 'lease-a@5']))
      expect(position).toBe(positionOf(newest))
      expectRising(events)
    })

    test('it holds for a stream that has no events yet', async () => {
      await store().keepNewest('lease-a')
      expect(await store().append('lease-a', 'no-stream', newEvents(2))).toEqual(appended(1))
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
      const answer = await store().append('lease-a', 0, newest)
      expect(answer).toEqual(appended(1))
      expect(await store().append('lease-a', 0, newest)).toEqual(answer)
      expect(await store().append('lease-a', 0, newEvents(1))).toEqual({ kind: 'conflict', actual: 1 })
    })
  })

export const closing = (subject: Subject) =>
  describe('when it is closed', () => {
    const store = useStore(subject)

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
