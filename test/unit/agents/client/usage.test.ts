import { describe, expect, it } from 'vitest'
import type { TaskDriver, TaskHandle, TaskMeasurement } from '../../../../src/agents/client/drivers/driver.ts'
import { createFixedMachine, type MachineMeasurement } from '../../../../src/agents/client/fingerprint/machine.ts'
import {
  MAX_MEASURED_AT_ONCE,
  MAX_USAGE_SPAN_MS,
  MEASURE_TIMEOUT_MS,
  MIN_USAGE_SPAN_MS,
} from '../../../../src/agents/client/limits.ts'
import type { TaskRunner } from '../../../../src/agents/client/task-runner.ts'
import { createSpans } from '../../../../src/agents/client/usage/spans.ts'
import { hostUsageBetween, taskUsageBetween } from '../../../../src/agents/client/usage/usage-between.ts'
import { createUsageMeter } from '../../../../src/agents/client/usage/usage-meter.ts'
import { createManualClock, type ManualClock } from '../../../support/manual-clock.ts'

const reading = (atMs: number, cpuMs: number, changes: Partial<TaskMeasurement> = {}): TaskMeasurement => ({
  atMs,
  cpuMs,
  userMs: null,
  systemMs: null,
  throttledPeriods: null,
  throttledMs: null,
  memory: { rss: 12, cache: null, swap: null, usage: 20, maxUsage: null },
  ...changes,
})

const basis = { coreMhz: 2_500, takenAt: 7 }

describe('what a task uses between two readings', () => {
  it('is a share of one core, in MHz by its speed', () => {
    const before = reading(1_000, 500, { userMs: 100, systemMs: 400 })
    const after = reading(2_000, 2_000, { userMs: 1_100, systemMs: 900, throttledPeriods: 3, throttledMs: 4 })
    expect(taskUsageBetween({ before, after }, basis)).toMatchObject({
      cpuPercent: 150,
      cpuMhz: 3_750,
      userPercent: 100,
      systemPercent: 50,
      throttledPeriods: 3,
      throttledMs: 4,
      memoryBytes: 12,
      usageBytes: 20,
    })
  })

  it('is not known where no time passed, and never less than nothing', () => {
    expect(taskUsageBetween({ before: reading(5, 1), after: reading(5, 2) }, basis)).toBeUndefined()
    expect(taskUsageBetween({ before: reading(5, 1), after: reading(4, 2) }, basis)).toBeUndefined()
    expect(taskUsageBetween({ before: reading(1, 9), after: reading(2, 8) }, basis)).toMatchObject({ cpuMhz: 0 })
  })

  it('is all that counts against its limit where the resident set is not told', () => {
    const memory = { rss: null, cache: 1, swap: null, usage: 20, maxUsage: null }
    const span = { before: reading(1, 1), after: reading(2, 1, { memory }) }
    expect(taskUsageBetween(span, basis)).toMatchObject({ memoryBytes: 20, rssBytes: null })
  })
})

describe('what a machine uses between two readings', () => {
  it('is what its cores did not idle', async () => {
    const rest = await createFixedMachine().measure()
    const at = (...cores: readonly (readonly [number, number, number])[]): MachineMeasurement => ({
      ...rest,
      cores: cores.map(([userMs, systemMs, idleMs], index) => ({ name: `cpu${index}`, userMs, systemMs, idleMs })),
    })
    const usage = hostUsageBetween({ before: at([10, 10, 80], [5, 5, 5]), after: at([60, 35, 105], [5, 5, 5]) }, basis)
    expect(usage.cores).toEqual([
      { name: 'cpu0', userPercent: 50, systemPercent: 25, idlePercent: 25 },
      { name: 'cpu1', userPercent: 0, systemPercent: 0, idlePercent: 100 },
    ])
    expect(usage.cpuMhz).toBe(1_875)
  })
})

describe('a span', () => {
  const setUp = () => {
    const clock = createManualClock()
    const spans = createSpans<number>(clock)
    const found: unknown[] = []
    let reads = 0
    const ask = (): void => {
      void spans
        .of('task', async () => {
          reads += 1
          return clock.monotonicMs()
        })
        .then(span => found.push(span))
    }
    return { clock, ask, found, readCount: () => reads }
  }

  it('is made by two readings the first time, for all who ask at once', async () => {
    const { clock, ask, found, readCount } = setUp()
    ask()
    ask()
    await clock.advance(MIN_USAGE_SPAN_MS - 1)
    expect(found).toEqual([])
    await clock.advance(1)
    const span = { before: 0, after: MIN_USAGE_SPAN_MS }
    expect(found).toEqual([span, span])
    expect(readCount()).toBe(2)
  })

  it.each([
    [MIN_USAGE_SPAN_MS - 1, 1],
    [MIN_USAGE_SPAN_MS, 0],
    [MIN_USAGE_SPAN_MS + 1, 0],
  ])('that begins at a reading of %i ms ago waits for %i ms', async (ago, waitMs) => {
    const { clock, ask, found } = setUp()
    ask()
    await clock.advance(MIN_USAGE_SPAN_MS)
    await clock.advance(ago)
    ask()
    await clock.advance(Math.max(0, waitMs - 1))
    expect(found).toHaveLength(waitMs === 0 ? 2 : 1)
    await clock.advance(1)
    expect(found[1]).toEqual({ before: MIN_USAGE_SPAN_MS, after: MIN_USAGE_SPAN_MS + ago + waitMs })
  })

  it.each([
    [MAX_USAGE_SPAN_MS - 1, true],
    [MAX_USAGE_SPAN_MS, true],
    [MAX_USAGE_SPAN_MS + 1, false],
  ])('of %i ms is used: %s', async (ago, isUsed) => {
    const { clock, ask, found, readCount } = setUp()
    ask()
    await clock.advance(MIN_USAGE_SPAN_MS)
    await clock.advance(ago)
    ask()
    await clock.advance(MIN_USAGE_SPAN_MS)
    expect(found).toHaveLength(2)
    expect(readCount()).toBe(isUsed ? 3 : 4)
  })
})

describe('the meter', () => {
  type Measure = (handle: TaskHandle) => Promise<TaskMeasurement | undefined>

  const meterOf = (clock: ManualClock, measure: Measure | null) =>
    createUsageMeter({
      clock,
      machine: createFixedMachine(),
      // Of a driver the meter asks its name and this ability.
      drivers: [{ name: 'mock', capabilities: { usage: measure === null ? null : { measure } } } as TaskDriver],
      coreMhz: () => 1_000,
    })

  const runner = (name: string, driver = 'mock', kind: 'running' | 'backoff' = 'running'): TaskRunner =>
    ({ name, record: () => ({ phase: { kind, handle: { driver, id: `a/${name}/1`, state: null } } }) }) as TaskRunner

  /** A task that keeps half a core busy. */
  const half =
    (clock: ManualClock): Measure =>
    async () =>
      reading(clock.monotonicMs(), clock.monotonicMs() / 2)

  it('says what every task that runs uses, and why it is not known of others', async () => {
    const clock = createManualClock()
    const meter = meterOf(clock, async handle => {
      if (handle.id === 'a/away/1') throw new Error('the daemon is away')
      return handle.id === 'a/ended/1' ? undefined : half(clock)(handle)
    })
    const all = [
      runner('web'),
      runner('away'),
      runner('ended'),
      runner('odd', 'qemu'),
      runner('later', 'mock', 'backoff'),
    ]
    const asking = meter.ofTasks(all)
    await clock.advance(MIN_USAGE_SPAN_MS)
    const answer = await asking
    expect(answer.tasks).toEqual({ web: expect.objectContaining({ cpuPercent: 50, cpuMhz: 500, memoryBytes: 12 }) })
    expect(answer.unknown).toEqual({
      away: 'the daemon is away',
      ended: 'it does not run',
      odd: 'driver "qemu" does not measure what its tasks use',
    })
  })

  it('says so of a driver that cannot measure', async () => {
    const clock = createManualClock()
    const { unknown } = await meterOf(clock, null).ofTasks([runner('web')])
    expect(unknown['web']).toContain('does not measure')
  })

  it.each([
    [MEASURE_TIMEOUT_MS - MIN_USAGE_SPAN_MS - 1, true],
    [MEASURE_TIMEOUT_MS + 1, false],
  ])('waits for a driver that needs %i ms for both its looks: %s', async (needsMs, isKnown) => {
    const clock = createManualClock()
    const meter = meterOf(clock, async () => {
      await new Promise<void>(resolve => {
        clock.after(needsMs / 2, resolve)
      })
      return reading(clock.monotonicMs(), 0)
    })
    const asking = meter.ofTasks([runner('web')])
    await clock.advance(MEASURE_TIMEOUT_MS)
    const { tasks, unknown } = await asking
    expect('web' in tasks).toBe(isKnown)
    expect(unknown).toEqual(isKnown ? {} : { web: `it could not be measured within ${MEASURE_TIMEOUT_MS} ms` })
  })

  it.each([MAX_MEASURED_AT_ONCE - 1, MAX_MEASURED_AT_ONCE, MAX_MEASURED_AT_ONCE + 1])(
    'lets no more than its limit of %i tasks be measured at the same time',
    async count => {
      const clock = createManualClock()
      let current = 0
      let most = 0
      const meter = meterOf(clock, async () => {
        current += 1
        most = Math.max(most, current)
        await new Promise<void>(resolve => {
          clock.after(10, resolve)
        })
        current -= 1
        return reading(clock.monotonicMs(), 0)
      })
      const asking = meter.ofTasks(Array.from({ length: count }, (_, index) => runner(`t${index}`)))
      await clock.advance(MEASURE_TIMEOUT_MS)
      expect(Object.keys((await asking).tasks)).toHaveLength(count)
      expect(most).toBe(Math.min(count, MAX_MEASURED_AT_ONCE))
    },
  )

  it('adds up the tasks of a node, and says what the machine does', async () => {
    const clock = createManualClock()
    const asking = meterOf(clock, half(clock)).ofNode([runner('a'), runner('b'), runner('c', 'qemu')])
    await clock.advance(MIN_USAGE_SPAN_MS)
    const { tasks, host } = await asking
    expect(tasks).toEqual({ taskCount: 2, cpuMhz: 1_000, memoryBytes: 24 })
    expect(host).toMatchObject({ cpuMhz: 0, uptimeSeconds: 60, cores: [{ name: 'cpu0' }] })
  })
})
