import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { EventStore, RecordedEvent } from '../../src/eventstore/port.ts'
import { eventStores, type StoreKind } from '../../src/eventstore/registry.ts'
import { importLog } from '../../src/logfile/import-log.ts'
import { IMPORT_STREAM, refuseHalfImported } from '../../src/logfile/import-mark.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { AppError } from '../../src/platform/errors.ts'
import { digestOf, foldHistory } from '../histories/fold-history.ts'
import { codeOf, newEvent, readAll } from '../support/eventstore.ts'
import { newPlace, newPlaceOnRealServer, type Place, realEventStoreDb } from '../support/eventstore-places.ts'
import { eventsOf, exportToBytes, fileOf, storeOf } from '../support/log-file.ts'
import { historyOf, randomSteps } from '../support/random-history.ts'

type Subject = Pick<StoreKind, 'open'> & { readonly newPlace: () => Promise<Place> }

const subjects: Readonly<Record<string, Subject>> = {
  ...Object.fromEntries(
    Object.entries<StoreKind>(eventStores).map(([name, { place, open }]) => [
      name,
      { open, newPlace: () => newPlace(place) },
    ]),
  ),
  ...(realEventStoreDb === undefined
    ? {}
    : { 'a real EventStoreDB': { open: eventStores.eventstoredb.open, newPlace: newPlaceOnRealServer } }),
}

/** A cluster goes from every kind of event store to every kind. */
const kinds = Object.entries(subjects)

const undo: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

const open = async (kind: Subject): Promise<EventStore> => {
  const { place, remove } = await kind.newPlace()
  undo.push(remove)
  const store = await kind.open(place)
  undo.push(store.close)
  return store
}

const take = (store: EventStore, bytes: Uint8Array) => importLog(store, fileOf(bytes), systemClock)

const clusterIn = async (store: EventStore): Promise<readonly RecordedEvent[]> =>
  (await eventsOf(store)).filter(({ stream }) => stream !== IMPORT_STREAM)

const withoutPlace = (events: readonly RecordedEvent[]): readonly unknown[] =>
  events.map(({ stream, revision, id, type, metadata }) => ({ stream, revision, id, type, metadata }))

const history = historyOf(fc.sample(randomSteps(150), { numRuns: 1, seed: 11 })[0] ?? [])

describe.each(kinds)('from %s', (_from, from) => {
  it.each(kinds)('to %s a log means what it meant', async (_to, to) => {
    const wanted = await storeOf(history)
    const source = await open(from)
    await take(source, await exportToBytes(wanted))
    const target = await open(to)
    await take(target, await exportToBytes(source))
    await refuseHalfImported(target)
    const moved = await clusterIn(target)
    expect(withoutPlace(moved)).toEqual(withoutPlace(await eventsOf(wanted)))
    expect(digestOf(foldHistory(moved))).toEqual(digestOf(foldHistory(await eventsOf(wanted))))
    const back = await storeOf([])
    await take(back, await exportToBytes(target))
    const [mark, ...returned] = await eventsOf(back)
    expect(mark?.stream).toBe(IMPORT_STREAM)
    // One mark before everything moves every position by one; the data comes back as it was but for that.
    const shifted = JSON.stringify((await eventsOf(wanted)).map(({ data }) => data)).replaceAll(
      /"position":(\d+)/g,
      (_, position) => `"position":${Number(position) + 1}`,
    )
    expect(JSON.stringify(returned.slice(0, -1).map(({ data }) => data))).toBe(shifted)
  })
})

describe.each(kinds)('%s', (_name, kind) => {
  it('goes on with an import that was cut off', async () => {
    const bytes = await exportToBytes(await storeOf(history))
    const store = await open(kind)
    let batches = 0
    const cut: EventStore = {
      ...store,
      appendBatch: async appends => {
        batches += 1
        if (batches < 4) return store.appendBatch(appends)
        await store.appendBatch(appends.slice(0, appends.length / 2))
        throw new AppError('STORE_UNAVAILABLE', 'cut off')
      },
    }
    expect(await codeOf(take(cut, bytes))).toBe('STORE_UNAVAILABLE')
    expect(await codeOf(refuseHalfImported(store))).toBe('IMPORT_UNFINISHED')
    await take(store, bytes)
    await refuseHalfImported(store)
    expect(withoutPlace(await clusterIn(store))).toEqual(withoutPlace(await eventsOf(await storeOf(history))))
    expect(await take(store, bytes)).toMatchObject({ footer: { events: history.length } })
  })

  it('is not imported into unless it is empty', async () => {
    const store = await open(kind)
    await store.append('source-a', 'no-stream', [newEvent()])
    expect(await codeOf(take(store, await exportToBytes(await storeOf(history))))).toBe('STORE_NOT_EMPTY')
  })

  it('keeps the newest event of a stream that kept no other', async () => {
    const source = await storeOf([])
    await source.keepNewest('lease-a')
    for (let index = 0; index < 4; index++) await source.append('lease-a', 'any', [newEvent(index)])
    const target = await open(kind)
    await take(target, await exportToBytes(source))
    expect((await readAll(target, 'lease-a')).map(({ revision, data }) => [revision, data])).toEqual([[0, 3]])
  })
})
