/**
 * Our store on EventStoreDB and the bare official client, at one server and in one run, by turns: appends one by one, with 16
 * and 64 in flight, in events of 100 an append, then reading one stream and catching up with all. `scripts/bench/eventstore.ts
 * <url>` runs it.
 */
import { randomUUID } from 'node:crypto'
import { ANY, EventStoreDBClient, type JSONType, jsonEvent, streamNameFilter } from '@eventstore/db-client'
import { openEventStoreDb } from '../../src/eventstore/eventstoredb/open.ts'
import type { NewEvent } from '../../src/eventstore/port.ts'

const RUNS = 3
const GROUP = 100
const workloads = [
  { label: 'appends one by one', writers: 1, appends: 500, events: 1 },
  { label: 'appends, 16 in flight', writers: 16, appends: 4_000, events: 1 },
  { label: 'appends, 64 in flight', writers: 64, appends: 8_000, events: 1 },
  { label: `appends of ${GROUP} events, 4 in flight`, writers: 4, appends: 200, events: GROUP },
] as const

/** What is measured, in the words of either side. Streams are ours alone; `count` events are there to be read. */
type Side = {
  readonly append: (stream: string, events: readonly NewEvent[]) => Promise<unknown>
  readonly read: (stream: string) => Promise<number>
  readonly catchUp: (count: number) => Promise<unknown>
  readonly close: () => Promise<void>
}

type Figure = { readonly perSecond: number; readonly p50: number; readonly p99: number }
type Figures = Record<string, Figure>

const openOurs = async (url: string): Promise<Side> => {
  const store = await openEventStoreDb({ url, prefix: `bench${randomUUID().replaceAll('-', '')}` })
  return {
    append: (stream, events) => store.append(stream, 'any', events),
    read: async stream => {
      let count = 0
      for await (const _ of store.read(stream)) count += 1
      return count
    },
    catchUp: async () => {
      for await (const item of store.subscribe(-1, 'all', new AbortController().signal)) {
        if (item.kind === 'caught-up') return
      }
    },
    close: () => store.close(),
  }
}

const openBare = (url: string): Side => {
  const client = EventStoreDBClient.connectionString(url)
  const prefix = `bench${randomUUID().replaceAll('-', '')}.`
  const toJson = ({ id, type, data, metadata }: NewEvent) => jsonEvent({ id, type, data: data as JSONType, metadata })
  return {
    append: (stream, events) => client.appendToStream(prefix + stream, events.map(toJson), { expectedRevision: ANY }),
    read: async stream => {
      let count = 0
      for await (const _ of client.readStream(prefix + stream)) count += 1
      return count
    },
    catchUp: async wanted => {
      const subscription = client.subscribeToAll({
        filter: streamNameFilter({ prefixes: [prefix], maxSearchWindow: 1_000 }),
      })
      let count = 0
      for await (const _ of subscription) {
        count += 1
        if (count === wanted) break
      }
      await subscription.unsubscribe()
    },
    close: () => client.dispose(),
  }
}

const figure = (count: number, ms: number, each: number[]): Figure => {
  const sorted = each.sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN
  return { perSecond: count / (ms / 1_000), p50: at(0.5), p99: at(0.99) }
}

const measure = async (side: Side, event: (index: number) => NewEvent): Promise<Figures> => {
  const figures: Figures = {}
  await side.append('warm-up', [event(0)])
  for (const [number, { label, writers, appends, events }] of workloads.entries()) {
    const each: number[] = []
    let left: number = appends
    const write = async (stream: string): Promise<void> => {
      while (left-- > 0) {
        const begun = performance.now()
        await side.append(
          stream,
          Array.from({ length: events }, (_, index) => event(index)),
        )
        each.push(performance.now() - begun)
      }
    }
    const start = performance.now()
    await Promise.all(Array.from({ length: writers }, (_, writer) => write(`job${number}-${writer}`)))
    figures[label] = figure(appends * events, performance.now() - start, each)
  }
  const timed = async (label: string, count: number, work: () => Promise<unknown>): Promise<void> => {
    const start = performance.now()
    await work()
    const ms = performance.now() - start
    figures[label] = { perSecond: (count / ms) * 1_000, p50: NaN, p99: NaN }
  }
  const total = workloads.reduce((sum, { appends, events }) => sum + appends * events, 1)
  const stream = `job${workloads.length - 1}-0`
  const length = await side.read(stream)
  await timed('read of one stream', length, () => side.read(stream))
  await timed('catching up with all', total, () => side.catchUp(total))
  return figures
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN

/** Prints what both do, and the ratio, as medians of runs that take turns. */
export const benchEventStoreDb = async (url: string, event: (index: number) => NewEvent): Promise<void> => {
  const all: { readonly ours: Figures; readonly bare: Figures }[] = []
  for (let run = 0; run < RUNS; run++) {
    const measured: Partial<Record<'ours' | 'bare', Figures>> = {}
    // By turns, so that neither always comes upon the longer log.
    for (const name of run % 2 === 0 ? (['ours', 'bare'] as const) : (['bare', 'ours'] as const)) {
      const side = name === 'ours' ? await openOurs(url) : openBare(url)
      measured[name] = await measure(side, event)
      await side.close()
    }
    all.push({ ours: measured.ours ?? {}, bare: measured.bare ?? {} })
  }
  for (const label of Object.keys(all[0]?.ours ?? {})) {
    const of = (side: 'ours' | 'bare', key: keyof Figure): number =>
      median(all.map(run => run[side][label]?.[key] ?? NaN))
    const ratio = median(all.map(run => (run.ours[label]?.perSecond ?? NaN) / (run.bare[label]?.perSecond ?? NaN)))
    const times = (side: 'ours' | 'bare'): string =>
      Number.isNaN(of(side, 'p50')) ? '' : `p50 ${of(side, 'p50').toFixed(1)} p99 ${of(side, 'p99').toFixed(1)} ms`
    const rate = (side: 'ours' | 'bare'): string =>
      `${of(side, 'perSecond').toFixed(0).padStart(7)} events/s ${times(side)}`
    console.log(
      `${label.padEnd(36)} ours ${rate('ours').padEnd(42)} bare ${rate('bare').padEnd(42)} ratio ${ratio.toFixed(2)}`,
    )
  }
}
