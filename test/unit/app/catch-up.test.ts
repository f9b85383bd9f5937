import { expect, it } from 'vitest'
import { catchUp } from '../../../src/app/catch-up.ts'
import { createClusterView } from '../../../src/app/cluster-view.ts'
import { encode } from '../../../src/app/codec.ts'
import { uuidOf } from '../../../src/domain/ids.ts'
import { CONTROL_STREAM } from '../../../src/domain/streams.ts'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import { systemClock } from '../../../src/platform/clock.ts'
import { newEvents } from '../../support/eventstore.ts'

it('whoever met a conflict waits for what it told of, not for a head that no state follows', async () => {
  const store = createMemoryStore()
  const stopping = new AbortController()
  const view = createClusterView({ store, clock: systemClock, signal: stopping.signal, observers: [] })
  await view.caughtUp
  const taken = encode(
    uuidOf('taken'),
    { type: 'LeadershipTaken', data: { epoch: 1, address: 'elsewhere' } },
    { actor: 'leader:1', correlationId: 'c', causationId: 'c', at: 1 },
  )
  await store.append(CONTROL_STREAM, 'no-stream', [taken])
  await store.append('source-text', 'no-stream', newEvents(1))
  await catchUp(store, view, CONTROL_STREAM, 'no-stream')
  expect(view.state.epoch).toBe(1)
  expect(view.state.position).toBeLessThan(await store.head())
  await catchUp(store, view, CONTROL_STREAM, 0)
  stopping.abort()
  await store.close()
})
