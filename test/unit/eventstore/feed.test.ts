import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { CommittedEvent } from '../../../src/eventstore/feed.ts'
import { createFeed, MAX_WINDOW_BYTES } from '../../../src/eventstore/feed.ts'
import type { Position, StreamFilter, SubscriptionItem } from '../../../src/eventstore/port.ts'
import { newEvent } from '../../support/eventstore.ts'

const at = (position: Position, stream = 'job-a', bytes = 100): CommittedEvent => ({
  event: { ...newEvent(), stream, revision: position, position },
  bytes,
})

/** A feed over a log in an array, which counts how often the log was read. */
const createLoggedFeed = (maxWindowEvents: number) => {
  const log: CommittedEvent[] = []
  const reads: Position[] = []
  const feed = createFeed({
    head: -1,
    maxWindowEvents,
    pause: () => Promise.resolve(),
    readPage: (after: Position) => {
      reads.push(after)
      const events = log.slice(after + 1, after + 3).map(one => one.event)
      return { events, position: events.at(-1)?.position ?? after }
    },
  })
  const publish = (...committed: CommittedEvent[]): void => {
    log.push(...committed)
    feed.publish(committed, log.length - 1)
  }
  return { feed, reads, publish }
}

const subscribe = (feed: ReturnType<typeof createLoggedFeed>['feed'], filter: StreamFilter = 'all') =>
  feed.subscribe(-1, filter, new AbortController().signal)

const positionsOf = (item: IteratorResult<SubscriptionItem, unknown>) =>
  item.done || item.value.kind !== 'events' ? item.value : item.value.events.map(event => event.position)

test('a subscriber that keeps up never reads the log', async () => {
  const { feed, reads, publish } = createLoggedFeed(4)
  const items = subscribe(feed)
  expect(positionsOf(await items.next())).toEqual({ kind: 'caught-up', position: -1 })
  for (let position = 0; position < 20; position++) {
    publish(at(position))
    expect(positionsOf(await items.next())).toEqual([position])
  }
  expect(reads).toEqual([])
})

test('one that falls out of the window reads the log up to the window, and is told once it is back', async () => {
  const { feed, reads, publish } = createLoggedFeed(4)
  const items = subscribe(feed)
  await items.next()
  for (let position = 0; position < 10; position++) publish(at(position))
  const seen = []
  for (let count = 0; count < 5; count++) seen.push(positionsOf(await items.next()))
  expect(seen).toEqual([[0, 1], [2, 3], [4, 5], [6, 7, 8, 9], { kind: 'caught-up', position: 9 }])
  expect(reads).toEqual([-1, 1, 3])
})

test('one that stays within the window is not told again', async () => {
  const { feed, publish } = createLoggedFeed(4)
  const items = subscribe(feed)
  await items.next()
  publish(at(0), at(1), at(2))
  expect(positionsOf(await items.next())).toEqual([0, 1, 2])
  publish(at(3))
  expect(positionsOf(await items.next())).toEqual([3])
})

test('the window is bounded by bytes, too', async () => {
  const { feed, reads, publish } = createLoggedFeed(1_000)
  const items = subscribe(feed)
  await items.next()
  const third = MAX_WINDOW_BYTES / 3
  publish(at(0, 'job-a', third), at(1, 'job-a', third), at(2, 'job-a', third))
  publish(at(3, 'job-a', 1))
  await items.next()
  expect(reads).toEqual([-1])
})

test('an idle subscriber whose filter passes nothing is moved on without being woken', async () => {
  const { feed, reads, publish } = createLoggedFeed(2)
  const items = subscribe(feed, { categories: ['rare'] })
  await items.next()
  const next = items.next()
  await Promise.resolve()
  for (let position = 0; position < 10; position++) publish(at(position))
  publish(at(10, 'rare-a'))
  expect(positionsOf(await next)).toEqual([10])
  expect(reads).toEqual([])
})

test('what is dropped for its size is let go', async () => {
  const feed = createFeed({
    head: -1,
    pause: () => Promise.resolve(),
    readPage: after => ({ events: [], position: after }),
  })
  const large = Math.floor(MAX_WINDOW_BYTES / 8)
  const published = Array.from({ length: 40 }, (_, position) => {
    const committed = at(position, 'job-a', large)
    feed.publish([committed], position)
    return new WeakRef(committed.event)
  })
  // The engine keeps what was looked at until its turn ends.
  await new Promise(setImmediate)
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  collectGarbage()
  const kept = published.filter(event => event.deref() !== undefined)
  expect(kept.length).toBeGreaterThanOrEqual(8)
  expect(kept.length).toBeLessThanOrEqual(9)
})
