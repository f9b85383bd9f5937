import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { jobKey } from '../../../../src/domain/ids.ts'
import { MAX_PRIORITY, MIN_PRIORITY } from '../../../../src/domain/limits.ts'
import { type ControlPlane, caller, registration, startControlPlane } from '../../../support/control-plane.ts'
import { eventually } from '../../../support/eventually.ts'
import { createScriptedAgent, runHealthily } from '../../../support/scripted-agent.ts'

const file = (count: number, cpu: number, image = 'demo:1'): string => `job "web" {
  group "app" {
    count = ${count}
    task "server" {
      driver = "docker"
      config { image = "${image}" }
      resources { cpu = ${cpu} }
    }
  }
}`

const KEY = jobKey('default', 'web')
// The first job file waits for the HCL gate's worker, which a busy machine starts slowly.
vi.setConfig({ testTimeout: 30_000 })
let plane: ControlPlane
beforeEach(async () => {
  plane = await startControlPlane()
})
afterEach(() => plane.stop())

const register = (source: string, more: object = {}) =>
  plane.server.commands.registerJob({ ...registration(source), ...more }, caller())

const stopJob = (more: object) =>
  plane.server.commands.stopJob(
    { namespace: 'default', jobId: 'web', purges: false, stopsChildren: false, ...more },
    caller(),
  )

const counts = (): unknown => plane.server.view.state.jobs.get(KEY)?.spec.groups.map(group => group.count)
const cpus = (): unknown =>
  plane.server.view.state.jobs.get(KEY)?.spec.groups.map(group => group.tasks.map(task => task.resources.cpuMhz))

const evaluationOf = (outcome: object) => {
  if (!('evaluationId' in outcome)) throw new Error(`refused: ${JSON.stringify(outcome)}`)
  return plane.server.view.state.evaluations.get(String(outcome.evaluationId))
}

describe('a registration that preserves', () => {
  it.each([
    [{}, [1], [[200]]],
    [{ preservesCounts: true }, [3], [[200]]],
    [{ preservesResources: true }, [1], [[100]]],
    [{ preservesCounts: true, preservesResources: true }, [3], [[100]]],
  ])('takes from the registered job what %j says', async (more, count, cpu) => {
    await register(file(3, 100))
    await register(file(1, 200, 'demo:2'), more)
    expect([counts(), cpus()]).toEqual([count, cpu])
  })

  it('has nothing to take from for a new job, a purged one, and a new group', async () => {
    const preserving = { preservesCounts: true, preservesResources: true }
    await register(file(2, 200), preserving)
    expect([counts(), cpus()]).toEqual([[2], [[200]]])
    await stopJob({ purges: true })
    await register(file(1, 100), preserving)
    expect([counts(), cpus()]).toEqual([[1], [[100]]])
    await register(file(5, 300).replace('group "app"', 'group "other"'), preserving)
    expect([counts(), cpus()]).toEqual([[5], [[300]]])
  })

  it('opens no new version when nothing else is new', async () => {
    await register(file(3, 100))
    await register(file(1, 100), { preservesCounts: true })
    expect(plane.server.view.state.jobs.get(KEY)?.version).toBe(0)
  })
})

describe('the priority of an evaluation', () => {
  it("is what was asked for, and the job's own stays", async () => {
    expect(evaluationOf(await register(file(1, 100), { evaluationPriority: 70 }))?.priority).toBe(70)
    expect(plane.server.view.state.jobs.get(KEY)?.spec.priority).toBe(50)
    expect(evaluationOf(await register(file(1, 100), { evaluationPriority: 71 }))?.priority).toBe(71)
    expect(evaluationOf(await register(file(1, 100)))?.priority).toBe(50)
    expect(evaluationOf(await stopJob({ evaluationPriority: 72 }))?.priority).toBe(72)
    expect(evaluationOf(await stopJob({ purges: true, evaluationPriority: 73 }))?.priority).toBe(73)
  })

  it.each([
    [MIN_PRIORITY - 1, 'rejected'],
    [MIN_PRIORITY, 'done'],
    [MAX_PRIORITY, 'done'],
    [MAX_PRIORITY + 1, 'rejected'],
  ])('is a number from 1 to 100: %i is %s', async (evaluationPriority, kind) => {
    const registered = await register(file(1, 100), { evaluationPriority })
    expect(registered.kind).toBe(kind)
    if (registered.kind === 'rejected') expect(registered.code).toBe('REQUEST_INVALID')
    await register(file(1, 100))
    expect((await stopJob({ evaluationPriority })).kind).toBe(kind)
  })
})

describe('a stop that skips shutdown delays', () => {
  const runOne = async () => {
    const agent = createScriptedAgent({ nodeId: 'n1', onRun: runHealthily })
    plane.server.hub.accept(agent.link)
    await eventually('the node', async () => plane.server.view.state.nodes.get('n1'))
    await register(file(1, 100))
    const held = await eventually('an allocation', async () => Array.from(agent.held.values())[0])
    return { agent, id: held.allocationId }
  }

  const toldOf = (agent: ReturnType<typeof createScriptedAgent>, id: string) =>
    eventually('the stop', async () =>
      agent.received
        .flatMap(message => (message.kind === 'desired' ? message.allocations : []))
        .find(({ allocationId, desired }) => allocationId === id && desired === 'stop'),
    )

  it.each([true, false])('tells the node so with the stop of the job (%s)', async skipsShutdownDelay => {
    const { agent, id } = await runOne()
    await stopJob({ skipsShutdownDelay })
    expect((await toldOf(agent, id)).skipsShutdownDelay).toBe(skipsShutdownDelay)
  })

  it.each([true, false])('tells the node so with the stop of one allocation (%s)', async skipsShutdownDelay => {
    const { agent, id } = await runOne()
    await plane.server.commands.stopAllocation({ allocationId: id, skipsShutdownDelay }, caller())
    expect((await toldOf(agent, id)).skipsShutdownDelay).toBe(skipsShutdownDelay)
  })
})

it('runs that are forced in one second are launched each, under ids of their own', async () => {
  const schedule = 'type = "batch"\n periodic {\n cron = "0 0 1 1 *"\n }'
  await register(file(1, 100).replace('group "app"', `${schedule}\n group "app"`))
  const force = () => plane.server.commands.forcePeriodic({ namespace: 'default', jobId: 'web' }, caller())
  const forced = await Promise.all([force(), force(), force()])
  const ids = forced.map(outcome => (outcome.kind === 'done' ? outcome.launchedJobId : outcome.message))
  expect(new Set(ids).size).toBe(3)
  // Three of at most two neighbouring seconds: two of them share one.
  expect(ids.filter(id => /^web\/periodic-\d+$/.test(id)).length).toBeLessThan(3)
  for (const outcome of forced) {
    const evaluation = evaluationOf(outcome)
    expect(ids.map(id => jobKey('default', id))).toContain(evaluation?.jobKey)
  }
  for (const id of ids)
    expect(plane.server.view.state.jobs.get(jobKey('default', id))?.derivation?.parentId).toBe('web')
})
