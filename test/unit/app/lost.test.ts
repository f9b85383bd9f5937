import { expect, test } from 'vitest'
import { createClusterView } from '../../../src/app/cluster-view.ts'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import type { EventStore, SubscriptionItem } from '../../../src/eventstore/port.ts'
import { eventually } from '../../support/eventually.ts'
import { createManualClock } from '../../support/manual-clock.ts'

/** A store whose subscription says what the test hands it. */
const scripted = () => {
  const items: SubscriptionItem[] = []
  let wake: () => void = () => {}
  const store: EventStore = {
    ...createMemoryStore(),
    subscribe: async function* (_after, _filter, signal) {
      signal.addEventListener('abort', () => wake())
      while (!signal.aborted) {
        const item = items.shift()
        if (item !== undefined) yield item
        else {
          await new Promise<void>(resolve => {
            wake = resolve
          })
        }
      }
    },
  }
  return {
    store,
    say: (item: SubscriptionItem): void => {
      items.push(item)
      wake()
    },
  }
}

test('a view knows since when its store is out of reach, until it has caught up again', async () => {
  const clock = createManualClock()
  const stopping = new AbortController()
  const { store, say } = scripted()
  const view = createClusterView({ store, clock, signal: stopping.signal, observers: [] })
  say({ kind: 'caught-up', position: -1 })
  await view.caughtUp
  expect(view.lostSinceMs()).toBeNull()
  const lostAt = clock.monotonicMs()
  say({ kind: 'lost' })
  await eventually('the loss', async () => view.lostSinceMs() ?? undefined)
  await clock.advance(5_000)
  say({ kind: 'lost' })
  expect(view.lostSinceMs()).toBe(lostAt)
  say({ kind: 'caught-up', position: -1 })
  await eventually('the end of it', async () => (view.lostSinceMs() === null ? true : undefined))
  stopping.abort()
  await view.done
})
