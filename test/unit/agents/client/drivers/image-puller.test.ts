import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import type { DockerApi } from '../../../../../src/agents/client/drivers/docker/docker-api.ts'
import { createImagePuller } from '../../../../../src/agents/client/drivers/docker/image-puller.ts'
import { parseImageReference } from '../../../../../src/agents/client/drivers/docker/image-reference.ts'
import type { DriverEvent } from '../../../../../src/agents/client/drivers/driver.ts'
import { createManualClock } from '../../../../support/manual-clock.ts'

/** An engine that answers every pull with these lines, when the test lets it. */
const createEngine = (lines: readonly object[]) => {
  let pulls = 0
  let answer: () => void = () => {}
  const api = {
    stream: async () => {
      pulls += 1
      await new Promise<void>(resolve => {
        answer = resolve
      })
      return Readable.from(lines.map(line => Buffer.from(`${JSON.stringify(line)}\n`)))
    },
  } as unknown as DockerApi
  return { api, pulls: () => pulls, answer: () => answer() }
}

const TASKS = 50
const reference = parseImageReference('registry.example:5000/web:1')

const pullForAll = (engine: ReturnType<typeof createEngine>) => {
  if (reference === undefined) throw new Error('no reference')
  const limits = { totalMs: 60_000, idleMs: 60_000 }
  const puller = createImagePuller({ api: engine.api, clock: createManualClock(), limits })
  const events: DriverEvent[] = []
  const ask = () =>
    Promise.all(
      Array.from({ length: TASKS }, () =>
        puller.pull(reference, undefined, event => events.push(event), new AbortController().signal),
      ),
    )
  return { ask, events }
}

test('one pull serves fifty tasks that want the same image at once (F27)', async () => {
  const engine = createEngine([{ status: 'Pull complete', id: '0123456789ab' }])
  const { ask, events } = pullForAll(engine)
  const results = ask()
  engine.answer()
  expect(await results).toEqual(Array.from({ length: TASKS }, () => ({ kind: 'pulled' })))
  expect(engine.pulls()).toBe(1)
  expect(events.filter(({ message }) => message === 'Downloading image')).toHaveLength(TASKS)
})

test('a disk that is full fails all of them with its own words, once, and the next try is one pull again (F27, F13)', async () => {
  const why = 'failed to register layer: write /usr/lib/big: no space left on device'
  const engine = createEngine([{ status: 'Downloading', id: '0123456789ab' }, { error: why }])
  const { ask } = pullForAll(engine)
  for (const round of [1, 2]) {
    const results = ask()
    engine.answer()
    const message = `cannot pull image registry.example:5000/web:1 from registry.example:5000: ${why}`
    // To be tried again by each task's own policy, after its delay: there may be room then.
    expect(await results).toEqual(
      Array.from({ length: TASKS }, () => ({ kind: 'failed', message, isRecoverable: true })),
    )
    expect(engine.pulls()).toBe(round)
  }
})
