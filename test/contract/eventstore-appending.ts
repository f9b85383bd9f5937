/** The part of the event stores' contract about appending and reading. */
import { describe, expect, test } from 'vitest'
import { MAX_APPEND_BYTES, MAX_EVENTS_PER_APPEND, MAX_SUBSCRIPTION_BATCH } from '../../src/eventstore/port.ts'
import { codeOf, collect, newEvent, newEvents, readAll } from '../support/eventstore.ts'
import type { Subject } from './eventstore-parts.ts'
import { appended, expectRising, positionOf, useStore } from './eventstore-parts.ts'

export const appending = (subject: Subject) =>
  describe('when events are appended', () => {
    const store = useStore(subject)

    test('revisions begin at 0 in each stream and positions go on over all', async () => {
      const results = [
        await store().append('job-a', 'no-stream', newEvents(2)),
        await store().append('job-b', 'no-stream', newEvents(1)),
        await store().append('job-a', 1, newEvents(1)),
      ]
      expect(results).toEqual([appended(1), appended(0), appended(2)])
      const [first, second, third] = results.map(positionOf)
      const stream = await readAll(store(), 'job-a')
      expect(stream.map(event => event.revision)).toEqual([0, 1, 2])
      expectRising(stream)
      expect(stream.slice(1).map(event => event.position)).toEqual([first, third])
      expect(second).toBeGreaterThan(first ?? Infinity)
      expect(third).toBeGreaterThan(second ?? Infinity)
    })

    test('the head of an empty store is -1, later the newest position', async () => {
      expect(await store().head()).toBe(-1)
      const result = await store().append('job-a', 'any', newEvents(3))
      expect(await store().head()).toBe(positionOf(result))
    })

    test('a stream that exists is refused to one who expects none', async () => {
      await store().append('job-a', 'no-stream', newEvents(2))
      expect(await store().append('job-a', 'no-stream', newEvents(1))).toEqual({ kind: 'conflict', actual: 1 })
    })

    test('a wrong revision is refused, behind and ahead of the stream', async () => {
      const result = await store().append('job-a', 'no-stream', newEvents(2))
      expect(await store().append('job-a', 0, newEvents(1))).toEqual({ kind: 'conflict', actual: 1 })
      expect(await store().append('job-a', 7, newEvents(1))).toEqual({ kind: 'conflict', actual: 1 })
      expect(await store().append('job-b', 0, newEvents(1))).toEqual({ kind: 'conflict', actual: 'no-stream' })
      expect(await store().head()).toBe(positionOf(result))
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
      const position = positionOf(await store().append('job-straße/🚀', 'no-stream', [event]))
      const [recorded] = await readAll(store(), 'job-straße/🚀')
      expect(recorded).toEqual({ ...event, stream: 'job-straße/🚀', revision: 0, position })
    })

    test('what the writer changes afterwards changes nothing that is stored', async () => {
      const list = [1, 2]
      await store().append('job-a', 'any', [newEvent({ list })])
      list.push(3)
      expect((await readAll(store(), 'job-a'))[0]?.data).toEqual({ list: [1, 2] })
    })
  })

export const repeating = (subject: Subject) =>
  describe('when an append is repeated', () => {
    const store = useStore(subject)

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
      expect(await store().append('job-b', 'any', events)).toEqual(appended(0))
    })
  })

export const batches = (subject: Subject) =>
  describe('when a batch is appended', () => {
    const store = useStore(subject)

    test('each append has its own result, in order, and conflicts hold up nobody', async () => {
      await store().append('job-taken', 'no-stream', newEvents(1))
      const results = await store().appendBatch([
        { stream: 'job-a', expected: 'no-stream', events: newEvents(2) },
        { stream: 'job-taken', expected: 'no-stream', events: newEvents(1) },
        { stream: 'job-b', expected: 'any', events: newEvents(1) },
      ])
      expect(results).toEqual([appended(1), { kind: 'conflict', actual: 0 }, appended(0)])
    })

    test('a later append of the batch sees the earlier ones', async () => {
      const events = newEvents(1)
      const results = await store().appendBatch([
        { stream: 'control', expected: 'no-stream', events },
        { stream: 'control', expected: 0, events: newEvents(1) },
        { stream: 'control', expected: 'no-stream', events },
        { stream: 'control', expected: 0, events: newEvents(1) },
      ])
      expect(results).toEqual([appended(0), appended(1), appended(0), { kind: 'conflict', actual: 1 }])
      expect(results[2]).toEqual(results[0])
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

export const refusing = (subject: Subject) =>
  describe('when an append is too large', () => {
    const store = useStore(subject)
    const overhead = Buffer.byteLength(JSON.stringify([newEvent('').data, newEvent('').metadata]))

    test('it is taken at the limit and refused one byte above it, naming stream and size', async () => {
      const fits = newEvent('x'.repeat(MAX_APPEND_BYTES - overhead))
      const result = await store().append('job-a', 'any', [fits])
      expect(result).toEqual(appended(0))
      const tooLarge = newEvent('x'.repeat(MAX_APPEND_BYTES - overhead + 1))
      const attempt = store().append('job-a', 'any', [tooLarge])
      await expect(attempt).rejects.toThrow(`${MAX_APPEND_BYTES + 1} bytes to stream job-a`)
      expect(await codeOf(attempt)).toBe('APPEND_TOO_LARGE')
      expect(await store().head()).toBe(positionOf(result))
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

export const reading = (subject: Subject) =>
  describe('when a stream is read', () => {
    const store = useStore(subject)

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
