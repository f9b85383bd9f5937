import { describe, expect, it } from 'vitest'
import type { ClusterState } from '../../../../src/domain/cluster/index.ts'
import { checkPlan, noReservations, reserve } from '../../../../src/domain/scheduler/index.ts'
import {
  buildAllocation,
  buildGroup,
  buildJob,
  buildJobState,
  buildNode,
  buildPort,
  buildState,
  buildTask,
  T0,
} from '../../../support/builders.ts'
import { rowsOfPlan, scheduleFirst } from '../../../support/scheduling.ts'

const network = { mode: 'host', ports: [buildPort('http', 5_000)] } as const
const large = [buildTask({ resources: { cpuMhz: 100, memoryMb: 5_000, memoryMaxMb: 0 } })]

const stateWith = (group: Parameters<typeof buildGroup>[0] = {}, allAtOnce = false): ClusterState =>
  buildState({
    nodes: [buildNode('a'), buildNode('b')],
    jobs: [buildJobState(buildJob({ allAtOnce, groups: [buildGroup({ count: 2, ...group })] }))],
  })

const draftOf = (state: ClusterState) => scheduleFirst(state).plan
const firstNode = (state: ClusterState) => {
  const [node] = state.nodes.values()
  if (node === undefined) throw new Error('the state has nodes')
  return node
}
const firstJob = (state: ClusterState) => {
  const [job] = state.jobs.values()
  if (job === undefined) throw new Error('the state has a job')
  return job
}

describe('a plan that still holds', () => {
  it('stays as it is, with what it takes', () => {
    const state = stateWith({ network })
    const draft = draftOf(state)
    const { plan, reservations } = checkPlan(state, noReservations(), draft)
    expect(plan).toEqual(draft)
    expect(reservations.map(({ cpuMhz, memoryMb, diskMb, ports }) => [cpuMhz, memoryMb, diskMb, ports])).toEqual([
      [100, 128, 300, [5_000]],
      [100, 128, 300, [5_000]],
    ])
  })
})

describe('a row is dropped, and the evaluation goes on,', () => {
  const reasonAfter = (change: (state: ClusterState) => void, group: Parameters<typeof buildGroup>[0] = {}) => {
    const state = stateWith({ tasks: large, ...group })
    const draft = draftOf(state)
    expect(rowsOfPlan(draft)).toHaveLength(2)
    change(state)
    const { plan } = checkPlan(state, noReservations(), draft)
    expect(plan.outcome).toBe('partial')
    expect(rowsOfPlan(plan)).toHaveLength(2 - plan.dropped.length)
    return plan.dropped.map(({ reason }) => reason)
  }

  it('when its node is not ready, not eligible or gone', () => {
    expect(
      reasonAfter(state => {
        firstNode(state).status = 'down'
      }),
    ).toEqual(['the node is not ready'])
    expect(
      reasonAfter(state => {
        firstNode(state).isEligible = false
      }),
    ).toEqual(['the node is not eligible'])
    expect(reasonAfter(state => state.nodes.delete(firstNode(state).id))).toEqual(['the node is gone'])
  })

  it('when its node has too little room, or one of its ports is held', () => {
    expect(
      reasonAfter(state => {
        firstNode(state).usage.memoryMb = 4_000
      }),
    ).toEqual(['the node has too little room now'])
    expect(reasonAfter(state => firstNode(state).usage.ports.set(5_000, 'other'), { network })).toEqual([
      'port 5000 of the node is taken now',
    ])
    expect(
      reasonAfter(
        state => {
          firstNode(state).foreignPorts = [5_000]
        },
        { network },
      ),
    ).toEqual(['port 5000 of the node is taken now'])
  })

  it('when its node has room for the rows before it only', () => {
    const node = buildNode()
    const state = buildState({
      nodes: [node],
      jobs: [buildJobState(buildJob({ groups: [buildGroup({ count: 3 })] }))],
    })
    const draft = draftOf(state)
    node.usage.memoryMb = 8_192 - 2 * 128
    const { plan, reservations } = checkPlan(state, noReservations(), draft)
    expect(plan.dropped.map(({ index }) => index)).toEqual([2])
    expect(reservations.map(({ memoryMb }) => memoryMb)).toEqual([256])
  })

  it('when the job is stopped, or was registered anew after a purge', () => {
    expect(
      reasonAfter(state => {
        firstJob(state).status = 'stopped'
      }),
    ).toEqual(['the job was stopped', 'the job was stopped'])
    expect(
      reasonAfter(state => {
        firstJob(state).incarnation = 1
      }),
    ).toEqual(Array(2).fill('the job was registered anew after a purge'))
  })

  it('when an earlier plan of the batch took the room', () => {
    const state = stateWith({ tasks: large })
    const overlay = noReservations()
    const first = checkPlan(state, overlay, draftOf(state))
    reserve(overlay, first.reservations)
    const second = checkPlan(state, overlay, draftOf(state))
    expect(first.plan.dropped).toEqual([])
    expect(second.plan.dropped).toHaveLength(2)
    expect(second.reservations).toEqual([])
  })

  it('together with all others where the job wants all or none', () => {
    const state = stateWith({ tasks: large }, true)
    const draft = draftOf(state)
    firstNode(state).status = 'down'
    const { plan, reservations } = checkPlan(state, noReservations(), draft)
    expect(plan.dropped.map(({ reason }) => reason)).toEqual(Array(2).fill('all_at_once: the node is not ready'))
    expect(rowsOfPlan(plan)).toEqual([])
    expect(reservations).toEqual([])
  })
})

describe('a replacement', () => {
  const updating = () => {
    const node = buildNode('a', { resources: { cpuMhz: 1_000, memoryMb: 6_000, diskMb: 5_000 } })
    const before = buildJob({ groups: [buildGroup({ network, tasks: large })] })
    const job = buildJobState({ ...before, meta: { a: '2' } }, {}, [before])
    const old = buildAllocation(job, node, { jobVersion: 0, ports: [5_000] })
    return { state: buildState({ nodes: [node], jobs: [job], allocations: [old] }), old, node }
  }

  it('takes over on its node what the plan stops there', () => {
    const { state } = updating()
    const { plan } = checkPlan(state, noReservations(), draftOf(state))
    expect(plan.dropped).toEqual([])
    expect(plan.stops).toHaveLength(1)
  })

  it('goes, together with the stop, when what it replaces is stopped already', () => {
    const { state, old } = updating()
    const draft = draftOf(state)
    old.desired = 'stop'
    const { plan } = checkPlan(state, noReservations(), draft)
    expect(plan.dropped.map(({ reason }) => reason)).toEqual(['what it replaces is not stopped any more'])
    expect(plan.stops).toEqual([])
  })

  it('does not stop the old one when the new one lost its place', () => {
    const { state, node } = updating()
    const draft = draftOf(state)
    node.isEligible = false
    const { plan } = checkPlan(state, noReservations(), draft)
    expect(plan.dropped).toHaveLength(1)
    expect(plan.stops).toEqual([])
  })
})

describe('a judgement that was withdrawn', () => {
  const losing = (status: 'registered' | 'stopped') => {
    const down = buildNode('down', { status: 'down' })
    const job = buildJobState(buildJob(), { status })
    const lost = buildAllocation(job, down)
    return { down, state: buildState({ nodes: [down, buildNode('up')], jobs: [job], allocations: [lost] }), lost }
  }

  it('takes the loss and its replacement out of the plan, and the evaluation goes on', () => {
    const { down, state } = losing('registered')
    const draft = draftOf(state)
    down.status = 'ready'
    const { plan } = checkPlan(state, noReservations(), draft)
    expect(plan.stops).toEqual([])
    expect(plan.dropped.map(({ reason }) => reason)).toEqual(['what it replaces is not stopped any more'])
    expect(plan.outcome).toBe('partial')
  })

  it('leaves a stop that has another reason', () => {
    const { down, state, lost } = losing('stopped')
    const draft = draftOf(state)
    down.status = 'ready'
    const { plan } = checkPlan(state, noReservations(), draft)
    expect(plan.stops).toEqual([{ allocationId: lost.id, reason: 'job-stopped', judgement: null }])
    expect(plan.outcome).toBe('complete')
  })
})

describe('in-place updates', () => {
  it('are left out for what has ended since', () => {
    const node = buildNode()
    const before = buildJob()
    const job = buildJobState({ ...before, priority: 60 }, {}, [before])
    const old = buildAllocation(job, node, { jobVersion: 0 })
    const state = buildState({ nodes: [node], jobs: [job], allocations: [old], time: T0 })
    const draft = draftOf(state)
    expect(draft.inPlace).toEqual([old.id])
    old.observed = 'failed'
    expect(checkPlan(state, noReservations(), draft).plan.inPlace).toEqual([])
  })
})
