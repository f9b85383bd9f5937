import { describe, expect, it } from 'vitest'
import { MAX_PLAN_BYTES, MAX_PLAN_ROWS } from '../../../../src/domain/limits.ts'
import { createBudget } from '../../../../src/domain/scheduler/budget.ts'
import {
  buildAllocation,
  buildBatchGroup,
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
    const above = scheduleFirst(stateOf(MAX_PLAN_ROWS + 1)).plan
    expect([above.outcome, rowsOfPlan(above).length]).toEqual(['partial', MAX_PLAN_ROWS])
    expect(above.queued).toEqual({ app: 1 })
    expect(above.unplaced).toEqual([])
    expect(above.blockedEvaluationId).toBeNull()
  })

  it('fits the append of the store', () => {
    const plan = scheduleFirst(stateOf(MAX_PLAN_ROWS)).plan
    expect(JSON.stringify(plan).length).toBeLessThan(MAX_PLAN_BYTES)
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
    const { placements } = scheduleFirst(stateOf(100)).plan
    expect(placements.metrics).toHaveLength(8)
    expect(new Set(placements.metric)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]))
  })
})

describe('the reasons of many groups', () => {
  it('stay within their share of the event', () => {
    const groups = Array.from({ length: 1_000 }, (_, index) =>
      buildGroup({ name: `group-${index}`, tasks: [buildTask({ driver: 'none' })] }),
    )
    const nodes = Array.from({ length: 40 }, (_, index) => buildNode(`n${index}`, { nodeClass: `class-${index}` }))
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [buildJobState(buildJob({ groups }))] }))
    expect(plan.unplaced).toHaveLength(1_000)
    expect(Object.keys(plan.unplaced[0]?.metrics.classFiltered ?? {})).toHaveLength(32)
    expect(plan.unplaced[0]?.metrics.classFiltered['(others)']).toBe(9)
    expect(plan.unplaced.at(-1)?.unblockedBy).toEqual([])
    expect(JSON.stringify(plan).length).toBeLessThan(900_000)
  })
})
