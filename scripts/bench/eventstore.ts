/**
 * What the sqlite event store does on this machine: appends one by one, with 64 in flight, in events of 1,000 an append,
 * and the replay of all that. Each figure is the median of five runs, with the spread, because a shared machine swings.
 *
 *     node --import tsx scripts/bench/eventstore.ts
 *
 * With the address of an EventStoreDB (`esdb://127.0.0.1:2113?tls=false`) our store there beside the bare official client:
 *
 *     node --import tsx scripts/bench/eventstore.ts esdb://127.0.0.1:2113?tls=false
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventStore, NewEvent } from '../../src/eventstore/port.ts'
import { EVENT_LOG_FILE } from '../../src/eventstore/registry.ts'
import { openSqliteStore } from '../../src/eventstore/sqlite.ts'
import { benchEventStoreDb } from './eventstoredb.ts'

const RUNS = 5
const ONE_BY_ONE = 2_000
const IN_FLIGHT = 64
const CONCURRENT = 30_000
const GROUP = 1_000
const GROUPS = 60

/** About 400 bytes of data and metadata, as performance.md measures with. */
const event = (index: number): NewEvent => ({
  id: randomUUID(),
  type: 'AllocationPlaced',
  data: { index, allocation: randomUUID(), node: randomUUID(), job: 'example', scores: [512_345, 498_765, 401_234] },
  metadata: {
    $correlationId: randomUUID(),
    $causationId: randomUUID(),
    schema: 1,
    actor: 'bench',
    at: 1_700_000_000_000,
  },
})

const eventsPerSecond = async (count: number, work: () => Promise<void>): Promise<number> => {
  const start = performance.now()
  await work()
  return count / ((performance.now() - start) / 1_000)
}

const oneByOne = async (store: EventStore): Promise<void> => {
  for (let index = 0; index < ONE_BY_ONE; index++) {
    await store.append('control', index === 0 ? 'no-stream' : index - 1, [event(index)])
  }
}

const concurrently = async (store: EventStore): Promise<void> => {
  let index = 0
  const write = async (stream: string): Promise<void> => {
    while (index < CONCURRENT) await store.append(stream, 'any', [event(index++)])
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, (_, writer) => write(`job-${writer}`)))
}

const inGroups = async (store: EventStore): Promise<void> => {
  for (let group = 0; group < GROUPS; group++) {
    await store.append(
      'report-one',
      'any',
      Array.from({ length: GROUP }, (_, index) => event(index)),
    )
  }
}

const replay = async (store: EventStore): Promise<void> => {
  for await (const item of store.subscribe(-1, 'all', new AbortController().signal)) {
    if (item.kind === 'caught-up') return
  }
}

type Figures = Record<
  'openMs' | 'firstAppendMs' | 'oneByOne' | 'inFlight' | 'groups' | 'replay' | 'bytesPerEvent',
  number
>

const run = async (): Promise<Figures> => {
  const directory = mkdtempSync(join(tmpdir(), 'muster-bench-'))
  const path = join(directory, EVENT_LOG_FILE)
  const start = performance.now()
  const store = await openSqliteStore({ path })
  const openMs = performance.now() - start
  await store.append('first-one', 'any', [event(0)])
  const firstAppendMs = performance.now() - start
  const figures = {
    openMs,
    firstAppendMs,
    oneByOne: await eventsPerSecond(ONE_BY_ONE, () => oneByOne(store)),
    inFlight: await eventsPerSecond(CONCURRENT, () => concurrently(store)),
    groups: await eventsPerSecond(GROUPS * GROUP, () => inGroups(store)),
  }
  const count = (await store.head()) + 1
  const replayed = await eventsPerSecond(count, () => replay(store))
  await store.close()
  const bytesPerEvent = statSync(path).size / count
  rmSync(directory, { recursive: true, force: true })
  return { ...figures, replay: replayed, bytesPerEvent }
}

const benchSqlite = async (): Promise<void> => {
  const all: Figures[] = []
  for (let index = 0; index < RUNS; index++) all.push(await run())

  const line = (label: string, key: keyof Figures, unit: string): void => {
    const sorted = all.map(figures => figures[key]).sort((a, b) => a - b)
    const shown = (value: number | undefined): string => (value ?? Number.NaN).toFixed(value && value < 100 ? 1 : 0)
    const median = shown(sorted[Math.floor(RUNS / 2)])
    console.log(
      `${label.padEnd(38)} ${median.padStart(9)} ${unit.padEnd(9)} (${shown(sorted[0])} to ${shown(sorted.at(-1))})`,
    )
  }

  line('open', 'openMs', 'ms')
  line('open to first append on disk', 'firstAppendMs', 'ms')
  line('appends one by one', 'oneByOne', 'events/s')
  line(`appends with ${IN_FLIGHT} in flight`, 'inFlight', 'events/s')
  line(`appends of ${GROUP} events`, 'groups', 'events/s')
  line('replay', 'replay', 'events/s')
  line('size on disk', 'bytesPerEvent', 'B/event')
}

const [url] = process.argv.slice(2)
await (url === undefined ? benchSqlite() : benchEventStoreDb(url, event))
