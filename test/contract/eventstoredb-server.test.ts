/** A whole server on EventStoreDB: nothing in it may rely on positions that count, or on a store that always answers. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openEventStoreDb } from '../../src/eventstore/eventstoredb/open.ts'
import type { EventStore } from '../../src/eventstore/port.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLogger } from '../../src/platform/logger.ts'
import { IN_MEMORY } from '../../src/projections/database.ts'
import { createReadModel, type ReadModel } from '../../src/projections/runner.ts'
import { type ControlPlane, caller, registration, startControlPlane } from '../support/control-plane.ts'
import { type FakeEventStoreDb, startFake } from '../support/eventstoredb/fake.ts'
import { eventually } from '../support/eventually.ts'
import { createScriptedAgent, runHealthily } from '../support/scripted-agent.ts'

const service = (count: number, version: number): string => `job "web" {
  group "app" {
    count = ${count}
    task "server" {
      driver = "docker"
      config { image = "demo:${version}" }
    }
  }
}`

let fake: FakeEventStoreDb
const running: { readonly plane: ControlPlane; readonly model: ReadModel }[] = []

beforeEach(async () => {
  fake = await startFake()
})
afterEach(async () => {
  for (const { plane, model } of running.splice(0)) {
    await plane.stop()
    model.close()
  }
  fake.stop()
})

const openStore = (): Promise<EventStore> => openEventStoreDb({ url: fake.url('cluster') })

const start = async () => {
  const model = createReadModel({ path: IN_MEMORY, clock: systemClock, logger: silentLogger })
  const plane = await startControlPlane(await openStore(), systemClock, [model])
  const started = { plane, model }
  running.push(started)
  return started
}

/** Registers versions of a job one after the other and waits until each is deployed. */
const deployVersions = async ({ plane }: { readonly plane: ControlPlane }, versions: number): Promise<void> => {
  const agent = createScriptedAgent({ nodeId: 'n1', onRun: runHealthily })
  plane.server.hub.accept(agent.link)
  await eventually('the node', async () => plane.server.view.state.nodes.get('n1'))
  for (let version = 0; version < versions; version++) {
    const answer = await plane.server.commands.registerJob(registration(service(2 + version, version)), caller())
    expect(answer.kind).toBe('done')
    await eventually(`a deployment of version ${version}`, async () =>
      Array.from(plane.server.view.state.deployments.values()).find(
        deployment => deployment.jobVersion === version && deployment.status === 'successful',
      ),
    )
  }
}

describe('a server on EventStoreDB', () => {
  test('deploys, and another that begins anew comes to the same state and the same rows', async () => {
    const first = await start()
    await deployVersions(first, 2)
    const second = await start()
    const head = second.model.position()
    await first.model.waitFor(head, 10_000)
    expect(second.plane.server.view.state.allocations.size).toBe(first.plane.server.view.state.allocations.size)
    // The second takes the lead and writes on: both are compared once they have seen the same.
    await second.model.waitFor(first.model.position(), 10_000)
    await first.model.waitFor(second.model.position(), 10_000)
    await eventually(
      'both at one position',
      async () => first.model.position() === second.model.position() || undefined,
    )
    expect(second.model.dump()).toEqual(first.model.dump())
  })

  test('does the same while appends are cut off, before and after they took effect, and subscriptions break', async () => {
    let appends = 0
    fake.faults.append = () => {
      appends += 1
      if (appends % 4 === 0) return { kind: 'cut-after-commit' }
      return appends % 7 === 0 ? { kind: 'cut' } : undefined
    }
    let subscriptions = 0
    fake.faults.subscribe = () => {
      subscriptions += 1
      return subscriptions % 3 === 0 ? undefined : { kind: 'cut-after', events: 5 }
    }
    const server = await start()
    await deployVersions(server, 2)
    const { state } = server.plane.server.view
    const wanted = Array.from(state.allocations.values()).filter(allocation => allocation.desired === 'run')
    expect(wanted).toHaveLength(3)
    const ids = fake.log.all().map(record => `${record.stream} ${record.id}`)
    expect(new Set(ids).size).toBe(ids.length)
    expect(appends).toBeGreaterThan(10)
  })
})
