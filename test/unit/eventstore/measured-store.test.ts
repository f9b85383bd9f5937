import { expect, it } from 'vitest'
import { measureAppends } from '../../../src/eventstore/measured-store.ts'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import type { NewEvent } from '../../../src/eventstore/port.ts'
import { createManualClock } from '../../support/manual-clock.ts'

const event = (id: string): NewEvent => ({
  id,
  type: 'E',
  data: {},
  metadata: { $correlationId: 'c', $causationId: 'c', schema: 1, actor: 'test', at: 0 },
})
const id = (number: number): string => `00000000-0000-4000-8000-00000000000${number}`
const none = { appended: 0, conflicts: 0, failures: 0, seconds: 0 }

it('counts appends, conflicts and failures, in batches too, and changes nothing about them', async () => {
  const { store, counts } = measureAppends(createMemoryStore(), createManualClock())
  expect(counts()).toEqual(none)
  expect((await store.append('a-1', 'no-stream', [event(id(1))])).kind).toBe('appended')
  expect((await store.append('a-1', 'no-stream', [event(id(2))])).kind).toBe('conflict')
  const batch = [
    { stream: 'a-1', expected: 0, events: [event(id(3))] },
    { stream: 'a-2', expected: 5, events: [event(id(4))] },
  ]
  expect((await store.appendBatch(batch)).map(({ kind }) => kind)).toEqual(['appended', 'conflict'])
  expect(counts()).toEqual({ ...none, appended: 2, conflicts: 2 })
  await store.close()
  await expect(store.append('a-1', 1, [event(id(5))])).rejects.toThrow()
  expect(counts()).toEqual({ ...none, appended: 2, conflicts: 2, failures: 1 })
})

it('adds up how long appends take, those that fail too', async () => {
  const clock = createManualClock()
  const wait = (ms: number): Promise<void> => new Promise<void>(resolve => clock.after(ms, resolve))
  const slow = {
    ...createMemoryStore(),
    append: async () => {
      await wait(1_500)
      throw new Error('no room')
    },
  }
  const { store, counts } = measureAppends(slow, clock)
  const failed = expect(store.append('a-1', 'any', [event(id(1))])).rejects.toThrow('no room')
  await clock.advance(1_500)
  await failed
  expect(counts()).toEqual({ ...none, failures: 1, seconds: 1.5 })
})
