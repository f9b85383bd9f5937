import { describe, expect, it } from 'vitest'
import type { ExitResult, TaskDriver, TaskHandle, TaskStart } from '../../../../../src/agents/client/drivers/driver.ts'
import { createMockDriver } from '../../../../../src/agents/client/drivers/mock/mock-driver.ts'
import { createMockWorld, type MockWorld } from '../../../../../src/agents/client/drivers/mock/mock-world.ts'
import type { TaskConfig } from '../../../../../src/agents/client/drivers/task-config.ts'
import { createManualClock, type ManualClock, settle } from '../../../../support/manual-clock.ts'

const nobody = new AbortController().signal

const taskOf = (config: TaskConfig, number = 0): TaskStart => ({
  id: `alloc/web/${number}`,
  allocationId: 'alloc',
  taskName: 'web',
  startNumber: number,
  labels: { node: 'a' },
  config,
  env: {},
  user: '',
  resources: { cpuMhz: 1, memoryMb: 1, memoryMaxMb: 0 },
  ports: [],
  paths: { allocDir: '/', localDir: '/', secretsDir: '/', taskDir: '/', stdoutPath: '/x.0', stderrPath: '/y.0' },
  killSignal: undefined,
  logs: { maxFileBytes: 1, maxFiles: 1, isDisabled: false },
})

type Fixture = { clock: ManualClock; world: MockWorld; driver: TaskDriver }

const setUp = (): Fixture => {
  const clock = createManualClock()
  const world = createMockWorld(clock)
  return { clock, world, driver: createMockDriver({ clock }, world) }
}

const begin = async ({ driver }: Fixture, config: TaskConfig): Promise<TaskHandle> => {
  const result = await driver.start(taskOf(config), () => {}, nobody)
  if (result.kind === 'failed') throw new Error(result.message)
  return result.handle
}

const exitOf = ({ driver }: Fixture, handle: TaskHandle): { exit: ExitResult | undefined } => {
  const seen: { exit: ExitResult | undefined } = { exit: undefined }
  void driver.wait(handle, nobody).then(exit => {
    seen.exit = exit
  })
  return seen
}

describe('a mock task', () => {
  it('runs as long as its job says by the clock it was given', async () => {
    const fixture = setUp()
    const seen = exitOf(fixture, await begin(fixture, { run_for: '10s', exit_code: 4 }))
    await fixture.clock.advance(9_999)
    expect(seen.exit).toBeUndefined()
    await fixture.clock.advance(1)
    expect(seen.exit).toEqual({ exitCode: 4, signal: 0, isOomKilled: false })
    expect(fixture.clock.timerCount()).toBe(0)
  })

  it('may run longer than any timer takes', async () => {
    const fixture = setUp()
    const seen = exitOf(fixture, await begin(fixture, { run_for: '1000h' }))
    await fixture.clock.advance(999 * 3_600_000)
    expect(seen.exit).toBeUndefined()
    await fixture.clock.advance(3_600_000)
    expect(seen.exit?.exitCode).toBe(0)
  })

  it('goes on for kill_after when it is stopped, and is killed at the timeout', async () => {
    const slow = setUp()
    const stopped = exitOf(slow, await begin(slow, { run_for: '1h', kill_after: '2s' }))
    void slow.driver.stop({ driver: 'mock', id: 'alloc/web/0', state: {} }, undefined, 5_000)
    await slow.clock.advance(2_000)
    expect(stopped.exit).toMatchObject({ exitCode: 143, signal: 15 })

    const stubborn = setUp()
    const killed = exitOf(stubborn, await begin(stubborn, { run_for: '1h', ignore_stop: true }))
    void stubborn.driver.stop({ driver: 'mock', id: 'alloc/web/0', state: {} }, undefined, 5_000)
    await stubborn.clock.advance(4_999)
    expect(killed.exit).toBeUndefined()
    await stubborn.clock.advance(1)
    expect(killed.exit).toMatchObject({ exitCode: 137, signal: 9 })
  })

  it.each([true, false])('fails to start as its job says, recoverable %s', async isRecoverable => {
    const { driver, world } = setUp()
    const config = { start_error: 'no room', start_error_recoverable: isRecoverable }
    const result = await driver.start(taskOf(config), () => {}, nobody)
    expect(result).toEqual({ kind: 'failed', message: 'no room', isRecoverable })
    expect(world.running()).toEqual([])
  })

  it('starts only after start_block_for, and not at all when that is called off', async () => {
    const { driver, clock, world } = setUp()
    const abort = new AbortController()
    const blocked = driver.start(taskOf({ start_block_for: '5s', run_for: '1h' }), () => {}, abort.signal)
    await clock.advance(4_000)
    expect(world.running()).toEqual([])
    abort.abort(new Error('not wanted'))
    await expect(blocked).rejects.toThrow('not wanted')
    expect(world.running()).toEqual([])
  })

  it('refuses signals where its job says so', async () => {
    const fixture = setUp()
    const handle = await begin(fixture, { run_for: '1h', signal_error: 'deaf' })
    await expect(fixture.driver.signal(handle, 'SIGHUP')).rejects.toThrow('deaf')
  })

  it.each([{ run_for: 'soon' }, { kill_after: '-1s' }])('needs durations that are durations: %j', config => {
    expect(setUp().driver.validate(config).join()).toContain('must be a duration')
  })
})

describe('the mock world', () => {
  it('keeps tasks for the next agent', async () => {
    const fixture = setUp()
    const handle = await begin(fixture, { run_for: '1h' })
    const next = createMockDriver({ clock: fixture.clock }, fixture.world)
    expect(await next.recover(handle)).toBe('running')
  })

  it('loses all tasks in a crash, and who waits learns it', async () => {
    const fixture = setUp()
    const handle = await begin(fixture, { run_for: '1h' })
    const seen = exitOf(fixture, handle)
    fixture.world.loseTasks()
    await settle()
    expect(seen.exit?.error).toContain('gone')
    expect(await fixture.driver.recover(handle)).toBe('gone')
    expect(fixture.clock.timerCount()).toBe(0)
  })
})
