/** The part of the event stores' contract that only durable adapters keep. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { codeOf, follow, newEvents, readAll, within } from '../support/eventstore.ts'
import type { Subject } from './eventstore-parts.ts'
import { appended, placesIn, placesOf, positionOf } from './eventstore-parts.ts'

type PlaceTest = (place: string) => Promise<void>

/** Runs a test with a place of its own. */
const withPlace =
  ({ newPlace }: Subject, run: PlaceTest) =>
  async (): Promise<void> => {
    const { place, remove } = await newPlace()
    try {
      await run(place)
    } finally {
      remove()
    }
  }

/** Contract of adapters that keep what they acknowledged, whatever happens to the process. `name` is that in the registry. */
export const durableStoreContract = (name: string, subject: Subject): void => {
  const { open } = subject
  const withOwn = (run: PlaceTest) => withPlace(subject, run)
  describe(`the ${name} event store, opened again`, () => {
    test(
      'streams, revisions, positions, ids and the wish to keep the newest only are as they were',
      withOwn(async place => {
        const before = await open(place)
        const events = newEvents(3)
        const first = await before.append('job-a', 'no-stream', events)
        const anywhere = newEvents(1)
        const second = await before.append('job-b', 'any', anywhere)
        await before.keepNewest('lease-a')
        await before.append('lease-a', 'any', newEvents(2))
        const log = await follow(before).untilCaughtUp()
        await before.close()

        const after = await open(place)
        expect(await follow(after).untilCaughtUp()).toEqual(log)
        expect(await after.head()).toBe(log.position)
        expect(await after.append('job-a', 'no-stream', events)).toEqual(first)
        expect(await after.append('job-b', 'any', anywhere)).toEqual(second)
        expect(await after.append('job-a', 2, newEvents(1))).toEqual(appended(3))
        expect(await after.append('lease-a', 'any', newEvents(1))).toEqual(appended(2))
        expect(await readAll(after, 'lease-a')).toHaveLength(1)
        expect(await after.head()).toBeGreaterThan(log.position)
        await after.close()
      }),
    )

    test(
      'a subscription goes on from the position that was reached',
      withOwn(async place => {
        const before = await open(place)
        await before.append('job-a', 'any', newEvents(5))
        const log = (await follow(before).untilCaughtUp()).events
        await before.close()
        const after = await open(place)
        const subscriber = follow(after, log[2]?.position)
        expect((await subscriber.untilCaughtUp()).events).toEqual(log.slice(3))
        await after.append('job-a', 'any', newEvents(1))
        expect(placesOf(await subscriber.take(1))).toEqual(['job-a@5'])
        await after.close()
      }),
    )

    test(
      'after kill -9 amid appends every acknowledged event is there, in place and once',
      withOwn(async place => {
        const acknowledged = new Map<string, string>()
        for (let round = 0; round < 3; round++) await appendUntilKilled(name, place, acknowledged)
        expect(acknowledged.size).toBeGreaterThan(0)
        const store = await open(place)
        const { events } = await follow(store).untilCaughtUp()
        const places = new Map(events.map(event => [event.id, `${event.stream}@${event.revision}`]))
        for (const [id, stands] of acknowledged) expect(places.get(id)).toBe(stands)
        expect(places.size).toBe(events.length)
        const head = await store.head()
        const next = await store.append('job-next', 'no-stream', newEvents(1))
        expect(next).toEqual(appended(0))
        expect(positionOf(next)).toBeGreaterThan(head)
        await store.close()
      }),
    )
  })
}

/** Contract of adapters whose place belongs to one process at a time. */
export const exclusiveStoreContract = (name: string, subject: Subject): void => {
  const { open } = subject
  describe(`the ${name} event store, opened twice`, () => {
    test(
      'two processes do not have it at once',
      withPlace(subject, async place => {
        const store = await open(place)
        expect(await codeOf(open(place))).toBe('DATA_DIR_LOCKED')
        const other = await runWriter(name, place).firstLine
        expect(other).toContain('DATA_DIR_LOCKED')
        expect(other).toContain(`process ${process.pid}`)
        await store.close()
        await (await open(place)).close()
      }),
    )
  })
}

/** Contract of adapters whose place is shared by many processes. */
export const sharedStoreContract = (name: string, subject: Subject): void => {
  const { open, newPlace } = subject
  describe(`the ${name} event store, opened twice`, () => {
    test(
      'of writers in two stores that race for one revision exactly one wins, and both see the same log',
      withPlace(subject, async place => {
        const stores = [await open(place), await open(place)]
        const subscribers = stores.map(store => follow(store))
        for (const subscriber of subscribers) await subscriber.untilCaughtUp()
        const rounds = 20
        for (let round = 0; round < rounds; round++) {
          const expected = round === 0 ? 'no-stream' : round - 1
          const results = await Promise.all(stores.map(store => store.append('control', expected, newEvents(1))))
          expect(results.map(result => result.kind).sort()).toEqual(['appended', 'conflict'])
        }
        const [one, other] = await Promise.all(subscribers.map(subscriber => subscriber.take(rounds)))
        expect(placesOf(one ?? [])).toEqual(placesIn('control', rounds))
        expect(other).toEqual(one)
        for (const store of stores) await store.close()
      }),
    )

    test(
      'one at another place sees nothing of it',
      withPlace(subject, async place => {
        const other = await newPlace()
        const stores = [await open(place), await open(other.place)] as const
        await stores[0].append('job-a', 'no-stream', newEvents(3))
        expect(await stores[1].head()).toBe(-1)
        expect(await follow(stores[1]).untilCaughtUp()).toEqual({ events: [], position: -1 })
        expect(await stores[1].append('job-a', 'no-stream', newEvents(1))).toEqual(appended(0))
        for (const store of stores) await store.close()
        other.remove()
      }),
    )
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
