import { type Clock, within } from '../../../platform/clock.ts'
import { messageOf } from '../../../platform/errors.ts'
import type { LinkAnswer } from '../../../protocol/client-link.ts'
import type { TaskUsage } from '../../../protocol/usage.ts'
import type { TaskDriver, TaskHandle, TaskMeasurement } from '../drivers/driver.ts'
import type { Machine, MachineMeasurement } from '../fingerprint/machine.ts'
import { MAX_MEASURED_AT_ONCE, MEASURE_TIMEOUT_MS } from '../limits.ts'
import type { TaskRunner } from '../task-runner.ts'
import { createLimiter } from './limiter.ts'
import { createSpans } from './spans.ts'
import { type Basis, hostUsageBetween, taskUsageBetween } from './usage-between.ts'

/**
 * Measures what tasks and the machine use when somebody asks, and never otherwise. Processor time is counted by the
 * kernel, so what is used is the difference of two readings: the first who asks waits for a second one.
 */
export type UsageMeter = {
  readonly ofTasks: (runners: Iterable<TaskRunner>) => Promise<Extract<LinkAnswer, { kind: 'stats' }>>
  /** `runners`: those of every allocation of the node. */
  readonly ofNode: (runners: Iterable<TaskRunner>) => Promise<Extract<LinkAnswer, { kind: 'node-stats' }>>
}

export type UsageMeterOptions = {
  readonly clock: Clock
  readonly machine: Machine
  readonly drivers: readonly TaskDriver[]
  /** What one core offers. */
  readonly coreMhz: () => number
}

type Measured = TaskUsage | { readonly unknownBecause: string }

const late = { unknownBecause: `it could not be measured within ${MEASURE_TIMEOUT_MS} ms` }

export const createUsageMeter = ({ clock, machine, drivers, coreMhz }: UsageMeterOptions): UsageMeter => {
  const taskSpans = createSpans<TaskMeasurement>(clock)
  const hostSpans = createSpans<MachineMeasurement>(clock)
  const limit = createLimiter(MAX_MEASURED_AT_ONCE)
  const basis = (): Basis => ({ coreMhz: coreMhz(), takenAt: clock.now() })

  const measureTask = async (handle: TaskHandle): Promise<Measured> => {
    const ability = drivers.find(driver => driver.name === handle.driver)?.capabilities.usage
    if (ability === undefined || ability === null) {
      return { unknownBecause: `driver ${JSON.stringify(handle.driver)} does not measure what its tasks use` }
    }
    try {
      const span = await taskSpans.of(handle.id, () => limit(() => ability.measure(handle)))
      const usage = span === undefined ? undefined : taskUsageBetween(span, basis())
      return usage ?? { unknownBecause: 'it does not run' }
    } catch (error) {
      return { unknownBecause: messageOf(error) }
    }
  }

  /** What comes too late is not lost: the next who asks begins at its reading. */
  const inTime = async (measuring: Promise<Measured>): Promise<Measured> =>
    (await within(clock, MEASURE_TIMEOUT_MS, measuring)) === 'late' ? late : measuring

  const measureAll = (runners: Iterable<TaskRunner>): Promise<readonly (readonly [string, Measured])[]> =>
    Promise.all(
      Array.from(runners).flatMap(({ name, record }) => {
        const { phase } = record()
        if (phase.kind !== 'running') return []
        return [inTime(measureTask(phase.handle)).then(measured => [name, measured] as const)]
      }),
    )

  return {
    ofTasks: async runners => {
      const measured = await measureAll(runners)
      return {
        kind: 'stats',
        tasks: Object.fromEntries(measured.flatMap(([name, one]) => ('takenAt' in one ? [[name, one]] : []))),
        unknown: Object.fromEntries(
          measured.flatMap(([name, one]) => ('unknownBecause' in one ? [[name, one.unknownBecause]] : [])),
        ),
      }
    },
    ofNode: async runners => {
      const [span, measured] = await Promise.all([
        hostSpans.of('machine', () => machine.measure()),
        measureAll(runners),
      ])
      const usages = measured.flatMap(([, one]) => ('takenAt' in one ? [one] : []))
      return {
        kind: 'node-stats',
        host: span === undefined ? null : hostUsageBetween(span, basis()),
        tasks: {
          taskCount: usages.length,
          cpuMhz: usages.reduce((sum, { cpuMhz }) => sum + cpuMhz, 0),
          memoryBytes: usages.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
        },
      }
    },
  }
}
