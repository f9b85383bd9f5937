/** The part of the event stores' contract that only durable adapters keep. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { codeOf, follow, newEvents, readAll, temporaryDirectory, within } from '../support/eventstore.ts'
import type { Open } from './eventstore-parts.ts'
import { appended } from './eventstore-parts.ts'

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
