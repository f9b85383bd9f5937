import { describe, expect, it } from 'vitest'
import type { RescheduleAttempt } from '../../../../src/domain/control/events.ts'
import type { Reschedule } from '../../../../src/domain/jobspec/schema.ts'
import { MAX_RESCHEDULES_KEPT } from '../../../../src/domain/limits.ts'
import { decideReschedule, nextAttempts, rescheduleDelayMs } from '../../../../src/domain/scheduler/reschedule.ts'
import { buildAllocation, buildJob, buildJobState, buildTaskReport, T0 } from '../../../support/builders.ts'

const policy = (overrides: Partial<Reschedule> = {}): Reschedule => ({
  attempts: 0,
  intervalMs: 0,
  delayMs: 30_000,
  delayFunction: 'exponential',
  maxDelayMs: 3_600_000,
  isUnlimited: true,
  ...overrides,
})

/** Attempts that waited for `delays`, each of which failed at once; the last one ran for `ranForMs`. */
const failedAfter = (delays: readonly number[], ranForMs = 0) => {
  const attempts: RescheduleAttempt[] = []
  let at = T0
  for (const delayMs of delays) {
    at += delayMs
    attempts.push({ at, previousAllocationId: 'before', previousNodeId: 'node', delayMs })
  }
  const tasks = new Map([
    ['server', buildTaskReport('server', { phase: 'dead', isFailed: true, finishedAt: at + ranForMs })],
  ])
  return buildAllocation(buildJobState(buildJob()), 'node', { observed: 'failed', reschedules: attempts, tasks })
}

const series = (chosen: Reschedule, length: number): readonly number[] => {
  const delays: number[] = []
  while (delays.length < length) delays.push(rescheduleDelayMs(failedAfter(delays), chosen))
  return delays
}

describe('the delay before a reschedule', () => {
  it.each([
    ['constant', [30, 30, 30, 30, 30, 30]],
    ['exponential', [30, 60, 120, 240, 300, 300]],
    ['fibonacci', [30, 30, 60, 90, 150, 240]],
  ] as const)('grows as %s says, up to the cap', (delayFunction, seconds) => {
    const chosen = policy({ delayFunction, maxDelayMs: 300_000 })
    expect(series(chosen, 6)).toEqual(seconds.map(second => second * 1_000))
  })

  it('starts anew when the last attempt ran for longer than the next delay', () => {
    const chosen = policy({ maxDelayMs: 300_000 })
    expect(rescheduleDelayMs(failedAfter([30_000, 60_000], 119_000), chosen)).toBe(120_000)
    expect(rescheduleDelayMs(failedAfter([30_000, 60_000], 121_000), chosen)).toBe(30_000)
  })

  it('begins a fibonacci series anew after a reset', () => {
    const chosen = policy({ delayFunction: 'fibonacci', maxDelayMs: 60_000 })
    expect(rescheduleDelayMs(failedAfter([60_000, 30_000]), chosen)).toBe(30_000)
  })
})

describe('the decision about a failed allocation', () => {
  const limited = policy({ isUnlimited: false, attempts: 2, intervalMs: 3_600_000, delayFunction: 'constant' })

  it('is later until the delay is over, then now', () => {
    const allocation = failedAfter([])
    expect(decideReschedule(allocation, policy(), { now: T0, isForced: false })).toEqual({
      kind: 'later',
      at: T0 + 30_000,
      delayMs: 30_000,
    })
    expect(decideReschedule(allocation, policy(), { now: T0 + 28_999, isForced: false }).kind).toBe('later')
    expect(decideReschedule(allocation, policy(), { now: T0 + 29_000, isForced: false }).kind).toBe('now')
    expect(decideReschedule(allocation, policy(), { now: T0, isForced: true }).kind).toBe('now')
  })

  it('is never once the attempts within the interval are used up, and forgets older ones', () => {
    const now = T0 + 10_000_000
    expect(decideReschedule(failedAfter([30_000]), limited, { now, isForced: false }).kind).toBe('now')
    expect(decideReschedule(failedAfter([30_000, 30_000]), limited, { now, isForced: false }).kind).toBe('never')
    const longAgo = failedAfter([30_000, 30_000], 3_700_000)
    expect(decideReschedule(longAgo, limited, { now, isForced: false }).kind).toBe('now')
    expect(decideReschedule(failedAfter([]), { ...limited, attempts: 0 }, { now, isForced: false }).kind).toBe('never')
  })
})

describe('the attempts that a replacement carries', () => {
  it('are the newest ones, with this one', () => {
    for (const before of [MAX_RESCHEDULES_KEPT - 2, MAX_RESCHEDULES_KEPT - 1, MAX_RESCHEDULES_KEPT, 20]) {
      const allocation = failedAfter(Array.from({ length: before }, () => 30_000))
      const attempts = nextAttempts(allocation, policy(), { now: T0 + 1_000_000, delayMs: 30_000 })
      expect(attempts).toHaveLength(Math.min(before + 1, MAX_RESCHEDULES_KEPT))
      expect(attempts.at(-1)).toEqual({
        at: T0 + 1_000_000,
        previousAllocationId: allocation.id,
        previousNodeId: 'node',
        delayMs: 30_000,
      })
    }
  })
})
