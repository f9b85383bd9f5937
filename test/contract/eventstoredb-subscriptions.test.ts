/** Reads and subscriptions of an EventStoreDB that does everything wrong that it may do. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { MAX_INBOX_MESSAGES } from '../../src/eventstore/eventstoredb/inbox.ts'
import { openEventStoreDb } from '../../src/eventstore/eventstoredb/open.ts'
import { SILENCE_MS } from '../../src/eventstore/eventstoredb/subscription.ts'
import type { EventStore } from '../../src/eventstore/port.ts'
import type { Logger } from '../../src/platform/logger.ts'
import { silentLogger } from '../../src/platform/logger.ts'
import { codeOf, collect, follow, newEvent, newEvents, readAll } from '../support/eventstore.ts'
import { type FakeEventStoreDb, startFake } from '../support/eventstoredb/fake.ts'
import { fastClock } from '../support/eventstoredb/fast-clock.ts'
import { first, type SubscriptionFault } from '../support/eventstoredb/faults.ts'
import { eventually } from '../support/eventually.ts'
import { expectRising, placesIn, placesOf } from './eventstore-parts.ts'

let fake: FakeEventStoreDb
let store: EventStore
let logged: string[]
const opened: EventStore[] = []

const recording: Logger = {
  ...silentLogger,
  info: (_fields, message) => logged.push(message),
  warn: (_fields, message) => logged.push(message),
  child: () => recording,
}

const open = async (factor = 1): Promise<EventStore> => {
  const one = await openEventStoreDb({ url: fake.url('t'), clock: fastClock(factor), logger: recording })
  opened.push(one)
  return one
}

beforeEach(async () => {
  logged = []
  fake = await startFake()
  store = await open()
})
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close()
  fake.stop()
})

const write = async (count: number): Promise<void> => {
  await store.append('job-a', 'any', newEvents(count))
}

describe('a subscription', () => {
  const faults: readonly SubscriptionFault[] = [
    { kind: 'cut' },
    { kind: 'not-ready' },
    { kind: 'denied' },
    { kind: 'cut-after', events: 7 },
    { kind: 'cut-after', events: 1 },
    { kind: 'twice' },
  ]
  for (const fault of faults) {
    const name = 'events' in fault ? `${fault.kind} ${fault.events}` : fault.kind
    test(`delivers everything once, in order, through: ${name}`, async () => {
      await write(20)
      fake.faults.subscribe = first(3, fault)
      const subscriber = follow(await open(10))
      const history = await subscriber.take(20)
      expect(placesOf(history)).toEqual(placesIn('job-a', 20))
      await write(20)
      expect(placesOf(await subscriber.take(20))).toEqual(placesIn('job-a', 20, 20))
    })
  }

  test('goes on where it was when the server was away, and says so', async () => {
    await write(5)
    const subscriber = follow(await open(5))
    expect((await subscriber.untilCaughtUp()).events).toHaveLength(5)
    const next = subscriber.take(2)
    fake.stop()
    await eventually('the loss in the log', async () => logged.includes('event store subscription lost') || undefined)
    await fake.start()
    await write(2)
    expect(placesOf(await next)).toEqual(placesIn('job-a', 2, 5))
    const end = subscriber.next()
    await eventually('the end of the loss in the log', async () => logged.length === 2 || undefined)
    expect(logged).toEqual(['event store subscription lost', 'event store subscription resumed'])
    subscriber.abort()
    await end
  })

  test('says at once that there may be more than it has seen, and when there is not any more', async () => {
    await write(5)
    const subscriber = follow(await open(5))
    const { position } = await subscriber.untilCaughtUp()
    fake.stop()
    expect(await subscriber.next()).toEqual({ kind: 'lost' })
    await fake.start()
    expect(await subscriber.next()).toEqual({ kind: 'caught-up', position })
  })

  test('that the server forgot is noticed, and asked for again', async () => {
    const subscriber = follow(await open(10))
    fake.faults.subscribe = first(1, { kind: 'forgotten' })
    // It looks for itself whether it has caught up, since it is told nothing.
    expect(await subscriber.untilCaughtUp()).toEqual({ events: [], position: -1 })
    const start = performance.now()
    const next = subscriber.take(3)
    await write(3)
    expect(placesOf(await next)).toEqual(placesIn('job-a', 3))
    expect(performance.now() - start).toBeGreaterThanOrEqual(SILENCE_MS / 10)
  })

  test('waits while nobody takes what it has, and is told to begin anew when the server dropped it', async () => {
    const subscriber = follow(store)
    await subscriber.untilCaughtUp()
    const count = 4 * MAX_INBOX_MESSAGES
    for (let index = 0; index < 8; index++) {
      await store.append(
        'job-a',
        'any',
        Array.from({ length: count / 8 }, () => newEvent('x'.repeat(700))),
      )
    }
    const { events, position } = await subscriber.untilCaughtUp()
    expect(placesOf(events)).toEqual(placesIn('job-a', count))
    expectRising(events)
    expect(position).toBe(await store.head())
    expect(logged).toEqual([])
  })

  test('refuses what nobody but somebody else can have written', async () => {
    await write(1)
    fake.log.append('t.job-b', 'any', [
      { id: newEvent().id, type: 'Strange', data: Buffer.from('no json'), metadata: Buffer.from('') },
    ])
    const subscriber = follow(store)
    expect(placesOf(await subscriber.take(0))).toEqual([])
    expect(await codeOf(subscriber.untilCaughtUp())).toBe('STORE_CORRUPT')
    expect(await codeOf(readAll(store, 'job-b'))).toBe('STORE_CORRUPT')
  })

  test('sees nothing of other prefixes and of the server itself, wherever its head is', async () => {
    await write(2)
    const head = await store.head()
    const foreign = [{ id: newEvent().id, type: 'Foreign', data: Buffer.from('{}'), metadata: Buffer.from('{}') }]
    for (const stream of ['$stats-0', 'other.job-a', 'tt.job-a', 't-job-a']) {
      for (let index = 0; index < 1_500; index++)
        fake.log.append(
          stream,
          'any',
          foreign.map(event => ({ ...event, id: newEvent().id })),
        )
    }
    expect(await store.head()).toBe(head)
    expect(await follow(store).untilCaughtUp()).toMatchObject({ position: head, events: [{}, {}] })
    const subscriber = follow(store, head)
    expect(await subscriber.untilCaughtUp()).toEqual({ events: [], position: head })
    await write(1)
    expect(placesOf(await subscriber.take(1))).toEqual(['job-a@2'])
  })

  test('makes the server go through what others wrote once, however often the head is looked up', async () => {
    const foreign = (count: number) => {
      for (let index = 0; index < count; index++) {
        const event = { id: newEvent().id, type: 'Foreign', data: Buffer.from('{}'), metadata: Buffer.from('{}') }
        fake.log.append('other.job-a', 'any', [event])
      }
    }
    await write(2)
    const head = await store.head()
    foreign(1_500)
    expect(await store.head()).toBe(head)
    const before = fake.goneThrough()
    for (let index = 0; index < 10; index++) expect(await store.head()).toBe(head)
    expect(await follow(store, head).untilCaughtUp()).toEqual({ events: [], position: head })
    foreign(20)
    expect(await store.head()).toBe(head)
    expect(fake.goneThrough() - before).toBeLessThan(1_700)
    await write(1)
    expect(await store.head()).toBeGreaterThan(head)
    foreign(1)
    expect(await store.head()).toBe(fake.log.stream('t.job-a')?.at(-1)?.position)
  })

  test('reconnects a thousand times without keeping anything of it', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const held = (): { readonly heap: number; readonly resources: number } => {
      collectGarbage()
      return { heap: process.memoryUsage().heapUsed, resources: process.getActiveResourcesInfo().length }
    }
    const reconnects = 1_000
    await write(reconnects + 100)
    fake.faults.subscribe = () => ({ kind: 'cut-after', events: 1 })
    const subscriber = follow(await open(40))
    const before = fake.calls()
    await subscriber.take(100)
    const early = held()
    const events = await subscriber.take(reconnects)
    const late = held()
    expect(placesOf(events)).toEqual(placesIn('job-a', reconnects, 100))
    expect(fake.calls() - before).toBeGreaterThanOrEqual(reconnects)
    // The thousand events themselves are held here, in about half a megabyte.
    expect(late.heap - early.heap).toBeLessThan(4_000_000)
    expect(late.resources - early.resources).toBeLessThan(10)
  })
})

describe('a read', () => {
  test('goes on where it was cut', async () => {
    await write(50)
    let reads = 0
    fake.faults.read = what => {
      reads += what === 't.job-a' ? 1 : 0
      return reads % 2 === 1 ? { kind: 'cut' } : undefined
    }
    expect(placesOf(await readAll(store, 'job-a'))).toEqual(placesIn('job-a', 50))
    fake.faults.read = first(2, { kind: 'not-ready' })
    expect(placesOf(await readAll(store, 'job-a', 48))).toEqual(placesIn('job-a', 2, 48))
  })

  test('fails after its time when the server says nothing', async () => {
    await write(1)
    const fast = await open(10)
    fake.faults.read = () => ({ kind: 'silence' })
    expect(await codeOf(readAll(fast, 'job-a'))).toBe('STORE_UNAVAILABLE')
    expect(await codeOf(fast.head())).toBe('STORE_UNAVAILABLE')
    expect(await codeOf(fast.keepNewest('job-a'))).toBe('STORE_UNAVAILABLE')
    fake.faults.read = () => undefined
    expect(await readAll(fast, 'job-a')).toHaveLength(1)
  })

  test('holds up appends to its stream while it looks at the end, and no others', async () => {
    await write(1)
    let goOn = (): void => {}
    const until = new Promise<void>(resolve => {
      goOn = resolve
    })
    fake.faults.read = first(1, { kind: 'late', until })
    const events = store.read('job-a')
    let isHeldUp = true
    const held = store.append('job-a', 'any', newEvents(1)).finally(() => {
      isHeldUp = false
    })
    expect((await store.append('job-b', 'any', newEvents(1))).kind).toBe('appended')
    expect(isHeldUp).toBe(true)
    goOn()
    expect((await held).kind).toBe('appended')
    expect(await collect(events)).toHaveLength(1)
  })
})

describe('the wish to keep the newest event of a stream', () => {
  test('leaves other settings of the stream as they are, and is not repeated', async () => {
    fake.log.append('$$t.lease-a', 'no-stream', [
      {
        id: newEvent().id,
        type: '$metadata',
        data: Buffer.from('{"$maxAge":60,"note":"ours"}'),
        metadata: Buffer.from(''),
      },
    ])
    await store.keepNewest('lease-a')
    await store.keepNewest('lease-a')
    const settings = fake.log
      .stream('$$t.lease-a')
      ?.map(record => JSON.parse(Buffer.from(record.data).toString()) as unknown)
    expect(settings).toEqual([
      { $maxAge: 60, note: 'ours' },
      { $maxAge: 60, note: 'ours', $maxCount: 1 },
    ])
  })

  test('is made by one of many who wish it at once', async () => {
    await Promise.all(Array.from({ length: 5 }, () => store.keepNewest('lease-a')))
    expect(fake.log.stream('$$t.lease-a')).toHaveLength(1)
  })
})
