import { describe, expect, it } from 'vitest'
import type { Lifecycle } from '../../../../src/domain/jobspec/schema.ts'
import { buildDesired, createAgentBench, mockTask } from '../../../support/agent-bench.ts'
import { buildCheck, buildService, buildUpdate } from '../../../support/builders.ts'

const forever = { run_for: '24h' }
const hook = (name: Lifecycle['hook'], isSidecar = false): Lifecycle => ({ hook: name, isSidecar })
const noRestart = { attempts: 0, intervalMs: 60_000, delayMs: 1_000, mode: 'fail', rendersTemplates: false } as const
const oneRestart = { ...noRestart, attempts: 1 }

const runningTasks = (ids: readonly string[]): readonly string[] => ids.map(id => id.split('/')[1] ?? '').sort()

describe('the life cycle of an allocation', () => {
  it('runs prestart tasks before main tasks, poststart after them and poststop at the end', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, {
      tasks: [
        mockTask('after', { run_for: '1s' }, { lifecycle: hook('poststop') }),
        mockTask('web', forever),
        mockTask('init', { run_for: '2s' }, { lifecycle: hook('prestart') }),
        mockTask('proxy', forever, { lifecycle: hook('prestart', true) }),
        mockTask('warm', { run_for: '2s' }, { lifecycle: hook('poststart') }),
      ],
    })
    await bench.begin([desired])
    await bench.clock.advance(1_000)
    expect(runningTasks(bench.world.running())).toEqual(['init', 'proxy'])
    await bench.clock.advance(2_000)
    expect(runningTasks(bench.world.running())).toEqual(['proxy', 'warm', 'web'])
    await bench.clock.advance(3_000)
    expect(runningTasks(bench.world.running())).toEqual(['proxy', 'web'])
    bench.server.desire([{ ...desired, job: null, desired: 'stop' }])
    await bench.clock.advance(500)
    expect(runningTasks(bench.world.running())).toEqual(['after'])
    await bench.clock.advance(2_000)
    expect(bench.world.running()).toEqual([])
    expect(bench.server.task(desired.allocationId, 'after')).toMatchObject({ phase: 'dead', isFailed: false })
  })

  it('skips the shutdown delays of group and task when it is told to', async () => {
    const bench = createAgentBench()
    const tasks = [mockTask('web', forever, { shutdownDelayMs: 2_000 })]
    const desired = buildDesired(1, { tasks, shutdownDelayMs: 3_000 })
    await bench.begin([desired])
    await bench.clock.advance(500)
    bench.server.desire([{ ...desired, job: null, desired: 'stop', skipsShutdownDelay: true }])
    await bench.clock.advance(500)
    expect(bench.world.running()).toEqual([])
    const types = bench.server.eventTypes(desired.allocationId, 'web')
    expect(types.filter(type => type.includes('shutdown delay'))).toEqual(['Skipping shutdown delay'])
  })

  it('stops the leader first and sidecars last', async () => {
    const bench = createAgentBench()
    const slow = { run_for: '24h', kill_after: '1s' }
    const desired = buildDesired(1, {
      tasks: [
        mockTask('side', slow, { lifecycle: hook('poststart', true) }),
        mockTask('follower', slow),
        mockTask('lead', slow, { isLeader: true }),
      ],
    })
    await bench.begin([desired])
    await bench.clock.advance(500)
    expect(runningTasks(bench.world.running())).toEqual(['follower', 'lead', 'side'])
    bench.server.desire([{ ...desired, job: null, desired: 'stop' }])
    await bench.clock.advance(1_100)
    expect(runningTasks(bench.world.running())).toEqual(['follower', 'side'])
    await bench.clock.advance(1_100)
    expect(runningTasks(bench.world.running())).toEqual(['side'])
    await bench.clock.advance(1_100)
    expect(bench.world.running()).toEqual([])
  })

  it('takes the siblings of a failed task along, and says why', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, {
      tasks: [mockTask('bad', { run_for: '1s', exit_code: 1 }, { restart: noRestart }), mockTask('good', forever)],
    })
    await bench.begin([desired])
    await bench.clock.advance(3_000)
    expect(bench.world.running()).toEqual([])
    expect(bench.server.eventMessages(desired.allocationId, 'bad').at(-1)).toBe('Policy allows no restarts')
    expect(bench.server.eventTypes(desired.allocationId, 'good')).toContain('Sibling Task Failed')
    expect(bench.server.task(desired.allocationId, 'good')).toMatchObject({ phase: 'dead', isFailed: false })
  })

  it('ends sidecars when all main tasks are done', async () => {
    const bench = createAgentBench()
    const tasks = [mockTask('work', { run_for: '2s' }), mockTask('log', forever, { lifecycle: hook('prestart', true) })]
    const desired = buildDesired(1, { tasks }, {}, { type: 'batch' })
    await bench.begin([desired])
    await bench.clock.advance(5_000)
    expect(bench.world.running()).toEqual([])
    expect(bench.server.eventTypes(desired.allocationId, 'log')).toContain('Main Tasks Dead')
  })

  it('waits for the shutdown delays of group and task before it kills', async () => {
    const bench = createAgentBench()
    const tasks = [mockTask('web', forever, { shutdownDelayMs: 2_000 })]
    const desired = buildDesired(1, { tasks, shutdownDelayMs: 3_000 })
    await bench.begin([desired])
    await bench.clock.advance(500)
    bench.server.desire([{ ...desired, job: null, desired: 'stop' }])
    await bench.clock.advance(4_900)
    expect(bench.world.running()).toHaveLength(1)
    await bench.clock.advance(200)
    expect(bench.world.running()).toEqual([])
    const types = bench.server.eventTypes(desired.allocationId, 'web')
    expect(types.filter(type => type === 'Waiting for shutdown delay')).toHaveLength(2)
  })

  it('kills a task that ignores its signal after the timeout', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, {
      tasks: [mockTask('web', { run_for: '24h', ignore_stop: true }, { killTimeoutMs: 4_000 })],
    })
    await bench.begin([desired])
    await bench.clock.advance(500)
    bench.server.desire([{ ...desired, job: null, desired: 'stop' }])
    await bench.clock.advance(3_900)
    expect(bench.world.running()).toHaveLength(1)
    await bench.clock.advance(200)
    expect(bench.world.running()).toEqual([])
    expect(bench.server.eventMessages(desired.allocationId, 'web')).toContain(
      'Sent interrupt. Waiting 4s before force killing',
    )
  })

  it('gives up a start that is under way when it is to stop', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', { run_for: '24h', start_block_for: '1h' })] })
    await bench.begin([desired])
    await bench.clock.advance(500)
    expect(bench.server.task(desired.allocationId, 'web')?.phase).toBe('pending')
    bench.server.desire([{ ...desired, job: null, desired: 'stop' }])
    await bench.clock.advance(500)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'dead', isFailed: false })
    expect(bench.world.running()).toEqual([])
  })

  it('fails a task that can never start without asking the policy', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', { start_error: 'no such image' })] })
    const odd = buildDesired(2, { tasks: [mockTask('odd', { unheard_of: 1 })] })
    await bench.begin([desired, odd])
    await bench.clock.advance(500)
    expect(bench.server.eventTypes(desired.allocationId, 'web').slice(2)).toEqual(['Driver Failure', 'Not Restarting'])
    expect(bench.server.eventMessages(desired.allocationId, 'web')).toContain('no such image')
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'dead', isFailed: true })
    expect(bench.server.eventMessages(odd.allocationId, 'odd').join()).toContain('no option "unheard_of"')
  })
})

describe('the health of an allocation', () => {
  const healthOf = (bench: ReturnType<typeof createAgentBench>) =>
    bench.server
      .reports()
      .flatMap(report => report.allocations.flatMap(one => (one.health === null ? [] : [one.health])))

  it('is reported once tasks and checks were well for min_healthy_time', async () => {
    let isUp = false
    const bench = createAgentBench({ probe: async () => ({ isSuccess: isUp, output: isUp ? 'up' : 'down' }) })
    const service = buildService({ port: '80', checks: [buildCheck({ intervalMs: 1_000 })] })
    const update = buildUpdate({ minHealthyTimeMs: 5_000, healthyDeadlineMs: 60_000 })
    const desired = buildDesired(
      1,
      { tasks: [mockTask('web', forever)], services: [service], update },
      { deploymentId: 'deployment-1' },
    )
    await bench.begin([desired])
    await bench.clock.advance(10_000)
    expect(healthOf(bench)).toEqual([])
    isUp = true
    await bench.clock.advance(5_100)
    expect(healthOf(bench)).toEqual([])
    await bench.clock.advance(1_000)
    expect(healthOf(bench)).toMatchObject([{ isHealthy: true, deploymentId: 'deployment-1' }])
    const checks = bench.server.reports().flatMap(report => report.allocations.flatMap(one => one.checks))
    expect(checks.map(({ status }) => status)).toEqual(['pending', 'failure', 'success'])
  })

  it('is bad after the deadline, with the reason in the events', async () => {
    const bench = createAgentBench({ probe: async () => ({ isSuccess: false, output: 'down' }) })
    const service = buildService({ port: '80', checks: [buildCheck({ name: 'alive', intervalMs: 1_000 })] })
    const update = buildUpdate({ minHealthyTimeMs: 1_000, healthyDeadlineMs: 8_000 })
    const desired = buildDesired(
      1,
      { tasks: [mockTask('web', forever)], services: [service], update },
      { deploymentId: 'deployment-1' },
    )
    await bench.begin([desired])
    await bench.clock.advance(9_000)
    expect(healthOf(bench)).toMatchObject([{ isHealthy: false }])
    expect(bench.server.eventMessages(desired.allocationId, 'web').at(-1)).toContain('"alive"')
  })

  it('is bad as soon as a task failed', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(
      1,
      {
        tasks: [mockTask('web', { run_for: '1s', exit_code: 1 }, { restart: noRestart })],
        update: buildUpdate({ minHealthyTimeMs: 10_000 }),
      },
      { deploymentId: 'deployment-1' },
    )
    await bench.begin([desired])
    await bench.clock.advance(2_000)
    expect(healthOf(bench)).toMatchObject([{ isHealthy: false }])
  })

  it('restarts a task whose check keeps failing, counted against the policy', async () => {
    const bench = createAgentBench({ probe: async () => ({ isSuccess: false, output: 'down' }) })
    const check = buildCheck({ name: 'alive', intervalMs: 1_000, checkRestart: { limit: 3, graceMs: 2_000 } })
    const tasks = [mockTask('web', forever, { restart: oneRestart })]
    const desired = buildDesired(1, { tasks, services: [buildService({ port: '80', checks: [check] })] })
    await bench.begin([desired])
    await bench.clock.advance(30_000)
    expect(bench.server.eventMessages(desired.allocationId, 'web')).toContain('healthcheck: check "alive" unhealthy')
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'dead', isFailed: true, restarts: 1 })
  })
})
