import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import type { Append, AppendResult, EventStore, Position, RecordedEvent } from '../../../src/eventstore/port.ts'
import { eventStores } from '../../../src/eventstore/registry.ts'
import { follow, newEvent, readAll } from '../../support/eventstore.ts'
import { newPlace } from '../../support/eventstore-places.ts'

/** Each run opens files or connections, which takes its time on a busy machine. */
const DEADLINE_MS = 180_000

const streams = ['job-a', 'job-b', 'lease-c']
const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

type Expected = Append['expected']
type Step =
  | { readonly kind: 'fresh'; readonly stream: string; readonly expected: Expected; readonly count: number }
  /** The same append once more, or one that begins with the same events, and is shorter or longer. */
  | { readonly kind: 'repeat'; readonly of: number; readonly count: number }

type Call =
  | { readonly kind: 'append'; readonly steps: readonly Step[] }
  | { readonly kind: 'keep'; readonly stream: string }

/** Few revisions, so that conflicts are common. */
const expected: fc.Arbitrary<Expected> = fc.oneof(
  fc.constant('any' as const),
  fc.constant('no-stream' as const),
  fc.nat(4),
)
const count = fc.integer({ min: 1, max: 3 })
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('fresh' as const), stream: fc.constantFrom(...streams), expected, count }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('repeat' as const), of: fc.nat(9), count }) },
)
const calls: fc.Arbitrary<Call> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.array(steps, { minLength: 1, maxLength: 4 }).map(steps => ({ kind: 'append', steps }) as const),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'keep', stream: 'lease-c' } as const) },
)

/** Turns steps into appends; ids follow from the fresh step that they belong to. */
const createAppends = (): ((step: Step) => Append) => {
  const fresh: { readonly stream: string; readonly expected: Expected }[] = []
  const made = (index: number, count: number): Append => ({
    stream: fresh[index]?.stream ?? 'job-a',
    expected: fresh[index]?.expected ?? 'any',
    events: Array.from({ length: count }, (_, event) => newEvent({ event }, idOf(index * 10 + event))),
  })
  return step => {
    const isRepeat = step.kind === 'repeat' && fresh.length > 0
    // What a stream no longer keeps is no repeat to some adapters and one to others: the port promises neither.
    const original = isRepeat ? step.of % fresh.length : -1
    if (isRepeat && !fresh[original]?.stream.startsWith('lease')) return made(original, step.count)
    fresh.push(step.kind === 'fresh' ? step : { stream: 'job-b', expected: 'any' })
    return made(fresh.length - 1, step.count)
  }
}

/** A store with its positions told by the order in which they were first seen, which is all that the port promises of them. */
const createWitness = () => {
  const ranks = new Map<Position, number>([[-1, -1]])
  const rank = (position: Position): number => {
    if (!ranks.has(position)) ranks.set(position, ranks.size - 1)
    return ranks.get(position) ?? NaN
  }
  const ranked = (result: AppendResult): AppendResult =>
    result.kind === 'appended' ? { ...result, position: rank(result.position) } : result
  const toAppend = createAppends()
  const kept = new Set<string>()

  const perform = async (store: EventStore, call: Call): Promise<unknown> => {
    if (call.kind === 'keep') {
      kept.add(call.stream)
      return store.keepNewest(call.stream)
    }
    const [only, ...others] = call.steps.map(toAppend)
    if (!only) throw new Error('a call has a step')
    if (others.length === 0) return ranked(await store.append(only.stream, only.expected, only.events))
    return (await store.appendBatch([only, ...others])).map(ranked)
  }

  /** Subscribers may see events that their stream keeps no longer. */
  const standing = (events: readonly RecordedEvent[]): readonly unknown[] =>
    events
      .filter(
        event =>
          !kept.has(event.stream) ||
          !events.some(other => other.stream === event.stream && other.revision > event.revision),
      )
      .map(event => ({ ...event, position: 0 }))

  const contents = async (store: EventStore) => {
    const log = await follow(store).untilCaughtUp()
    const after = (await readAll(store, 'job-a'))[0]?.position ?? -1
    const jobs = await follow(store, after, { categories: ['job'] }).untilCaughtUp()
    const read = await Promise.all(streams.map(stream => readAll(store, stream, 1)))
    return {
      head: rank(await store.head()),
      log: { events: standing(log.events), position: rank(log.position) },
      jobs: { events: standing(jobs.events), position: rank(jobs.position) },
      streams: read.map(standing),
    }
  }
  return { perform, contents }
}

for (const [name, kind] of Object.entries(eventStores).filter(([, kind]) => kind.isDurable)) {
  test(
    `${name}, closed and opened in between, answers and keeps whatever memory does`,
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(calls, { maxLength: 12 }),
          fc.array(calls, { maxLength: 6 }),
          async (before, after) => {
            const { place, remove } = await newPlace(kind.place)
            const memory = createMemoryStore()
            let durable: EventStore = await kind.open(place)
            const [expected, actual] = [createWitness(), createWitness()]
            const compare = async (call: Call): Promise<void> => {
              expect(await actual.perform(durable, call)).toEqual(await expected.perform(memory, call))
            }
            try {
              for (const call of before) await compare(call)
              await durable.close()
              durable = await kind.open(place)
              for (const call of after) await compare(call)
              expect(await actual.contents(durable)).toEqual(await expected.contents(memory))
            } finally {
              await durable.close()
              remove()
            }
          },
        ),
        { numRuns: 25 },
      )
    },
    DEADLINE_MS,
  )
}

/** Few streams, ids and revisions, so that repeats and conflicts are common. */
const appends: fc.Arbitrary<Append> = fc.record({
  stream: fc.constantFrom(...streams),
  expected,
  events: fc.array(
    fc.nat(12).map(number => newEvent({ number }, idOf(number))),
    { minLength: 1, maxLength: 3 },
  ),
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
