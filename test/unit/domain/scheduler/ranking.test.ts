import { describe, expect, it } from 'vitest'
import { finalScore, namedScores, type Prospect } from '../../../../src/domain/scheduler/ranking/index.ts'
import { tenToTheShare } from '../../../../src/domain/scheduler/ranking/powers.ts'
import { buildGroup, buildJob, buildJobState, buildNode, buildState, nodeIdOf } from '../../../support/builders.ts'
import { rowsOfPlan, scheduleFirst } from '../../../support/scheduling.ts'

const prospect = (overrides: Partial<Prospect> = {}): Prospect => ({
  freeCpuMhz: 500,
  cpuMhz: 1_000,
  freeMemoryMb: 500,
  memoryMb: 1_000,
  sameGroup: 0,
  desired: 2,
  isPenalised: false,
  ...overrides,
})

describe('the power table', () => {
  it('is within two millionths of the true power, relative to it', () => {
    for (let part = 0; part <= 1_000; part++) {
      const value = tenToTheShare(part, 1_000)
      const exact = 1_000_000 * Math.pow(10, part / 1_000)
      expect(Math.abs(value - exact) / exact).toBeLessThan(2e-6)
    }
  })

  it('holds the share between nothing and all', () => {
    expect(tenToTheShare(-5, 100)).toBe(1_000_000)
    expect(tenToTheShare(500, 100)).toBe(10_000_000)
    expect(tenToTheShare(5, 0)).toBe(1_000_000)
  })
})

describe('bin-packing', () => {
  it('gives a full node all, an empty one nothing, a half full one 13.675 of 18', () => {
    const of = (free: number) => namedScores(prospect({ freeCpuMhz: free, freeMemoryMb: free }))['binpack']
    expect(of(0)).toBe(1_000_000)
    expect(of(1_000)).toBe(0)
    expect(of(500)).toBe(Math.floor((20_000_000 - 2 * 3_162_278) / 18))
  })
})

describe('the final score', () => {
  it('is the mean of the parts that are present', () => {
    const half = namedScores(prospect())['binpack'] ?? 0
    expect(finalScore(prospect())).toBe(half)
    expect(namedScores(prospect({ sameGroup: 1 }))).toEqual({ binpack: half, 'job-anti-affinity': -1_000_000 })
    expect(finalScore(prospect({ sameGroup: 1 }))).toBe(Math.floor((half - 1_000_000) / 2))
    expect(finalScore(prospect({ isPenalised: true, sameGroup: 1, desired: 4 }))).toBe(
      Math.floor((half - 500_000 - 1_000_000) / 3),
    )
  })
})

describe('the choice of a node', () => {
  it('is the fullest one that fits', () => {
    const used = { cpuMhz: 2_000, memoryMb: 4_000, diskMb: 0, ports: new Map() }
    const nodes = [buildNode('empty'), buildNode('used', { usage: used })]
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [buildJobState(buildJob())] }))
    expect(rowsOfPlan(plan)[0]?.nodeId).toBe(nodeIdOf('used'))
  })

  it('breaks ties by node id', () => {
    const nodes = ['a', 'b', 'c', 'd'].map(name => buildNode(name))
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [buildJobState(buildJob())] }))
    expect(rowsOfPlan(plan)[0]?.nodeId).toBe(nodes.map(({ id }) => id).toSorted()[0])
  })

  it('is recorded with the scores of the best nodes', () => {
    const nodes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(name => buildNode(name))
    const job = buildJobState(buildJob({ groups: [buildGroup({ count: 2 })] }))
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [job] }))
    const [first] = plan.placements.metrics
    expect(first?.scores).toHaveLength(5)
    expect(first?.scores[0]?.nodeId).toBe(rowsOfPlan(plan)[0]?.nodeId)
    expect(first?.scores[0]?.final).toBe(rowsOfPlan(plan)[0]?.score)
    const finals = first?.scores.map(({ final }) => final) ?? []
    expect(finals).toEqual(finals.toSorted((a, b) => b - a))
  })
})
