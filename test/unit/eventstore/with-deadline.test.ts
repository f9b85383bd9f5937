import { expect, test } from 'vitest'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import type { EventStore } from '../../../src/eventstore/port.ts'
import { APPEND_TIMEOUT_MS, withDeadline } from '../../../src/eventstore/with-deadline.ts'
import { codeOf, newEvents } from '../../support/eventstore.ts'
import { createManualClock } from '../../support/manual-clock.ts'

/** A memory store behind a disk that hangs until it is let go. */
const createHanging = () => {
  const inner = createMemoryStore()
  let release = (): void => {}
  const hangs = new Promise<void>(resolve => {
    release = resolve
  })
  const store: EventStore = {
    ...inner,
    append: async (...args) => {
      await hangs
      return inner.append(...args)
    },
    appendBatch: async appends => {
      await hangs
      return inner.appendBatch(appends)
    },
  }
  return { inner, store, release: () => release() }
}

test('an append that hangs has an unknown outcome after its time, not before, and the same one again finds it out', async () => {
  const clock = createManualClock()
  const { inner, store, release } = createHanging()
  const timed = withDeadline(store, clock)
  const events = newEvents(1)
  let answer: string | undefined
  const attempt = codeOf(timed.append('job-a', 'no-stream', events)).then(code => {
    answer = code
  })
  await clock.advance(APPEND_TIMEOUT_MS - 1)
  expect(answer).toBeUndefined()
  await clock.advance(1)
  await attempt
  expect(answer).toBe('STORE_OUTCOME_UNKNOWN')
  release()
  // It was carried out late; a repeat is answered as what it is.
  const again = await timed.append('job-a', 'no-stream', events)
  expect(again).toMatchObject({ kind: 'appended', revision: 0 })
  expect(await inner.head()).toBe(0)
  expect(clock.timerCount()).toBe(0)
})

test('a batch has the same time, and what is answered in time is not touched', async () => {
  const clock = createManualClock()
  const { store, release } = createHanging()
  const timed = withDeadline(store, clock)
  const attempt = codeOf(timed.appendBatch([{ stream: 'job-a', expected: 'no-stream', events: newEvents(1) }]))
  await clock.advance(APPEND_TIMEOUT_MS)
  expect(await attempt).toBe('STORE_OUTCOME_UNKNOWN')
  release()
  expect(await timed.append('job-b', 'no-stream', newEvents(2))).toMatchObject({ kind: 'appended', revision: 1 })
})
