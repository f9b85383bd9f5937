import { describe, expect, it } from 'vitest'
import { buildDesired, createAgentBench, mockTask } from '../../../support/agent-bench.ts'
import { settle } from '../../../support/manual-clock.ts'

const forever = { run_for: '24h' }

describe('a client agent', () => {
  it('registers, reports itself in full and is ready', async () => {
    const bench = createAgentBench()
    await bench.begin()
    await bench.agent().ready
    const hello = bench.server.messages[0]
    expect(hello).toMatchObject({ kind: 'hello', checkpoint: -1, node: { name: 'node-1', address: '127.0.0.1' } })
    expect(bench.server.reports()[0]).toMatchObject({ isFull: true, sequence: 1, allocations: [] })
  })

  it('runs a task and tells its life in order', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', { run_for: '5s' })] }, {}, { type: 'batch' })
    await bench.begin([desired])
    await bench.clock.advance(500)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'running', startNumber: 1 })
    await bench.clock.advance(6_000)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({
      phase: 'dead',
      isFailed: false,
      exitCode: 0,
    })
    expect(bench.server.eventTypes(desired.allocationId, 'web')).toEqual([
      'Received',
      'Task Setup',
      'Started',
      'Terminated',
    ])
  })

  it('restarts what fails within its policy and gives up after it', async () => {
    const bench = createAgentBench()
    const restart = { attempts: 1, intervalMs: 60_000, delayMs: 1_000, mode: 'fail', rendersTemplates: false } as const
    const desired = buildDesired(1, { tasks: [mockTask('web', { run_for: '1s', exit_code: 3 }, { restart })] })
    await bench.begin([desired])
    await bench.clock.advance(20_000)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({
      phase: 'dead',
      isFailed: true,
      startNumber: 2,
      restarts: 1,
      exitCode: 3,
    })
    expect(bench.server.eventTypes(desired.allocationId, 'web')).toEqual([
      'Received',
      'Task Setup',
      'Started',
      'Terminated',
      'Restarting',
      'Started',
      'Terminated',
      'Not Restarting',
    ])
    expect(bench.server.eventMessages(desired.allocationId, 'web').at(-1)).toBe(
      'Exceeded allowed attempts 1 in interval 1m0s and mode is "fail"',
    )
  })

  it('stops what the servers want stopped and says so', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', forever)] })
    await bench.begin([desired])
    await bench.clock.advance(500)
    expect(bench.world.running()).toHaveLength(1)
    bench.server.desire([{ ...desired, job: null, desired: 'stop', stopReason: 'job stopped' }])
    await bench.clock.advance(500)
    expect(bench.world.running()).toHaveLength(0)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'dead', isFailed: false })
    expect(bench.server.eventTypes(desired.allocationId, 'web').slice(-3)).toEqual(['Killing', 'Terminated', 'Killed'])
  })

  it('takes its running tasks up again after a crash', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', forever)] })
    await bench.begin([desired])
    await bench.clock.advance(500)
    const before = bench.world.running()
    bench.agent().crash()
    await settle()
    await bench.begin([desired])
    await bench.clock.advance(2_000)
    expect(bench.world.running()).toEqual(before)
    expect(bench.server.reports().at(-1)).toMatchObject({ isFull: true })
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'running', startNumber: 1 })
    bench.world.signal(before[0] ?? '', 9)
    await bench.clock.advance(30_000)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'running', startNumber: 2 })
  })
})
