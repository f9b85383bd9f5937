import { describe, expect, it } from 'vitest'
import { type Changes, type EvaluationState, noChanges } from '../../../../src/domain/cluster/index.ts'
import { unblocks } from '../../../../src/domain/scheduler/index.ts'
import {
  buildAllocation,
  buildConstraint,
  buildEvaluation,
  buildGroup,
  buildJob,
  buildJobState,
  buildNode,
  buildPort,
  buildState,
  buildTask,
  nodeIdOf,
  noMetrics,
} from '../../../support/builders.ts'

const large = [buildTask({ resources: { cpuMhz: 100, memoryMb: 6_000, memoryMaxMb: 0 } })]
const unplaced = (group = 'app') => [{ group, count: 1, metrics: noMetrics, unblockedBy: [] }]
const changed = (part: Partial<Record<keyof Changes, readonly string[]>>): Changes => {
  const changes = noChanges()
  for (const id of part.nodes ?? []) changes.nodes.add(id)
  for (const id of part.allocations ?? []) changes.allocations.add(id)
  for (const id of part.evaluations ?? []) changes.evaluations.add(id)
  return changes
}
const blockedOf = (job: ReturnType<typeof buildJobState>, extra: Partial<EvaluationState> = {}) =>
  buildEvaluation(job, { id: 'blocked', status: 'blocked', trigger: 'queued-allocs', unplaced: unplaced(), ...extra })

describe('a blocked evaluation', () => {
  it('is unblocked by a changed node that fits, and by no other', () => {
    const job = buildJobState(buildJob({ groups: [buildGroup({ tasks: large })] }))
    const nodes = [
      buildNode('fit'),
      buildNode('small', { resources: { cpuMhz: 4_000, memoryMb: 1_000, diskMb: 5_000 } }),
      buildNode('driverless', { drivers: {} }),
      buildNode('ineligible', { isEligible: false }),
      buildNode('elsewhere', { nodePool: 'gpu' }),
    ]
    const blocked = blockedOf(job)
    const state = buildState({ nodes, jobs: [job], evaluations: [blocked] })
    const by = (name: string) => unblocks(state, blocked, changed({ nodes: [nodeIdOf(name)] }))
    expect(nodes.map(({ name }) => [name, by(name)])).toEqual([
      ['fit', true],
      ['small', false],
      ['driverless', false],
      ['ineligible', false],
      ['elsewhere', false],
    ])
    expect(unblocks(state, blocked, noChanges())).toBe(false)
    expect(by('unknown')).toBe(false)
  })

  it('is unblocked by an allocation that left the room it needs', () => {
    const node = buildNode()
    const other = buildJobState(buildJob({ id: 'other', groups: [buildGroup({ tasks: large })] }))
    const job = buildJobState(buildJob({ groups: [buildGroup({ tasks: large })] }))
    const blocked = blockedOf(job)
    for (const observed of ['running', 'complete'] as const) {
      const holder = buildAllocation(other, node, { observed })
      const state = buildState({ nodes: [buildNode()], jobs: [other, job], allocations: [holder] })
      expect(unblocks(state, blocked, changed({ allocations: [holder.id] }))).toBe(observed === 'complete')
    }
  })

  it('waits for its static port', () => {
    const network = { mode: 'host', ports: [buildPort('http', 5_000)] } as const
    const job = buildJobState(buildJob({ groups: [buildGroup({ network })] }))
    const blocked = blockedOf(job)
    const by = (foreignPorts: readonly number[]) =>
      unblocks(
        buildState({ nodes: [buildNode('a', { foreignPorts })], jobs: [job] }),
        blocked,
        changed({ nodes: [nodeIdOf('a')] }),
      )
    expect(by([5_000])).toBe(false)
    expect(by([])).toBe(true)
  })

  it('waits only for the groups that found no place, for all where plans ran out', () => {
    const groups = [buildGroup({ name: 'small' }), buildGroup({ name: 'large', tasks: large })]
    const job = buildJobState(buildJob({ groups }))
    const node = buildNode('a', { resources: { cpuMhz: 4_000, memoryMb: 1_000, diskMb: 5_000 } })
    const state = buildState({ nodes: [node], jobs: [job] })
    const changes = changed({ nodes: [node.id] })
    expect(unblocks(state, blockedOf(job, { unplaced: unplaced('large') }), changes)).toBe(false)
    expect(unblocks(state, blockedOf(job, { unplaced: [] }), changes)).toBe(true)
  })

  it('may take the place of an allocation of an older version', () => {
    const before = buildJob({ groups: [buildGroup({ tasks: large })] })
    const job = buildJobState({ ...before, meta: { a: '2' } }, {}, [before])
    const node = buildNode()
    const old = buildAllocation(job, node, { jobVersion: 0 })
    const state = buildState({ nodes: [node], jobs: [job], allocations: [old] })
    expect(unblocks(state, blockedOf(job), changed({ nodes: [node.id] }))).toBe(true)
  })

  it('is unblocked when one of its own ends that holds a property value for other nodes', () => {
    const constraints = [buildConstraint('${meta.rack}', 'distinct_property')]
    const job = buildJobState(buildJob({ groups: [buildGroup({ count: 2, constraints })] }))
    const nodes = ['a', 'b'].map(name => buildNode(name, { meta: { rack: 'r1' } }))
    const ended = buildAllocation(job, nodes[0] ?? '', { observed: 'failed' })
    const state = buildState({ nodes, jobs: [job], allocations: [ended] })
    expect(unblocks(state, blockedOf(job), changed({ allocations: [ended.id] }))).toBe(true)
    const running = buildAllocation(job, nodes[0] ?? '')
    const held = buildState({ nodes, jobs: [job], allocations: [running] })
    expect(unblocks(held, blockedOf(job), changed({ nodes: [nodeIdOf('b')] }))).toBe(false)
  })

  it('of a job that wants all or none waits until all fit', () => {
    const job = buildJobState(buildJob({ allAtOnce: true, groups: [buildGroup({ count: 2, tasks: large })] }))
    const nodes = ['a', 'b'].map(name => buildNode(name))
    const changes = changed({ nodes: [nodeIdOf('a')] })
    expect(unblocks(buildState({ nodes: nodes.slice(0, 1), jobs: [job] }), blockedOf(job), changes)).toBe(false)
    expect(unblocks(buildState({ nodes, jobs: [job] }), blockedOf(job), changes)).toBe(true)
  })

  it('is not unblocked once its job is stopped', () => {
    const job = buildJobState(buildJob(), { status: 'stopped' })
    const state = buildState({ nodes: [buildNode()], jobs: [job] })
    expect(unblocks(state, blockedOf(job), changed({ nodes: [nodeIdOf('node-1')] }))).toBe(false)
  })
})

describe('what happened between the plan and the block', () => {
  const job = buildJobState(buildJob({ groups: [buildGroup({ tasks: large })] }))
  const blocked = blockedOf(job, { basisPosition: 10 })
  const justBlocked = changed({ evaluations: [blocked.id] })

  it('unblocks at once when a node became fit after the basis', () => {
    for (const [modifiedPosition, isMissed] of [
      [11, true],
      [10, false],
    ] as const) {
      const state = buildState({ nodes: [buildNode('a', { modifiedPosition })], jobs: [job] })
      expect(unblocks(state, blocked, justBlocked)).toBe(isMissed)
      expect(unblocks(state, blocked, 'all')).toBe(isMissed)
    }
  })

  it('unblocks at once when an allocation left its node after the basis', () => {
    const other = buildJobState(buildJob({ id: 'other' }))
    for (const [modifiedPosition, isMissed] of [
      [11, true],
      [10, false],
    ] as const) {
      const node = buildNode()
      const ended = buildAllocation(other, node, { observed: 'complete', modifiedPosition })
      const state = buildState({ nodes: [node], jobs: [other, job], allocations: [ended] })
      expect(unblocks(state, blocked, justBlocked)).toBe(isMissed)
    }
  })
})
