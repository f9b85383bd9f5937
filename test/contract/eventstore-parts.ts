/** What the parts of the event stores' contract share. */
import { afterEach, beforeEach, expect } from 'vitest'
import type { AppendResult, EventStore, Position, RecordedEvent } from '../../src/eventstore/port.ts'
import { within } from '../support/eventstore.ts'
import type { Place } from '../support/eventstore-places.ts'

/** How a store under test is made: a new place for each test, and how one at a place is opened, again and again. */
export type Subject = {
  readonly newPlace: () => Promise<Place>
  readonly open: (place: string) => Promise<EventStore>
}

/** An append's result, whatever the position: positions are ordered and unique, and nobody may rely on more. */
export const appended = (revision: number, position: Position = expect.any(Number)): AppendResult => ({
  kind: 'appended',
  revision,
  position,
})

/** The position that an append was answered with. */
export const positionOf = (result: AppendResult): Position => {
  if (result.kind !== 'appended') throw new Error('the append conflicted')
  return result.position
}

export const placesOf = (events: readonly RecordedEvent[]): string[] =>
  events.map(event => `${event.stream}@${event.revision}`)

/** `job-a@0`, `job-a@1` … */
export const placesIn = (stream: string, count: number, first = 0): string[] =>
  Array.from({ length: count }, (_, index) => `${stream}@${first + index}`)

/** That each event stands behind the one before it. */
export const expectRising = (events: readonly RecordedEvent[]): void => {
  let last = -1
  for (const { position } of events) {
    if (!Number.isSafeInteger(position) || position <= last) throw new Error(`position ${position} comes after ${last}`)
    last = position
  }
}

/** A store of its own for each test of a suite, closed and removed after it. */
export const useStore = ({ newPlace, open }: Subject): (() => EventStore) => {
  let store: EventStore
  let remove: () => void
  beforeEach(async () => {
    const place = await newPlace()
    remove = place.remove
    store = await open(place.place)
  })
  afterEach(async () => {
    await within('closing the store', store.close())
    remove()
  })
  return () => store
}
