import { describe, expect, it } from 'vitest'
import { beginHealthWatch, type HealthInput, lookAtHealth } from '../../../../src/agents/client/health.ts'
import { buildTaskReport } from '../../../support/builders.ts'

type TaskInput = HealthInput['tasks'][number]
const update = { healthCheck: 'checks', minHealthyTimeMs: 10_000, healthyDeadlineMs: 60_000 } as const
const task = (report: Parameters<typeof buildTaskReport>[1] = {}, overrides: Partial<TaskInput> = {}): TaskInput => ({
  name: 'web',
  lifecycle: null,
  report: buildTaskReport('web', report),
  ...overrides,
})
const input = (overrides: Partial<HealthInput> = {}): HealthInput => ({
  update,
  tasks: [task()],
  checks: [],
  ...overrides,
})
const watch = beginHealthWatch(60_000)

describe('the health of an allocation', () => {
  it('is decided at min_healthy_time, not before', () => {
    const first = lookAtHealth(watch, input(), 1_000)
    expect(first.verdict).toEqual({ kind: 'undecided', atMs: 11_000 })
    expect(lookAtHealth(first.watch, input(), 10_999).verdict.kind).toBe('undecided')
    expect(lookAtHealth(first.watch, input(), 11_000).verdict).toEqual({ kind: 'healthy' })
  })

  it('begins anew after a restart, even one that was not seen while it happened', () => {
    const first = lookAtHealth(watch, input(), 1_000)
    const again = lookAtHealth(first.watch, input({ tasks: [task({ startNumber: 2 })] }), 11_000)
    expect(again.verdict).toEqual({ kind: 'undecided', atMs: 21_000 })
  })

  it('begins anew after a check failed', () => {
    const passing = input({ checks: [{ name: 'a', status: 'success' }] })
    const first = lookAtHealth(watch, passing, 1_000)
    const failing = lookAtHealth(first.watch, input({ checks: [{ name: 'a', status: 'failure' }] }), 5_000)
    expect(failing.verdict).toEqual({ kind: 'undecided', atMs: 60_000 })
    expect(lookAtHealth(failing.watch, passing, 12_000).verdict.kind).toBe('undecided')
  })

  it('does not look at checks where only task states count', () => {
    const looser = input({
      update: { ...update, healthCheck: 'task_states' },
      checks: [{ name: 'a', status: 'failure' }],
    })
    expect(lookAtHealth(lookAtHealth(watch, looser, 0).watch, looser, 10_000).verdict.kind).toBe('healthy')
  })

  it('wants hooks with an end to have ended well, and sidecars to run', () => {
    const hook = { hook: 'prestart', isSidecar: false } as const
    const running = input({ tasks: [task(), task({ phase: 'running' }, { name: 'init', lifecycle: hook })] })
    expect(lookAtHealth(watch, running, 0).watch.wellSinceMs).toBeNull()
    const ended = input({ tasks: [task(), task({ phase: 'dead' }, { name: 'init', lifecycle: hook })] })
    expect(lookAtHealth(watch, ended, 0).watch.wellSinceMs).toBe(0)
    const sidecar = { hook: 'poststart', isSidecar: true } as const
    const gone = input({ tasks: [task(), task({ phase: 'dead' }, { lifecycle: sidecar })] })
    expect(lookAtHealth(watch, gone, 0).watch.wellSinceMs).toBeNull()
  })

  it('is bad at once when a task failed, and at the deadline otherwise, naming what was not well', () => {
    expect(lookAtHealth(watch, input({ tasks: [task({ phase: 'dead', isFailed: true })] }), 0).verdict).toMatchObject({
      kind: 'unhealthy',
      reason: 'Task failed: "web"',
    })
    expect(lookAtHealth(watch, input({ tasks: [task({ phase: 'pending' })] }), 60_000).verdict).toMatchObject({
      kind: 'unhealthy',
      reason: 'Tasks not healthy by the healthy_deadline: "web"',
    })
    const unchecked = input({ checks: [{ name: 'alive', status: 'pending' }] })
    expect(lookAtHealth(watch, unchecked, 59_999).verdict.kind).toBe('undecided')
    expect(lookAtHealth(watch, unchecked, 60_000).verdict).toMatchObject({
      reason: 'Checks not passing by the healthy_deadline: "alive"',
    })
  })
})
