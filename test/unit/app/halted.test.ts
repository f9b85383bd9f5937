import { afterEach, describe, expect, it } from 'vitest'
import { schemaOf } from '../../../src/domain/events.ts'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import type { EventStore, NewEvent } from '../../../src/eventstore/port.ts'
import { uuidV4 } from '../../../src/platform/ids.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { type ControlPlane, caller, registration, startControlPlane } from '../../support/control-plane.ts'

const job = (name: string): string => `job "${name}" {
  type = "batch"
  group "g" {
    task "t" {
      driver = "mock"
    }
  }
}`

const foreign = (type: string, schema: number): NewEvent => ({
  id: uuidV4(systemRandom),
  type,
  data: { what: 'nobody here knows' },
  metadata: { $correlationId: 'c', $causationId: 'c', schema, actor: 'a newer Muster', at: 1 },
})

let plane: ControlPlane | undefined
afterEach(() => plane?.stop())

/** A log that a server of this version began and something else went on with. */
const poisoned = async (event: NewEvent): Promise<{ readonly store: EventStore; readonly position: number }> => {
  const store = createMemoryStore()
  const before = await startControlPlane(store)
  expect((await before.server.commands.registerJob(registration(job('before')), caller())).kind).toBe('done')
  await before.server.stop()
  const result = await store.append('job-default/before', 'any', [event])
  return { store, position: result.kind === 'appended' ? result.position : -1 }
}

describe('a log with an event that this version does not know (F18, F32)', () => {
  it.each([
    [
      'of an unknown type',
      foreign('JobTeleported', 1),
      /event JobTeleported \(schema 1\) at position \d+ of stream job-default\/before/,
    ],
    [
      'of a schema from the future',
      foreign('JobStopped', schemaOf.JobStopped + 1),
      /event JobStopped \(schema 2\) at position \d+/,
    ],
  ])(
    '%s: the server starts, stands before it, shows what it knows and decides nothing',
    async (_what, event, message) => {
      const { store, position } = await poisoned(event)
      plane = await startControlPlane(store)
      const { server } = plane
      expect(server.view.halted()).toMatchObject({ code: 'EVENT_UNKNOWN', message: expect.stringMatching(message) })
      expect(server.view.state.jobs.has('default/before')).toBe(true)
      expect(server.view.state.position).toBeLessThan(position)
      expect(server.leader.isLeader()).toBe(false)
      const head = await store.head()
      await expect(server.commands.registerJob(registration(job('after')), caller())).rejects.toMatchObject({
        code: 'EVENT_UNKNOWN',
      })
      await expect(server.view.reached(position, 1_000)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' })
      expect(await store.head()).toBe(head)
    },
  )

  it('met while it leads ends its leadership, and nothing more is recorded', async () => {
    const store = createMemoryStore()
    plane = await startControlPlane(store)
    const { server } = plane
    expect((await server.commands.registerJob(registration(job('before')), caller())).kind).toBe('done')
    await store.append('job-default/before', 'any', [foreign('JobTeleported', 1)])
    await expect(server.view.reached(await store.head(), 5_000)).rejects.toMatchObject({ code: 'EVENT_UNKNOWN' })
    expect(server.leader.isLeader()).toBe(false)
    const head = await store.head()
    await expect(server.commands.registerJob(registration(job('after')), caller())).rejects.toThrow(/not known/)
    expect(await store.head()).toBe(head)
  })
})
