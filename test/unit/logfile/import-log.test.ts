import { describe, expect, it } from 'vitest'
import type { DomainEvent } from '../../../src/domain/events.ts'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import type { EventStore } from '../../../src/eventstore/port.ts'
import { openSqliteStore } from '../../../src/eventstore/sqlite.ts'
import { BATCH_EVENTS, MAX_CUT_STREAMS } from '../../../src/logfile/copy-events.ts'
import { exportLog } from '../../../src/logfile/export-log.ts'
import { importLog } from '../../../src/logfile/import-log.ts'
import { IMPORT_STREAM, refuseHalfImported } from '../../../src/logfile/import-mark.ts'
import { createLogWriter } from '../../../src/logfile/write-log.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { AppError } from '../../../src/platform/errors.ts'
import { codeOf, newEvent, readAll, temporaryDirectory } from '../../support/eventstore.ts'
import { createHistory, planCommitted } from '../../support/history.ts'
import {
  bytesOf,
  chunksOf,
  eventsOf,
  exportFacts,
  exportToBytes,
  fileOf,
  linesIn,
  storeOf,
  withHoles,
} from '../../support/log-file.ts'

const clock = { ...systemClock, now: () => 5 }
const take = (store: EventStore, bytes: Uint8Array) => importLog(store, fileOf(bytes), clock)

/** What is the same of an event wherever it stands. */
const contents = async (store: EventStore) =>
  (await eventsOf(store))
    .filter(({ stream }) => stream !== IMPORT_STREAM)
    .map(({ position, ...rest }) => ({ ...rest, hasPosition: position >= 0 }))

const plan = (position: number) =>
  planCommitted({
    evaluationId: 'e1',
    jobId: 'web',
    basis: { position, controlRevision: 0, now: 1, schedulerVersion: 1, configRevision: 0 },
  })
const eligible: DomainEvent = { type: 'NodeEligibilitySet', data: { isEligible: true } }
const collected = (...positions: readonly number[]): DomainEvent => ({
  type: 'Collected',
  data: { items: positions.map(position => ({ kind: 'node', id: `n${position}`, position })) },
})

const smallHistory = () => {
  const { record, events } = createHistory()
  for (let index = 0; index < 5; index++) record(`node-${index % 2}`, eligible)
  record('control', plan(4))
  record('control', collected(0, 3, 5))
  record('node-0', eligible)
  record('control', plan(-1))
  return events
}

const dataOf = async (store: EventStore, type: string) =>
  (await eventsOf(store)).filter(event => event.type === type).map(({ data }) => data)

describe('an import', () => {
  it('gives an empty store the same streams, revisions, ids, data and metadata in the same order', async () => {
    const source = createMemoryStore()
    await source.append('source-a', 'no-stream', [newEvent({ ä: ['€', null] }), newEvent('x')])
    await source.append('source-b', 'no-stream', [newEvent(1)])
    await source.append('source-a', 1, [newEvent({})])
    const target = createMemoryStore()
    const { footer } = await take(target, await exportToBytes(source))
    expect(footer).toMatchObject({ events: 4, streams: 2 })
    expect(await contents(target)).toEqual(await contents(source))
    await refuseHalfImported(target)
  })

  it('names positions in events anew', async () => {
    const target = withHoles(createMemoryStore())
    await take(target, await exportToBytes(await storeOf(smallHistory())))
    const places = (await eventsOf(target)).filter(({ stream }) => stream !== IMPORT_STREAM).map(each => each.position)
    expect((await dataOf(target, 'PlanCommitted')) as object[]).toMatchObject([
      { basis: { position: places[4] } },
      { basis: { position: -1 } },
    ])
    expect(await dataOf(target, 'Collected')).toEqual([
      {
        items: [0, 3, 5].map(old => ({ kind: 'node', id: `n${old}`, position: places[old] })),
      },
    ])
  })

  it('comes back with the positions that it left with', async () => {
    const bytes = await exportToBytes(await storeOf(smallHistory()))
    const there = withHoles(createMemoryStore())
    await take(there, bytes)
    const back = createMemoryStore()
    await take(back, await exportToBytes(there))
    const [mark, ...events] = await eventsOf(back)
    expect(mark?.stream).toBe(IMPORT_STREAM)
    expect(events.slice(0, -1).map(event => ({ ...event, position: event.position - 1 }))).toEqual(
      (await eventsOf(await storeOf(smallHistory()))).map(event => ({
        ...event,
        data: JSON.parse(
          JSON.stringify(event.data).replaceAll(/"position":(\d+)/g, (_, old) => `"position":${+old + 1}`),
        ),
      })),
    )
  })

  it('carries more events than go at once', async () => {
    for (const count of [BATCH_EVENTS - 1, BATCH_EVENTS, BATCH_EVENTS + 1, 2 * BATCH_EVENTS + 1]) {
      const source = createMemoryStore()
      await source.append(
        'source-a',
        'no-stream',
        Array.from({ length: count }, (_, index) => newEvent(index)),
      )
      const target = createMemoryStore()
      await take(target, await exportToBytes(source))
      expect(await contents(target)).toEqual(await contents(source))
    }
  })

  it('is left out of an export of what it filled', async () => {
    const source = await storeOf(smallHistory())
    const target = createMemoryStore()
    await take(target, await exportToBytes(source))
    expect(linesIn(await exportToBytes(target)).length).toBe(linesIn(await exportToBytes(source)).length)
  })
})

describe('a store that is not empty', () => {
  const bytes = async () => exportToBytes(await storeOf(smallHistory()))

  it('is not imported into, and keeps what it has', async () => {
    const store = createMemoryStore()
    await store.append('source-a', 'no-stream', [newEvent()])
    expect(await codeOf(take(store, await bytes()))).toBe('STORE_NOT_EMPTY')
    expect(await eventsOf(store)).toHaveLength(1)
  })

  it('is that of another import, finished or not, or one that has gone on since', async () => {
    const other = await exportToBytes(createMemoryStore())
    const store = createMemoryStore()
    await take(store, await bytes())
    expect(await codeOf(take(store, other))).toBe('STORE_NOT_EMPTY')
    await store.append('source-a', 'no-stream', [newEvent()])
    expect(await codeOf(take(store, await bytes()))).toBe('STORE_NOT_EMPTY')
  })

  it('is no mistake if the same file was imported a moment ago', async () => {
    const store = createMemoryStore()
    const first = await take(store, await bytes())
    const before = await eventsOf(store)
    expect(await take(store, await bytes())).toEqual(first)
    expect(await eventsOf(store)).toEqual(before)
  })

  it('is noticed if somebody writes to it meanwhile', async () => {
    const inner = createMemoryStore()
    const file = await bytes()
    const meddled = (what: () => Promise<unknown>): EventStore => ({
      ...inner,
      appendBatch: async appends => {
        await what()
        return inner.appendBatch(appends)
      },
    })
    expect(
      await codeOf(
        take(
          meddled(() => inner.append('node-0', 'no-stream', [newEvent()])),
          file,
        ),
      ),
    ).toBe('STORE_NOT_EMPTY')
    const quiet = createMemoryStore()
    const aside: EventStore = {
      ...quiet,
      appendBatch: async appends => {
        await quiet.append('node-other', 'any', [newEvent()])
        return quiet.appendBatch(appends)
      },
    }
    expect(await codeOf(take(aside, file))).toBe('STORE_CORRUPT')
    expect(await codeOf(refuseHalfImported(quiet))).toBe('IMPORT_UNFINISHED')
  })
})

describe('a file that cannot be used', () => {
  it('leaves the store empty', async () => {
    const lines = linesIn(await exportToBytes(await storeOf(smallHistory())))
    const store = createMemoryStore()
    expect(await codeOf(take(store, bytesOf(lines.slice(0, -1))))).toBe('LOG_FILE_DAMAGED')
    expect(await store.head()).toBe(-1)
  })

  it('is one with an event that this version does not know, and its line is named', async () => {
    const [event] = await eventsOf(await storeOf(smallHistory()))
    if (event === undefined) throw new Error('there is an event')
    const fileWith = (changed: typeof event): Buffer => {
      const writer = createLogWriter()
      return Buffer.concat([writer.header({ ...exportFacts, head: 9 }), writer.event(changed), writer.footer()])
    }
    const store = createMemoryStore()
    const newer = { ...event, metadata: { ...event.metadata, schema: 99 } }
    await expect(take(store, fileWith(newer))).rejects.toThrow('line 2 holds an event NodeEligibilitySet of schema 99')
    expect(await codeOf(take(store, fileWith({ ...event, type: 'NodeDreamt' })))).toBe('LOG_FILE_NEWER')
    expect(await store.head()).toBe(-1)
    await take(store, fileWith({ ...event, type: 'AnythingAtAll', stream: 'source-x' }))
  })

  it('is noticed if it is changed between its check and its import', async () => {
    const before = await exportToBytes(await storeOf(smallHistory()))
    const after = await exportToBytes(await storeOf(smallHistory().slice(0, 4)))
    const versions = [before, after]
    const store = createMemoryStore()
    const changing = { name: 'log', open: () => chunksOf(versions.shift() ?? after) }
    expect(await codeOf(importLog(store, changing, clock))).toBe('LOG_FILE_DAMAGED')
    expect(await codeOf(refuseHalfImported(store))).toBe('IMPORT_UNFINISHED')
  })
})

describe('an import that was cut off', () => {
  /** Three batches of ordinary events, and plans in between that end a batch early. */
  const longHistory = (length = 3 * BATCH_EVENTS) => {
    const { record, events } = createHistory()
    for (let index = 0; index < length; index++) {
      record(`node-${index % 5}`, eligible)
      if (index % 400 === 399) record('control', plan(events.length - 1))
    }
    return events
  }

  it('is not served, goes on with the same file, and ends as if it had never been cut off', async () => {
    const bytes = await exportToBytes(await storeOf(longHistory()))
    const whole = createMemoryStore()
    await take(whole, bytes)
    const wanted = await eventsOf(whole)
    let cuts = 0
    const store = createMemoryStore()
    const cutAfter = (calls: number): EventStore => {
      let left = calls
      const gate = <T>(run: () => Promise<T>): Promise<T> => {
        left -= 1
        if (left >= 0) return run()
        throw new AppError('STORE_UNAVAILABLE', 'cut off')
      }
      return {
        ...store,
        append: (...args) => gate(() => store.append(...args)),
        // Half of the batch that is cut off has got through.
        appendBatch: appends =>
          gate(() => store.appendBatch(appends)).catch(async (error: unknown) => {
            await store.appendBatch(appends.slice(0, appends.length / 2))
            throw error
          }),
      }
    }
    for (let calls = 1; ; calls++) {
      const code = await codeOf(take(cutAfter(calls), bytes))
      if (code === 'no error') break
      expect(code).toBe('STORE_UNAVAILABLE')
      expect(await codeOf(refuseHalfImported(store))).toBe('IMPORT_UNFINISHED')
      cuts += 1
    }
    expect(cuts).toBeGreaterThan(4)
    await refuseHalfImported(store)
    expect(await eventsOf(store)).toEqual(wanted)
  })

  it('goes on in a file that was closed meanwhile', async () => {
    const { path, remove } = temporaryDirectory()
    const open = () => openSqliteStore({ path: `${path}/events.db` })
    const bytes = await exportToBytes(await storeOf(longHistory(200)))
    const first = await open()
    const cut: EventStore = {
      ...first,
      appendBatch: async appends => {
        await first.appendBatch(appends.slice(0, 100))
        throw new AppError('STORE_UNAVAILABLE', 'cut off')
      },
    }
    expect(await codeOf(take(cut, bytes))).toBe('STORE_UNAVAILABLE')
    await first.close()
    const second = await open()
    expect(await codeOf(refuseHalfImported(second))).toBe('IMPORT_UNFINISHED')
    await take(second, bytes)
    const whole = createMemoryStore()
    await take(whole, bytes)
    expect(await eventsOf(second)).toEqual(await eventsOf(whole))
    await second.close()
    remove()
  })

  it('is not gone on with from another file', async () => {
    const store = createMemoryStore()
    const cut: EventStore = {
      ...store,
      appendBatch: async () => {
        throw new AppError('STORE_UNAVAILABLE', 'cut off')
      },
    }
    expect(await codeOf(take(cut, await exportToBytes(await storeOf(smallHistory()))))).toBe('STORE_UNAVAILABLE')
    expect(await codeOf(take(store, await exportToBytes(createMemoryStore())))).toBe('STORE_NOT_EMPTY')
  })
})

describe('a stream that keeps its newest event alone', () => {
  const leased = async () => {
    const source = createMemoryStore()
    await source.append('source-a', 'no-stream', [newEvent('before')])
    await source.keepNewest('lease-a')
    for (let index = 0; index < 4; index++) await source.append('lease-a', 'any', [newEvent(index)])
    await source.append('source-a', 0, [newEvent('after')])
    return source
  }

  it('begins anew with that event, and goes on keeping the newest', async () => {
    const target = createMemoryStore()
    const { footer } = await take(target, await exportToBytes(await leased()))
    expect(footer).toMatchObject({ events: 3, streams: 1 })
    expect((await readAll(target, 'lease-a')).map(({ revision, data }) => [revision, data])).toEqual([[0, 3]])
    expect((await readAll(target, 'source-a')).map(({ data }) => data)).toEqual(['before', 'after'])
    await target.append('lease-a', 0, [newEvent('renewed')])
    expect(await readAll(target, 'lease-a')).toHaveLength(1)
  })

  it('is one of a bounded number', async () => {
    const fileOfCut = (count: number): Buffer => {
      const writer = createLogWriter()
      const parts = [writer.header({ ...exportFacts, head: count })]
      for (let index = 0; index < count; index++)
        parts.push(writer.event({ ...newEvent(), stream: `lease-${index}`, revision: 7, position: index }))
      return Buffer.concat([...parts, writer.footer()])
    }
    const at = createMemoryStore()
    await take(at, fileOfCut(MAX_CUT_STREAMS))
    expect(await readAll(at, `lease-${MAX_CUT_STREAMS - 1}`)).toHaveLength(1)
    expect(await codeOf(take(createMemoryStore(), fileOfCut(MAX_CUT_STREAMS + 1)))).toBe('STORE_CORRUPT')
  })
})

describe('an export', () => {
  const open = (store: EventStore, signal = new AbortController().signal) =>
    exportLog(store, exportFacts, signal)[Symbol.asyncIterator]()

  it('ends at what was the newest event when it began', async () => {
    const store = await storeOf(smallHistory())
    const wanted = await exportToBytes(store)
    let isFirst = true
    const growing: EventStore = {
      ...store,
      subscribe: async function* (after, filter, signal) {
        if (isFirst) await store.append('node-9', 'no-stream', [newEvent()])
        isFirst = false
        yield* store.subscribe(after, filter, signal)
      },
    }
    expect((await exportToBytes(growing)).equals(wanted)).toBe(true)
    expect((await exportToBytes(store)).equals(wanted)).toBe(false)
  })

  it('reads no further than it is read', async () => {
    const source = createMemoryStore()
    const large = 'x'.repeat(100_000)
    for (let index = 0; index < 200; index++) await source.append(`source-${index}`, 'no-stream', [newEvent(large)])
    let taken = 0
    const counted: EventStore = {
      ...source,
      subscribe: async function* (...args) {
        for await (const item of source.subscribe(...args)) {
          taken += item.kind === 'events' ? item.events.length : 0
          yield item
        }
      },
    }
    const chunks = open(counted)
    await chunks.next()
    expect(taken).toBeLessThan(60)
    await chunks.return?.(undefined)
  })

  it('that is given up has no last line', async () => {
    const stop = new AbortController()
    const chunks = open(await storeOf(smallHistory()), stop.signal)
    stop.abort()
    expect(await codeOf(chunks.next())).toBe('STORE_CLOSED')
    const store = await storeOf(smallHistory())
    const closing: EventStore = {
      ...store,
      subscribe: async function* (...args) {
        await store.close()
        yield* store.subscribe(...args)
      },
    }
    expect(await codeOf(open(closing).next())).toBe('STORE_CLOSED')
  })
})
