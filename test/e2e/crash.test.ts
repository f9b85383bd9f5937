import { afterAll, describe, expect, it } from 'vitest'
import { runCrashTest } from '../crash/crash-test.ts'
import { type PointName, pointNames, points } from '../crash/points.ts'

/**
 * The short version of `npm run crash`: one or two kills at points of each kind. The program kills at every point as often as
 * it is told to; its seed is said with a failure.
 */
const seed = Number(process.env['MUSTER_CRASH_SEED'] ?? 7)
const rounds: Partial<Record<PointName, number>> = {
  'append-after-commit': 1,
  'views-before-commit': 1,
  'client-effect-done': 1,
  'client-end-seen': 1,
  broker: 2,
  task: 1,
}
const reached = new Set<string>()

describe('kill -9 at named points', () => {
  afterAll(() => expect(reached.size).toBe(Object.keys(rounds).length))

  it.each(pointNames.filter(name => rounds[name] !== undefined))('%s', async point => {
    const result = await runCrashTest({ point, seed, rounds: rounds[point] ?? 1 })
    expect(result.kills, points[point].what).toBeGreaterThan(0)
    expect(result.events).toBeGreaterThan(10)
    reached.add(point)
  })
})
