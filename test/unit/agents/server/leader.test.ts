import { afterEach, beforeEach, expect, it } from 'vitest'
import { createLeader } from '../../../../src/agents/server/leader.ts'
import type { Reactor } from '../../../../src/agents/server/reactor.ts'
import { createClusterView } from '../../../../src/app/cluster-view.ts'
import { createJobCommandHandler } from '../../../../src/app/job-commands.ts'
import { MAX_CONTROL_BATCH } from '../../../../src/domain/limits.ts'
import { CONTROL_STREAM } from '../../../../src/domain/streams.ts'
import { createMemoryStore } from '../../../../src/eventstore/memory.ts'
import type { EventStore } from '../../../../src/eventstore/port.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import { seededRandom } from '../../../../src/platform/random.ts'

let store: EventStore
let stopping: AbortController
beforeEach(() => {
  store = createMemoryStore()
  stopping = new AbortController()
})
afterEach(async () => {
  stopping.abort()
  await store.close()
})

const leaderOf = async (reactors: readonly Reactor[]) => {
  const { signal } = stopping
  const view = createClusterView({ store, clock: systemClock, signal, observers: [] })
  await view.caughtUp
  const leader = createLeader({
    store,
    view,
    commands: createJobCommandHandler(store, view),
    reactors,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    address: 'test',
    signal,
  })
  await leader.take()
  return { leader, view }
}

const controlEvents = async (): Promise<number> => {
  let count = 0
  for await (const event of store.read(CONTROL_STREAM)) count += event.type === 'LeadershipTaken' ? 0 : 1
  return count
}

/** Has `wanted` decisions to make, and makes those that the batch has room for. */
const busy = (wanted: number): Reactor => {
  let left = wanted
  return {
    name: 'busy',
    plan: ({ batch }) => {
      for (; left > 0 && !batch.isFull(); left--) batch.add({ type: 'EvaluationsCreated', data: { evaluations: [] } })
    },
    nextWake: () => null,
  }
}

it.each([MAX_CONTROL_BATCH - 1, MAX_CONTROL_BATCH])('%i decisions are appended in one step', async wanted => {
  const { leader } = await leaderOf([busy(wanted)])
  expect(await leader.step()).toBe('worked')
  expect(await controlEvents()).toBe(wanted)
  expect(await leader.step()).toBe('idle')
})

it('one decision more than the limit waits for the next step', async () => {
  const { leader } = await leaderOf([busy(MAX_CONTROL_BATCH + 1)])
  expect(await leader.step()).toBe('worked')
  expect(await controlEvents()).toBe(MAX_CONTROL_BATCH)
  expect(await leader.step()).toBe('worked')
  expect(await controlEvents()).toBe(MAX_CONTROL_BATCH + 1)
})
