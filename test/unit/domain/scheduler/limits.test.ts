import { describe, expect, it } from 'vitest'
import type { NodeState } from '../../../../src/domain/cluster/index.ts'
import { MAX_DYNAMIC_PORT, MAX_SCORES_RECORDED, MIN_DYNAMIC_PORT } from '../../../../src/domain/limits.ts'
import { buildGroup, buildJob, buildJobState, buildNode, buildPort, buildState } from '../../../support/builders.ts'
import { rowsOfPlan, scheduleFirst } from '../../../support/scheduling.ts'

const ports = (number: number) => Array.from({ length: number }, (_, index) => buildPort(`p${index}`))

const planFor = (nodes: readonly NodeState[], number: number) => {
  const network = { mode: 'host', ports: ports(number) } as const
  const job = buildJobState(buildJob({ groups: [buildGroup({ count: 1, network })] }))
  return scheduleFirst(buildState({ jobs: [job], nodes })).plan
}

describe('ports that are handed out', () => {
  /** Only the ends of the range are free, and the ports beyond them. */
  const foreignPorts = Array.from(
    { length: MAX_DYNAMIC_PORT - MIN_DYNAMIC_PORT - 1 },
    (_, index) => MIN_DYNAMIC_PORT + 1 + index,
  )
  const nodes = [buildNode('crowded', { foreignPorts })]

  it('reach from the first to the last of the range', () => {
    const [row] = rowsOfPlan(planFor(nodes, 2))
    expect(row?.ports.toSorted((a, b) => a - b)).toEqual([MIN_DYNAMIC_PORT, MAX_DYNAMIC_PORT])
    expect(rowsOfPlan(planFor(nodes, 1))).toHaveLength(1)
  })

  it('never lie beyond it', () => {
    const plan = planFor(nodes, 3)
    expect(rowsOfPlan(plan)).toEqual([])
    expect(plan.unplaced[0]?.unblockedBy.join(' ')).toContain(`between ${MIN_DYNAMIC_PORT} and ${MAX_DYNAMIC_PORT}`)
  })
})

describe('ports of a node with a range of its own', () => {
  const nodes = [buildNode('narrow', { dynamicPorts: { min: 40_000, max: 40_002 }, foreignPorts: [40_001] })]

  it('are those that are free in it', () => {
    expect(rowsOfPlan(planFor(nodes, 2))[0]?.ports.toSorted((a, b) => a - b)).toEqual([40_000, 40_002])
    const plan = planFor(nodes, 3)
    expect(rowsOfPlan(plan)).toEqual([])
    expect(plan.unplaced[0]?.unblockedBy.join(' ')).toContain('between 40000 and 40002')
  })

  it('do not bind other nodes', () => {
    const rows = rowsOfPlan(planFor([...nodes, buildNode('usual')], 3))
    expect(rows[0]?.ports.every(port => port >= MIN_DYNAMIC_PORT && port <= MAX_DYNAMIC_PORT)).toBe(true)
  })
})

it.each([
  [MAX_SCORES_RECORDED - 1, MAX_SCORES_RECORDED - 1],
  [MAX_SCORES_RECORDED, MAX_SCORES_RECORDED],
  [MAX_SCORES_RECORDED + 1, MAX_SCORES_RECORDED],
])('of %i nodes that would do, the scores of %i are recorded, the chosen one first', (number, recorded) => {
  const nodes = Array.from({ length: number }, (_, index) => buildNode(`node-${index}`))
  const plan = planFor(nodes, 0)
  const scores = plan.placements.metrics[0]?.scores ?? []
  expect(scores).toHaveLength(recorded)
  expect(scores[0]?.nodeId).toBe(rowsOfPlan(plan)[0]?.nodeId)
})
