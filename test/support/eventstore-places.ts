/** Where the event stores under test are: a directory of its own for each test, or streams of its own on a server. */
import { randomUUID } from 'node:crypto'
import type { StoreKind } from '../../src/eventstore/registry.ts'
import { temporaryDirectory } from './eventstore.ts'
import { type FakeEventStoreDb, startFake } from './eventstoredb/fake.ts'

export type Place = { readonly place: string; readonly remove: () => void }

/** The address of a real EventStoreDB, if the environment names one. */
export const realEventStoreDb = process.env['MUSTER_TEST_EVENTSTORE_URL']

/** `url` with a prefix that no other test uses. */
export const withOwnPrefix = (url: string): string => {
  const [address = '', query] = url.split('?', 2)
  const prefix = `t${randomUUID().replaceAll('-', '')}`
  return `${address.replace(/\/+$/, '')}/${prefix}${query === undefined ? '' : `?${query}`}`
}

let fake: Promise<FakeEventStoreDb> | undefined

/** A place where nothing is yet, for one test. Servers are a fake, one for all tests of a file. */
export const newPlace = async (kind: StoreKind['place']): Promise<Place> => {
  if (kind === 'directory') {
    const { path, remove } = temporaryDirectory()
    return { place: path, remove }
  }
  fake ??= startFake()
  return { place: withOwnPrefix((await fake).url('')), remove: () => {} }
}

export const newPlaceOnRealServer = async (): Promise<Place> => {
  if (realEventStoreDb === undefined) throw new Error('MUSTER_TEST_EVENTSTORE_URL is not set')
  return { place: withOwnPrefix(realEventStoreDb), remove: () => {} }
}
