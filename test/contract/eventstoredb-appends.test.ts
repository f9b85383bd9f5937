/** Appends to an EventStoreDB that does everything wrong that it may do. */
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  APPEND_DEADLINE_MS,
  MAX_PENDING_APPENDS,
  MAX_PENDING_BYTES,
} from '../../src/eventstore/eventstoredb/append-queue.ts'
import { MAX_IN_FLIGHT_APPENDS, MAX_IN_FLIGHT_BYTES } from '../../src/eventstore/eventstoredb/appender.ts'
import { openEventStoreDb } from '../../src/eventstore/eventstoredb/open.ts'
import { type EventStore, MAX_APPEND_BYTES } from '../../src/eventstore/port.ts'
import { codeOf, newEvent, newEvents, readAll } from '../support/eventstore.ts'
import { type FakeEventStoreDb, startFake } from '../support/eventstoredb/fake.ts'
import { fastClock } from '../support/eventstoredb/fast-clock.ts'
import { type AppendFault, first } from '../support/eventstoredb/faults.ts'
import { eventually } from '../support/eventually.ts'
import { appended } from './eventstore-parts.ts'

const deferred = (): { readonly promise: Promise<void>; readonly resolve: () => void } => {
  let resolve = (): void => {}
  const promise = new Promise<void>(done => {
    resolve = done
  })
  return { promise, resolve }
}

let fake: FakeEventStoreDb
let store: EventStore
const opened: EventStore[] = []

const open = async (
  options: { readonly factor?: number; readonly from?: FakeEventStoreDb } = {},
): Promise<EventStore> => {
  const clock = options.factor === undefined ? {} : { clock: fastClock(options.factor) }
  const one = await openEventStoreDb({ url: (options.from ?? fake).url('t'), ...clock })
  opened.push(one)
  return one
}

beforeEach(async () => {
  fake = await startFake()
  store = await open()
})
afterEach(async () => {
  fake.faults.append = () => undefined
  fake.faults.read = () => undefined
  for (const one of opened.splice(0)) await one.close()
  fake.stop()
})

const idsIn = async (stream: string): Promise<string[]> => (await readAll(store, stream)).map(event => event.id)

describe('an append whose reply does not come', () => {
  const faults: readonly AppendFault[] = [
    { kind: 'reply-lost' },
    { kind: 'silence' },
    { kind: 'cut' },
    { kind: 'cut-after-commit' },
    { kind: 'timeout', isWritten: true },
    { kind: 'timeout', isWritten: false },
    { kind: 'not-ready' },
    { kind: 'no-position' },
    { kind: 'wrong-version' },
    { kind: 'reply-twice' },
    { kind: 'late', until: delay(300) },
  ]
  for (const fault of faults) {
    const name = 'isWritten' in fault ? `${fault.kind}, ${fault.isWritten ? 'written' : 'not written'}` : fault.kind
    test(`stands once and is answered: ${name}`, async () => {
      await store.append('control', 'no-stream', newEvents(1))
      const events = newEvents(2)
      fake.faults.append = first(1, fault)
      expect(await store.append('control', 0, events)).toEqual(appended(2))
      fake.faults.append = first(1, fault)
      const next = newEvents(1)
      // Without a revision there is no place at which a conflict could be looked into.
      const expected = fault.kind === 'wrong-version' ? 2 : 'any'
      expect(await store.append('control', expected, next)).toEqual(appended(3))
      expect((await idsIn('control')).slice(1)).toEqual([...events, ...next].map(event => event.id))
    })
  }

  test('is not repeated at no revision if the server forgot its ids meanwhile', async () => {
    fake.faults.append = stream => {
      if (!stream.endsWith('report-a')) return undefined
      fake.faults.append = () => {
        fake.log.forgetIds()
        return undefined
      }
      return { kind: 'cut-after-commit' }
    }
    expect(await store.append('report-a', 'any', newEvents(3))).toEqual(appended(2))
    expect(await readAll(store, 'report-a')).toHaveLength(3)
  })

  test('is sent again while others are answered', async () => {
    const losing = first<AppendFault>(1, { kind: 'reply-lost' })
    fake.faults.append = stream => (stream.endsWith('job-lost') ? losing() : undefined)
    const answered = new AbortController()
    const lost = store.append('job-lost', 'no-stream', newEvents(1)).finally(() => answered.abort())
    let count = 0
    while (!answered.signal.aborted) await store.append('job-busy', count++ === 0 ? 'no-stream' : 'any', newEvents(1))
    expect(await lost).toEqual(appended(0))
    expect(await readAll(store, 'job-lost')).toHaveLength(1)
    expect(await readAll(store, 'job-busy')).toHaveLength(count)
  })

  test('goes on in order with all that was asked for after it', async () => {
    const asked = Array.from({ length: 20 }, (_, index) => ({ stream: `job-${index}`, events: newEvents(10) }))
    let count = 0
    fake.faults.append = () => {
      count += 1
      return count === 60 ? { kind: 'cut-after-commit' } : count === 130 ? { kind: 'cut' } : undefined
    }
    const results = await Promise.all(
      asked.flatMap(({ stream, events }) =>
        events.map((event, index) => store.append(stream, index === 0 ? 'no-stream' : index - 1, [event])),
      ),
    )
    expect(results).toEqual(asked.flatMap(({ events }) => events.map((_, index) => appended(index))))
    for (const { stream, events } of asked) expect(await idsIn(stream)).toEqual(events.map(event => event.id))
  })

  test('is unknown after its deadline, and the store goes on', async () => {
    const fast = await open({ factor: 5 })
    fake.faults.append = () => ({ kind: 'reply-lost' })
    const start = performance.now()
    expect(await codeOf(fast.append('control', 'no-stream', newEvents(1)))).toBe('STORE_OUTCOME_UNKNOWN')
    expect(performance.now() - start).toBeGreaterThanOrEqual(APPEND_DEADLINE_MS / 5)
    fake.faults.append = () => undefined
    expect(await store.append('control', 0, newEvents(1))).toEqual(appended(1))
    expect(await readAll(store, 'control')).toHaveLength(2)
  })

  test('is known to have had no effect while the server is not ready', async () => {
    const fast = await open({ factor: 5 })
    fake.faults.append = () => ({ kind: 'not-ready' })
    expect(await codeOf(fast.append('control', 'no-stream', newEvents(1)))).toBe('STORE_UNAVAILABLE')
    expect(await readAll(store, 'control')).toEqual([])
  })

  test('makes its batch unknown, although others of the batch stand', async () => {
    const fast = await open({ factor: 5 })
    fake.faults.append = stream => (stream.endsWith('job-b') ? { kind: 'silence' } : undefined)
    const batch = ['job-a', 'job-b', 'job-c'].map(stream => ({
      stream,
      expected: 'any' as const,
      events: newEvents(1),
    }))
    expect(await codeOf(fast.appendBatch(batch))).toBe('STORE_OUTCOME_UNKNOWN')
    expect(await readAll(store, 'job-a')).toHaveLength(1)
  })
})

describe('a server that is away', () => {
  test('has taken nothing, and takes what is asked for once it is back', async () => {
    const fast = await open({ factor: 5 })
    await fast.append('control', 'no-stream', newEvents(1))
    fake.stop()
    // Until the connection is known to be lost an append may have been sent on it.
    await eventually('a connection that is known to be lost', async () => {
      const code = await codeOf(fast.append('control', 0, newEvents(1)))
      return code === 'STORE_UNAVAILABLE' || undefined
    })
    expect(await codeOf(fast.head())).toBe('STORE_UNAVAILABLE')
    expect(await codeOf(readAll(fast, 'control'))).toBe('STORE_UNAVAILABLE')
    const waiting = store.append('control', 0, newEvents(1))
    await fake.start()
    expect(await waiting).toEqual(appended(1))
    await eventually('the other store back as well', async () => {
      const result = await fast.append('control', 1, newEvents(1)).catch(() => undefined)
      return result?.kind === 'appended' || undefined
    })
    expect(await readAll(store, 'control')).toHaveLength(3)
  })

  test('fails no other store', async () => {
    const otherFake = await startFake()
    const other = await open({ from: otherFake })
    const { promise: until, resolve: goOn } = deferred()
    otherFake.faults.append = () => ({ kind: 'late', until })
    const inFlight = other.append('control', 'no-stream', newEvents(1))
    fake.faults.append = first(1, { kind: 'cut' })
    expect(await store.append('control', 'no-stream', newEvents(1))).toEqual(appended(0))
    fake.stop()
    goOn()
    expect(await inFlight).toEqual(appended(0))
    expect(otherFake.log.stream('t.control')).toHaveLength(1)
    otherFake.stop()
  })

  test('hands over to the node that leads now', async () => {
    const leader = await startFake({ log: fake.log })
    fake.faults.append = () => ({ kind: 'moved', host: '127.0.0.1', port: leader.port })
    fake.faults.read = () => ({ kind: 'moved', host: '127.0.0.1', port: leader.port })
    expect(await store.append('control', 'no-stream', newEvents(1))).toEqual(appended(0))
    expect(await store.append('control', 0, newEvents(1))).toEqual(appended(1))
    expect(leader.calls()).toBeGreaterThan(0)
    // The leader goes, too: back to the address that was configured.
    fake.faults.append = () => undefined
    fake.faults.read = () => undefined
    leader.stop()
    expect(await store.append('control', 1, newEvents(1))).toEqual(appended(2))
    expect(await readAll(store, 'control')).toHaveLength(3)
  })
})

describe('what the server refuses', () => {
  test('an append over its own limit', async () => {
    fake.faults.append = first(1, { kind: 'too-large' })
    expect(await codeOf(store.append('job-a', 'no-stream', newEvents(1)))).toBe('APPEND_TOO_LARGE')
    expect(await store.append('job-a', 'no-stream', newEvents(1))).toEqual(appended(0))
  })

  test('a user who may not write', async () => {
    fake.faults.append = first(1, { kind: 'denied' })
    expect(await codeOf(store.append('job-a', 'no-stream', newEvents(1)))).toBe('STORE_ACCESS_DENIED')
    fake.faults.read = first(1, { kind: 'denied' })
    expect(await codeOf(store.head())).toBe('STORE_ACCESS_DENIED')
    expect(await store.append('job-a', 'no-stream', newEvents(1))).toEqual(appended(0))
  })

  test('a stream that somebody deleted', async () => {
    await store.append('job-a', 'no-stream', newEvents(1))
    fake.log.remove('t.job-a')
    expect(await codeOf(store.append('job-a', 0, newEvents(1)))).toBe('STORE_CORRUPT')
  })

  test('nothing that an event may hold: what cannot be JSON fails at once and nothing else', async () => {
    const circular: { self?: unknown } = {}
    circular.self = circular
    for (const data of [circular, { count: 1n }]) {
      await expect(store.append('job-a', 'any', [newEvent(data as never)])).rejects.toThrow(TypeError)
    }
    expect(await store.append('job-a', 'no-stream', newEvents(1))).toEqual(appended(0))
  })
})

describe('bounds of what is asked for', () => {
  let goOn: () => void
  beforeEach(async () => {
    // Time enough for thousands of appends on whatever machine this is.
    store = await open({ factor: 1 / 10 })
    const { promise: until, resolve } = deferred()
    goOn = resolve
    fake.faults.append = () => ({ kind: 'late', until })
  })

  /** Waits until so many have arrived at the server, and sees that no more do while something else is asked of it. */
  const expectArrived = async (count: number): Promise<void> => {
    await eventually(`${count} appends at the server`, async () => fake.arrived() >= count || undefined)
    await store.head()
    expect(fake.arrived()).toBe(count)
  }

  test('appends in flight and appends that wait', async () => {
    const one = (index: number): Promise<string> => codeOf(store.append(`job-${index % 64}`, 'any', newEvents(1)))
    const taken = Array.from({ length: MAX_PENDING_APPENDS }, (_, index) => one(index))
    expect(await one(0)).toBe('OVERLOADED')
    await expectArrived(MAX_IN_FLIGHT_APPENDS)
    goOn()
    expect(new Set(await Promise.all(taken))).toEqual(new Set(['no error']))
    expect(await readAll(store, 'job-0')).toHaveLength(MAX_PENDING_APPENDS / 64)
    expect(await one(0)).toBe('no error')
  })

  test('bytes in flight and bytes that wait', async () => {
    const overhead = Buffer.byteLength(JSON.stringify([newEvent('').data, newEvent('').metadata]))
    const large = 'x'.repeat(MAX_APPEND_BYTES - overhead)
    const one = (index: number): Promise<string> => codeOf(store.append(`job-${index}`, 'any', [newEvent(large)]))
    const count = MAX_PENDING_BYTES / MAX_APPEND_BYTES
    const taken = Array.from({ length: count }, (_, index) => one(index))
    expect(await one(count)).toBe('OVERLOADED')
    await expectArrived(MAX_IN_FLIGHT_BYTES / MAX_APPEND_BYTES)
    goOn()
    await store.close()
    expect(new Set(await Promise.all(taken))).toEqual(new Set(['no error']))
  })
})

describe('closing', () => {
  test('settles appends that are never answered, within their deadline', async () => {
    const fast = await open({ factor: 5 })
    fake.faults.append = () => ({ kind: 'silence' })
    const inFlight = Array.from({ length: 10 }, (_, index) => codeOf(fast.append(`job-${index}`, 'any', newEvents(1))))
    await fast.close()
    expect(await Promise.all(inFlight)).toEqual(Array(10).fill('STORE_OUTCOME_UNKNOWN'))
  })

  test('ends reads and subscriptions of a server that is away', async () => {
    await store.append('job-a', 'no-stream', newEvents(1))
    const items = store.subscribe(-1, 'all', new AbortController().signal)[Symbol.asyncIterator]()
    expect(await items.next()).toMatchObject({ value: { kind: 'events' } })
    fake.stop()
    await store.close()
    const rest = [await items.next(), await items.next()]
    expect(rest.at(-1)).toEqual({ done: true, value: undefined })
  })
})
