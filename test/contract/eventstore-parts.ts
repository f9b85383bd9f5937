/** What the parts of the event stores' contract share. */
import { afterEach, beforeEach } from 'vitest'
import type { AppendResult, EventStore } from '../../src/eventstore/port.ts'
import { temporaryDirectory } from '../support/eventstore.ts'

export type Open = (directory: string) => Promise<EventStore>

export const appended = (revision: number, position: number): AppendResult => ({ kind: 'appended', revision, position })

/** A store of its own for each test of a suite, closed and removed after it. */
export const useStore = (open: Open): (() => EventStore) => {
  let store: EventStore
  let remove: () => void
  beforeEach(async () => {
    const directory = temporaryDirectory()
    remove = directory.remove
    store = await open(directory.path)
  })
  afterEach(async () => {
    await store.close()
    remove()
  })
  return () => store
}
