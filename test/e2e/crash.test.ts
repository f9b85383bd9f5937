import { afterAll, describe, expect, it } from 'vitest'
import { whyNoPrivateEngine } from '../../scripts/docker-engine.mjs'
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
  engine: 1,
  'engine-live-restore': 1,
}
const refusal = await whyNoPrivateEngine()
if (refusal !== undefined && process.env['CI'] === 'true') throw new Error(`kills of an engine need one: ${refusal}`)
if (refusal !== undefined) console.warn(`NOT TESTED: kills of the Docker engine, because ${refusal}`)
const canKill = (name: PointName): boolean => points[name].kind !== 'engine' || refusal === undefined

const names = pointNames.filter(name => rounds[name] !== undefined && canKill(name))
const reached = new Set<string>()

describe('kill -9 at named points', () => {
  afterAll(() => expect(reached.size).toBe(names.length))

  it.each(names)('%s', async point => {
    const result = await runCrashTest({ point, seed, rounds: rounds[point] ?? 1 })
    expect(result.kills, points[point].what).toBeGreaterThan(0)
    expect(result.events).toBeGreaterThan(10)
    reached.add(point)
  })
})
