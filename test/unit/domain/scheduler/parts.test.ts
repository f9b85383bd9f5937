import { describe, expect, it } from 'vitest'
import {
  MAX_METRIC_KEYS,
  MAX_METRICS_PER_GROUP,
  MAX_PLAN_BYTES,
  MAX_PLAN_ROWS,
  MAX_UNBLOCK_SENTENCES,
  MAX_UNPLACED_BYTES,
} from '../../../../src/domain/limits.ts'
import { createBudget } from '../../../../src/domain/scheduler/budget.ts'
import {
  buildAllocation,
  buildBatchGroup,
  buildConstraint,
  buildGroup,
  buildJob,
  buildJobState,
  buildNode,
  buildState,
  buildTask,
} from '../../../support/builders.ts'
import { rowsOfPlan, scheduleFirst } from '../../../support/scheduling.ts'

const tiny = [buildTask({ resources: { cpuMhz: 1, memoryMb: 1, memoryMaxMb: 0 } })]
const huge = { cpuMhz: 1_000_000, memoryMb: 1_000_000, diskMb: 100_000_000 }
const jobOf = (count: number, allAtOnce = false) =>
  buildJobState(
    buildJob({ type: 'batch', allAtOnce, groups: [buildBatchGroup({ count, tasks: tiny, ephemeralDiskMb: 1 })] }),
  )
const stateOf = (count: number, allAtOnce = false) =>
  buildState({ nodes: [buildNode('a', { resources: huge })], jobs: [jobOf(count, allAtOnce)] })

describe('the room in a plan', () => {
  it('takes what fits exactly and nothing after the first refusal', () => {
    const budget = createBudget()
    expect(budget.fits(MAX_PLAN_ROWS, MAX_PLAN_BYTES)).toBe(true)
    budget.spend(MAX_PLAN_ROWS - 1, MAX_PLAN_BYTES - 10)
    expect(budget.fits(1, 10)).toBe(true)
    expect(budget.hasRefused()).toBe(false)
    expect(budget.fits(1, 11)).toBe(false)
    expect(budget.fits(0, 0)).toBe(false)
    expect(budget.hasRefused()).toBe(true)
    expect(createBudget().fits(MAX_PLAN_ROWS + 1, 0)).toBe(false)
    expect(createBudget().fits(1, MAX_PLAN_BYTES + 1)).toBe(false)
  })
})

describe('a plan of many rows', () => {
  it('is whole at the limit and in parts above it', () => {
    const at = scheduleFirst(stateOf(MAX_PLAN_ROWS)).plan
    expect([at.outcome, rowsOfPlan(at).length]).toEqual(['complete', MAX_PLAN_ROWS])
    expect(JSON.stringify(at).length).toBeLessThan(MAX_PLAN_BYTES)
    const above = scheduleFirst(stateOf(MAX_PLAN_ROWS + 1)).plan
    expect([above.outcome, rowsOfPlan(above).length]).toEqual(['partial', MAX_PLAN_ROWS])
    expect(above.queued).toEqual({ app: 1 })
    expect(above.unplaced).toEqual([])
    expect(above.blockedEvaluationId).toBeNull()
  })

  it('of a job that wants all at once is not cut: nothing is placed and the reason said', () => {
    expect(rowsOfPlan(scheduleFirst(stateOf(MAX_PLAN_ROWS, true)).plan)).toHaveLength(MAX_PLAN_ROWS)
    const { plan } = scheduleFirst(stateOf(MAX_PLAN_ROWS + 1, true))
    expect([plan.outcome, rowsOfPlan(plan).length]).toEqual(['complete', 0])
    expect(plan.unplaced[0]?.count).toBe(MAX_PLAN_ROWS + 1)
    expect(plan.unplaced[0]?.unblockedBy[0]).toContain('cannot go in parts')
  })

  it('stops what it can and leaves the rest, placements included, to the next part', () => {
    const node = buildNode('a', { resources: huge })
    const job = buildJobState(buildJob({ groups: [buildGroup({ name: 'new' })] }))
    const allocations = Array.from({ length: MAX_PLAN_ROWS + 1 }, (_, index) =>
      buildAllocation(job, node, { group: 'old', index }),
    )
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations }))
    expect([plan.outcome, plan.stops.length, rowsOfPlan(plan).length]).toEqual(['partial', MAX_PLAN_ROWS, 0])
  })

  it('records its metrics for the first rows of a group only', () => {
    const metricsFor = (count: number) => scheduleFirst(stateOf(count)).plan.placements
    for (const count of [MAX_METRICS_PER_GROUP - 1, MAX_METRICS_PER_GROUP]) {
      expect(metricsFor(count).metric).toEqual(Array.from({ length: count }, (_, row) => row))
    }
    const above = metricsFor(MAX_METRICS_PER_GROUP + 2)
    expect(above.metrics).toHaveLength(MAX_METRICS_PER_GROUP)
    expect(above.metric.slice(-3)).toEqual(Array(3).fill(MAX_METRICS_PER_GROUP - 1))
  })
})

describe('the reasons of what finds no place', () => {
  const unplacedWith = (nodeCount: number, groups: readonly ReturnType<typeof buildGroup>[]) => {
    const nodes = Array.from({ length: nodeCount }, (_, index) =>
      buildNode(`n${index}`, { nodeClass: `class-${index}`, meta: { n: String(index) } }),
    )
    return scheduleFirst(buildState({ nodes, jobs: [buildJobState(buildJob({ groups }))] })).plan
  }
  const driverless = (name = 'app') => buildGroup({ name, tasks: [buildTask({ driver: 'none' })] })

  it('tell so many names apart and count the others together', () => {
    for (const nodes of [MAX_METRIC_KEYS - 1, MAX_METRIC_KEYS]) {
      const { classFiltered } = unplacedWith(nodes, [driverless()]).unplaced[0]?.metrics ?? { classFiltered: {} }
      expect(Object.keys(classFiltered)).toHaveLength(nodes)
      expect(classFiltered).not.toHaveProperty('(others)')
    }
    const above = unplacedWith(MAX_METRIC_KEYS + 8, [driverless()]).unplaced[0]?.metrics.classFiltered ?? {}
    expect(Object.keys(above)).toHaveLength(MAX_METRIC_KEYS)
    expect(above['(others)']).toBe(9)
  })

  it('are so many sentences at most', () => {
    const constraints = Array.from({ length: MAX_UNBLOCK_SENTENCES + 1 }, (_, index) =>
      buildConstraint(`\${meta.m${index}}`, 'is_set'),
    )
    for (const [count, shown] of [
      [MAX_UNBLOCK_SENTENCES - 1, MAX_UNBLOCK_SENTENCES - 1],
      [MAX_UNBLOCK_SENTENCES, MAX_UNBLOCK_SENTENCES],
      [MAX_UNBLOCK_SENTENCES + 1, MAX_UNBLOCK_SENTENCES],
    ] as const) {
      const { unplaced } = unplacedWith(1, [buildGroup({ constraints: constraints.slice(0, count) })])
      expect(unplaced[0]?.unblockedBy).toHaveLength(shown)
    }
  })

  it('stay within their share of the event, with every count', () => {
    const plan = unplacedWith(
      40,
      Array.from({ length: 1_000 }, (_, index) => driverless(`group-${index}`)),
    )
    expect(plan.unplaced.map(({ count }) => count)).toEqual(Array(1_000).fill(1))
    const full = plan.unplaced.filter(({ unblockedBy }) => unblockedBy.length > 0)
    const bytes = full.reduce((sum, entry) => sum + JSON.stringify(entry).length, 0)
    expect(bytes).toBeLessThanOrEqual(MAX_UNPLACED_BYTES)
    expect(bytes).toBeGreaterThan(MAX_UNPLACED_BYTES * 0.99)
    expect(JSON.stringify(plan).length).toBeLessThan(900_000)
  })
})
