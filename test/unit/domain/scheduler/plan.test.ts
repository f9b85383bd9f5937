import { describe, expect, it } from 'vitest'
import { deploymentIdOf, evaluationIdOf } from '../../../../src/domain/ids.ts'
import { noReservations, reserve } from '../../../../src/domain/scheduler/index.ts'
import {
  buildAllocation,
  buildBatchGroup,
  buildConstraint,
  buildDeployment,
  buildEvaluation,
  buildGroup,
  buildJob,
  buildJobState,
  buildNode,
  buildPort,
  buildState,
  buildTask,
  buildTaskReport,
  buildUpdate,
  T0,
} from '../../../support/builders.ts'
import { rowsOfPlan, scheduleFirst } from '../../../support/scheduling.ts'

const withNetwork = (...ports: readonly ReturnType<typeof buildPort>[]) => ({ mode: 'host', ports }) as const
const big = (memoryMb: number) => [buildTask({ resources: { cpuMhz: 100, memoryMb, memoryMaxMb: 0 } })]
const twoVersions = (before: Parameters<typeof buildGroup>[0], after: Parameters<typeof buildGroup>[0]) =>
  buildJobState(buildJob({ groups: [buildGroup(after)] }), {}, [buildJob({ groups: [buildGroup(before)] })])

describe('a first version', () => {
  it('is placed on a node that can take it, with a deployment', () => {
    const node = buildNode()
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [buildJobState(buildJob())] }))
    expect(plan.outcome).toBe('complete')
    expect(rowsOfPlan(plan)).toMatchObject([{ group: 'app', index: 0, nodeId: node.id, ports: [], previous: null }])
    expect(plan.deployment).toEqual({
      deploymentId: deploymentIdOf('00000000-0000-5000-8000-000000000001'),
      isNew: true,
      groups: [{ group: 'app', desiredTotal: 1, progressDeadlineMs: 600_000, autoRevert: false }],
    })
    expect(plan.changes).toEqual([{ group: 'app', place: 1, stop: 0, inPlace: 0, destructive: 0, ignore: 0 }])
    expect(plan.queued).toEqual({ app: 0 })
    expect(plan.blockedEvaluationId).toBeNull()
  })

  it('has no deployment without an update strategy, and none when it is a batch job', () => {
    const plain = buildJobState(buildJob({ groups: [buildGroup({ update: null })] }))
    const batch = buildJobState(buildJob({ type: 'batch', groups: [buildBatchGroup({ update: buildUpdate() })] }))
    for (const job of [plain, batch]) {
      const { plan } = scheduleFirst(buildState({ nodes: [buildNode()], jobs: [job] }))
      expect(rowsOfPlan(plan)).toHaveLength(1)
      expect(plan.deployment).toBeNull()
    }
  })

  it('places all of its count at once and keeps them apart', () => {
    const nodes = ['a', 'b', 'c'].map(name => buildNode(name))
    const job = buildJobState(buildJob({ groups: [buildGroup({ count: 3 })] }))
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [job] }))
    expect(new Set(rowsOfPlan(plan).map(({ nodeId }) => nodeId)).size).toBe(3)
    expect(rowsOfPlan(plan).map(({ index }) => index)).toEqual([0, 1, 2])
  })

  it('says nothing for a parent that only launches others', () => {
    const job = buildJobState(
      buildJob({ type: 'batch', parameterized: { payload: 'optional', metaRequired: [], metaOptional: [] } }),
    )
    const { plan } = scheduleFirst(buildState({ nodes: [buildNode()], jobs: [job] }))
    expect(rowsOfPlan(plan)).toEqual([])
    expect(plan.outcome).toBe('complete')
  })
})

describe('what finds no place', () => {
  it('is counted by reason, blocked, and told what would unblock it', () => {
    const nodes = [buildNode('a'), buildNode('b'), buildNode('c', { drivers: {} })]
    const job = buildJobState(buildJob({ groups: [buildGroup({ count: 2, tasks: big(9_000) })] }))
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [job] }))
    expect(plan.unplaced).toHaveLength(1)
    expect(plan.unplaced[0]).toMatchObject({
      group: 'app',
      count: 2,
      metrics: {
        nodesInPool: 3,
        nodesEvaluated: 3,
        nodesFiltered: 1,
        nodesExhausted: 2,
        nodesAvailable: { dc1: 3 },
        constraintFiltered: { 'missing drivers': 1 },
        dimensionExhausted: { memory: 2 },
      },
      unblockedBy: ['9000 MB memory free on one of 2 nodes'],
    })
    expect(plan.queued).toEqual({ app: 2 })
    expect(plan.blockedEvaluationId).toBe(evaluationIdOf(plan.evaluationId, 'queued-allocs', 0))
  })

  it('names a driver, a constraint, a datacenter or a node that is missing', () => {
    const cases = [
      { nodes: [], job: buildJob(), sentence: 'a node: the cluster has none yet' },
      {
        nodes: [buildNode()],
        job: buildJob({ groups: [buildGroup({ tasks: [buildTask({ driver: 'docker' })] })] }),
        sentence: 'a node with driver docker',
      },
      {
        nodes: [buildNode()],
        job: buildJob({ constraints: [buildConstraint('${attr.kernel.name}', '=', 'windows')] }),
        sentence: 'a node where ${attr.kernel.name} = windows',
      },
      { nodes: [buildNode()], job: buildJob({ datacenters: ['dc9'] }), sentence: 'a node in datacenter dc9' },
      {
        nodes: [buildNode('a', { isEligible: false })],
        job: buildJob(),
        sentence: 'node a made eligible again',
      },
    ]
    for (const { nodes, job, sentence } of cases) {
      const { plan } = scheduleFirst(buildState({ nodes, jobs: [buildJobState(job)] }))
      expect(plan.unplaced[0]?.unblockedBy).toEqual([sentence])
    }
  })

  it('shows a datacenter that is named and has no node', () => {
    const job = buildJobState(buildJob({ datacenters: ['dc9'] }))
    const { plan } = scheduleFirst(buildState({ nodes: [buildNode()], jobs: [job] }))
    expect(plan.unplaced[0]?.metrics).toMatchObject({ nodesInPool: 1, nodesEvaluated: 0, nodesAvailable: { dc9: 0 } })
  })

  it('keeps the blocked evaluation that the job has, and blocks an unblocked one again as itself', () => {
    const job = buildJobState(buildJob())
    const blocked = buildEvaluation(job, { id: 'blocked', status: 'blocked', trigger: 'queued-allocs' })
    const state = buildState({ jobs: [job], evaluations: [blocked] })
    expect(scheduleFirst(state, { evaluation: { id: 'other' } }).plan.blockedEvaluationId).toBe('blocked')
    const again = scheduleFirst(state, { evaluation: { id: 'mine', trigger: 'queued-allocs' } })
    expect(again.plan.blockedEvaluationId).toBe('mine')
  })

  it('takes no place at all where the job wants all or none', () => {
    const groups = [buildGroup({ name: 'small' }), buildGroup({ name: 'large', tasks: big(9_000) })]
    const state = (allAtOnce: boolean) =>
      buildState({ nodes: [buildNode()], jobs: [buildJobState(buildJob({ groups, allAtOnce }))] })
    expect(rowsOfPlan(scheduleFirst(state(false)).plan)).toHaveLength(1)
    const { plan, reservations } = scheduleFirst(state(true))
    expect(rowsOfPlan(plan)).toEqual([])
    expect(reservations).toEqual([])
    expect(plan.unplaced.map(({ group, count }) => [group, count])).toEqual([
      ['small', 1],
      ['large', 1],
    ])
  })
})

describe('a stopped job', () => {
  it('stops everything that runs and cancels its deployment', () => {
    const node = buildNode()
    const job = buildJobState(buildJob(), { status: 'stopped' })
    const deployment = buildDeployment(job)
    const running = buildAllocation(job, node)
    const done = buildAllocation(job, node, { index: 1, observed: 'complete' })
    const state = buildState({ nodes: [node], jobs: [job], allocations: [running, done], deployments: [deployment] })
    const { plan } = scheduleFirst(state)
    expect(plan.stops).toEqual([{ allocationId: running.id, reason: 'job-stopped', judgement: null }])
    expect(plan.cancelledDeployments).toEqual([
      { deploymentId: deployment.id, description: 'Cancelled because job is stopped' },
    ])
    expect(plan.deployment).toBeNull()
  })

  it('loses the allocations of a node that is down', () => {
    const node = buildNode('a', { status: 'down' })
    const job = buildJobState(buildJob(), { status: 'purged' })
    const running = buildAllocation(job, node)
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [running] }))
    expect(plan.stops).toEqual([{ allocationId: running.id, reason: 'job-stopped', judgement: 'lost' }])
  })
})

describe('allocations that are wanted no more', () => {
  it('stop when their incarnation is older, even while the job runs', () => {
    const node = buildNode()
    const job = buildJobState(buildJob(), { incarnation: 1 })
    const old = buildAllocation(job, node, { incarnation: 0 })
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [old] }))
    expect(plan.stops).toEqual([{ allocationId: old.id, reason: 'older-incarnation', judgement: null }])
    expect(rowsOfPlan(plan)).toMatchObject([{ index: 0, previous: null }])
    expect(plan.incarnation).toBe(1)
  })

  it('stop when their group was removed', () => {
    const node = buildNode()
    const before = buildJob({ groups: [buildGroup({ name: 'old' })] })
    const job = buildJobState(buildJob(), {}, [before])
    const old = buildAllocation(job, node, { group: 'old', jobVersion: 0 })
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [old] }))
    expect(plan.stops).toEqual([{ allocationId: old.id, reason: 'group-removed', judgement: null }])
    expect(plan.changes).toContainEqual({ group: 'old', place: 0, stop: 1, inPlace: 0, destructive: 0, ignore: 0 })
  })

  it('stop from the highest index down when the count is lowered, failed ones first', () => {
    const node = buildNode()
    const job = twoVersions({ count: 4 }, { count: 2 })
    const allocations = [0, 1, 2, 3].map(index =>
      buildAllocation(job, node, { index, jobVersion: 0, ...(index === 1 ? { observed: 'failed' as const } : {}) }),
    )
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations }), { now: T0 })
    expect(plan.stops.map(({ allocationId }) => allocations.findIndex(({ id }) => id === allocationId))).toEqual([1, 3])
    expect(plan.stops.every(({ reason }) => reason === 'count-lowered')).toBe(true)
    expect(plan.inPlace).toHaveLength(2)
    expect(rowsOfPlan(plan)).toEqual([])
  })
})

describe('the indexes of a group', () => {
  it('are filled from the lowest that is free', () => {
    const node = buildNode()
    const job = buildJobState(buildJob({ groups: [buildGroup({ count: 4 })] }))
    const allocations = [1, 5].map(index => buildAllocation(job, node, { index }))
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations }))
    expect(rowsOfPlan(plan).map(({ index }) => index)).toEqual([0, 2])
  })
})

describe('a new version', () => {
  const running = (job: ReturnType<typeof twoVersions>, node: ReturnType<typeof buildNode>, count: number) =>
    Array.from({ length: count }, (_, index) => buildAllocation(job, node, { index, jobVersion: 0 }))

  it('replaces max_parallel allocations on the node that they leave, and starts a deployment', () => {
    const node = buildNode()
    const update = buildUpdate({ maxParallel: 2 })
    const job = twoVersions({ count: 3, update }, { count: 3, update, tasks: [buildTask({ meta: { a: '2' } })] })
    const allocations = running(job, node, 3)
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations }))
    expect(rowsOfPlan(plan).map(({ index, previous }) => [index, previous])).toEqual([
      [0, allocations[0]?.id],
      [1, allocations[1]?.id],
    ])
    expect(plan.stops.map(({ reason }) => reason)).toEqual(['updated', 'updated'])
    expect(plan.changes[0]).toMatchObject({ destructive: 2, ignore: 1, place: 0 })
    expect(plan.deployment).toMatchObject({ isNew: true, groups: [{ desiredTotal: 3 }] })
  })

  it('waits for those that are not healthy yet and stands still while one is unhealthy or the deployment is held', () => {
    const node = buildNode()
    const update = buildUpdate({ maxParallel: 2 })
    const job = twoVersions({ count: 4, update }, { count: 4, update, meta: { a: '2' } })
    const cases = [
      { health: null, status: 'running', replaced: 1 },
      { health: true, status: 'running', replaced: 2 },
      { health: false, status: 'running', replaced: 0 },
      { health: true, status: 'paused', replaced: 0 },
      { health: true, status: 'failed', replaced: 0 },
    ] as const
    for (const { health, status, replaced } of cases) {
      const deployment = buildDeployment(job, { status })
      const fresh = buildAllocation(job, node, {
        index: 0,
        deploymentId: deployment.id,
        health: health === null ? null : { isHealthy: health, at: T0, deploymentId: deployment.id },
      })
      const old = [1, 2, 3].map(index => buildAllocation(job, node, { index, jobVersion: 0 }))
      const state = buildState({
        nodes: [buildNode()],
        jobs: [{ ...job, allocations: new Set(), deployments: new Set(), latestDeploymentId: null }],
        allocations: [fresh, ...old],
        deployments: [deployment],
      })
      const { plan } = scheduleFirst(state)
      expect([health, status, rowsOfPlan(plan).length]).toEqual([health, status, replaced])
    }
  })

  it('goes on in place when nothing that a task can see has changed', () => {
    const node = buildNode()
    const job = twoVersions(
      { count: 2 },
      { count: 2, constraints: [buildConstraint('${attr.kernel.name}', '=', 'linux')] },
    )
    const allocations = running(job, node, 2)
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations }))
    expect(plan.inPlace).toEqual(allocations.map(({ id }) => id))
    expect(plan.stops).toEqual([])
    expect(plan.deployment).toMatchObject({ isNew: true })
  })

  it('moves away from a node that its constraints no longer allow', () => {
    const nodes = [buildNode('old'), buildNode('new', { meta: { rack: 'r2' } })]
    const job = twoVersions({}, { constraints: [buildConstraint('${meta.rack}', '=', 'r2')] })
    const allocations = [buildAllocation(job, nodes[0] ?? '', { jobVersion: 0 })]
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [job], allocations }))
    expect(rowsOfPlan(plan)).toMatchObject([{ nodeId: nodes[1]?.id, previous: allocations[0]?.id }])
  })

  it('takes over the static port and the memory of what it replaces, counted once', () => {
    const node = buildNode('a', { resources: { cpuMhz: 1_000, memoryMb: 1_000, diskMb: 1_000 } })
    const network = withNetwork(buildPort('http', 5_000))
    const job = twoVersions({ network, tasks: big(700) }, { network, tasks: big(800) })
    const old = buildAllocation(job, node, { jobVersion: 0, ports: [5_000] })
    const { plan, reservations } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [old] }))
    expect(rowsOfPlan(plan)).toMatchObject([{ nodeId: node.id, ports: [5_000], previous: old.id }])
    expect(reservations).toEqual([{ nodeId: node.id, cpuMhz: 100, memoryMb: 800, diskMb: 300, ports: [5_000] }])
  })

  it('leaves the old allocation alone when the new one finds no place', () => {
    const node = buildNode()
    const job = twoVersions({}, { tasks: big(9_000) })
    const old = buildAllocation(job, node, { jobVersion: 0 })
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [old] }))
    expect(plan.stops).toEqual([])
    expect(plan.unplaced).toMatchObject([{ group: 'app', count: 1 }])
  })

  it('ends the deployment of the version before it', () => {
    const node = buildNode()
    const job = twoVersions({}, { meta: { a: '2' } })
    const deployment = buildDeployment(job, { jobVersion: 0 })
    const old = buildAllocation(job, node, { jobVersion: 0, deploymentId: deployment.id })
    const state = buildState({ nodes: [node], jobs: [job], allocations: [old], deployments: [deployment] })
    const { plan } = scheduleFirst(state)
    expect(plan.cancelledDeployments).toEqual([
      { deploymentId: deployment.id, description: 'Cancelled due to newer version of job' },
    ])
    expect(plan.deployment).toMatchObject({ isNew: true })
  })

  it('starts no deployment again once its own has succeeded', () => {
    const node = buildNode()
    const job = buildJobState(buildJob({ groups: [buildGroup({ count: 2 })] }))
    const deployment = buildDeployment(job, { status: 'successful' })
    const one = buildAllocation(job, node, { deploymentId: deployment.id })
    const { plan } = scheduleFirst(
      buildState({ nodes: [node], jobs: [job], allocations: [one], deployments: [deployment] }),
    )
    expect(rowsOfPlan(plan)).toHaveLength(1)
    expect(plan.deployment).toBeNull()
  })
})

describe('a node that is down', () => {
  it('loses its allocations, which are replaced elsewhere under their index', () => {
    const nodes = [buildNode('down', { status: 'down' }), buildNode('up')]
    const job = buildJobState(buildJob({ groups: [buildGroup({ count: 2 })] }))
    const lost = buildAllocation(job, nodes[0] ?? '', { index: 1 })
    const kept = buildAllocation(job, nodes[1] ?? '', { index: 0 })
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [job], allocations: [lost, kept] }))
    expect(plan.stops).toEqual([{ allocationId: lost.id, reason: 'node-down', judgement: 'lost' }])
    expect(rowsOfPlan(plan)).toMatchObject([{ index: 1, nodeId: nodes[1]?.id, previous: lost.id }])
  })

  it('replaces nothing beyond the count', () => {
    const nodes = [buildNode('down', { status: 'down' }), buildNode('up')]
    const job = twoVersions({ count: 3 }, { count: 2 })
    const lost = [1, 2].map(index => buildAllocation(job, nodes[0] ?? '', { index, jobVersion: 0 }))
    const kept = buildAllocation(job, nodes[1] ?? '', { index: 0, jobVersion: 0 })
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [job], allocations: [...lost, kept] }))
    expect(rowsOfPlan(plan)).toMatchObject([{ index: 1, previous: lost[0]?.id }])
    expect(plan.stops).toHaveLength(2)
  })

  it('is only judged where the allocation was to stop anyway', () => {
    const node = buildNode('down', { status: 'down' })
    const job = buildJobState(buildJob({ groups: [buildGroup({ count: 0 })] }))
    const stopping = buildAllocation(job, node, { desired: 'stop', stopReason: 'updated' })
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [stopping] }))
    expect(plan.stops).toEqual([{ allocationId: stopping.id, reason: 'updated', judgement: 'lost' }])
  })

  it('replaces what it lost even while the deployment has failed, but places nothing new', () => {
    const nodes = [buildNode('down', { status: 'down' }), buildNode('up')]
    const job = buildJobState(buildJob({ groups: [buildGroup({ count: 3 })] }))
    const deployment = buildDeployment(job, { status: 'failed' })
    const lost = buildAllocation(job, nodes[0] ?? '', { deploymentId: deployment.id })
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [job], allocations: [lost], deployments: [deployment] }))
    expect(rowsOfPlan(plan)).toMatchObject([{ previous: lost.id }])
    expect(plan.deployment).toBeNull()
  })
})

describe('a node that is gone', () => {
  it('loses its allocations as well', () => {
    const job = buildJobState(buildJob())
    const lost = buildAllocation(job, 'nowhere')
    const { plan } = scheduleFirst(buildState({ nodes: [buildNode()], jobs: [job], allocations: [lost] }))
    expect(plan.stops).toEqual([{ allocationId: lost.id, reason: 'node-gone', judgement: 'lost' }])
    expect(rowsOfPlan(plan)).toMatchObject([{ previous: lost.id }])
  })
})

describe('an allocation that a user asked to stop', () => {
  it('stops and is replaced', () => {
    const node = buildNode()
    const job = buildJobState(buildJob())
    const one = buildAllocation(job, node, { stopRequested: true })
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [one] }))
    expect(plan.stops).toEqual([{ allocationId: one.id, reason: 'requested', judgement: null }])
    expect(rowsOfPlan(plan)).toMatchObject([{ index: 0, previous: one.id }])
  })
})

describe('a failed allocation', () => {
  const failed = (job: ReturnType<typeof buildJobState>, node: ReturnType<typeof buildNode>, extra = {}) =>
    buildAllocation(job, node, {
      observed: 'failed',
      tasks: new Map([['server', buildTaskReport('server', { phase: 'dead', isFailed: true, finishedAt: T0 })]]),
      ...extra,
    })

  it('waits for its delay in a follow-up evaluation, and counts until then', () => {
    const node = buildNode()
    const job = buildJobState(buildJob())
    const one = failed(job, node)
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [one] }))
    expect(rowsOfPlan(plan)).toEqual([])
    expect(plan.followUps).toMatchObject([
      { evaluation: { trigger: 'alloc-reschedule', waitUntil: T0 + 30_000 }, allocationIds: [one.id] },
    ])
    expect(plan.changes[0]).toMatchObject({ ignore: 1 })
  })

  it('is not given a second follow-up while the first one waits', () => {
    const node = buildNode()
    const job = buildJobState(buildJob())
    const one = failed(job, node, { followUpEvaluationId: 'later' })
    const later = buildEvaluation(job, { id: 'later', trigger: 'alloc-reschedule', waitUntil: T0 + 30_000 })
    const state = buildState({ nodes: [node], jobs: [job], allocations: [one], evaluations: [later] })
    expect(scheduleFirst(state).plan.followUps).toEqual([])
    const due = scheduleFirst(state, { evaluation: { id: 'later' } })
    expect(rowsOfPlan(due.plan)).toMatchObject([{ previous: one.id }])
  })

  it('is replaced once the delay is over, away from where it failed, and remembers it', () => {
    const nodes = [buildNode('a'), buildNode('b')]
    const job = buildJobState(buildJob())
    const one = failed(job, nodes[0] ?? buildNode())
    const state = buildState({ nodes, jobs: [job], allocations: [one] })
    const { plan } = scheduleFirst(state, { now: T0 + 30_000 })
    expect(rowsOfPlan(plan)).toMatchObject([{ nodeId: nodes[1]?.id, previous: one.id, index: 0 }])
    expect(plan.stops).toEqual([{ allocationId: one.id, reason: 'rescheduled', judgement: null }])
    expect(plan.placements.reschedules).toEqual([
      [0, [{ at: T0 + 30_000, previousAllocationId: one.id, previousNodeId: one.nodeId, delayMs: 30_000 }]],
    ])
  })

  it('goes back to the node where it failed when there is no other, with the penalty recorded', () => {
    const node = buildNode()
    const job = buildJobState(buildJob())
    const one = failed(job, node)
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [one] }), { now: T0 + 30_000 })
    expect(rowsOfPlan(plan)).toMatchObject([{ nodeId: node.id }])
    expect(plan.placements.metrics[0]?.scores[0]?.scores).toMatchObject({ 'node-reschedule-penalty': -1_000_000 })
  })

  it('is replaced at once when the evaluation forces it, and never when its attempts are used up', () => {
    const node = buildNode()
    const reschedule = { ...buildBatchGroup().reschedule, attempts: 0 }
    const job = buildJobState(buildJob({ groups: [buildGroup({ reschedule })] }))
    const state = buildState({ nodes: [node], jobs: [job], allocations: [failed(job, node)] })
    const never = scheduleFirst(state, { now: T0 + 86_400_000 })
    expect(rowsOfPlan(never.plan)).toEqual([])
    expect(never.plan.followUps).toEqual([])
    const forced = scheduleFirst(state, { evaluation: { forcesReschedule: true } })
    expect(rowsOfPlan(forced.plan)).toHaveLength(1)
  })

  it('is replaced once only', () => {
    const node = buildNode()
    const job = buildJobState(buildJob())
    const one = failed(job, node, { nextId: 'next' })
    const two = buildAllocation(job, node, { id: 'next', previousId: one.id })
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [one, two] }), {
      now: T0 + 86_400_000,
    })
    expect(rowsOfPlan(plan)).toEqual([])
    expect(plan.stops).toEqual([])
  })

  it('is not replaced when it failed as part of a failed deployment', () => {
    const node = buildNode()
    const job = buildJobState(buildJob())
    const deployment = buildDeployment(job, { status: 'failed' })
    const one = failed(job, node, { deploymentId: deployment.id })
    const state = buildState({ nodes: [node], jobs: [job], allocations: [one], deployments: [deployment] })
    const { plan } = scheduleFirst(state, { now: T0 + 86_400_000 })
    expect(rowsOfPlan(plan)).toEqual([])
    expect(plan.followUps).toEqual([])
  })

  it('shares a follow-up with others that come due within the window', () => {
    const node = buildNode()
    const job = buildJobState(buildJob({ groups: [buildGroup({ count: 3 })] }))
    const allocations = [0, 4_000, 9_000].map((offset, index) => {
      const tasks = new Map([
        ['server', buildTaskReport('server', { phase: 'dead', isFailed: true, finishedAt: T0 + offset })],
      ])
      return failed(job, node, { index, tasks })
    })
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations }), { now: T0 })
    expect(
      plan.followUps.map(({ evaluation, allocationIds }) => [evaluation.waitUntil - T0, allocationIds.length]),
    ).toEqual([
      [34_000, 2],
      [39_000, 1],
    ])
  })
})

describe('a batch job', () => {
  const batchJob = (count = 1, earlier: readonly ReturnType<typeof buildJob>[] = []) =>
    buildJobState(buildJob({ type: 'batch', groups: [buildBatchGroup({ count })] }), {}, earlier)

  it('never replaces what ended well, and does nothing when it is registered again unchanged', () => {
    const node = buildNode()
    const job = batchJob(2)
    const allocations = [0, 1].map(index => buildAllocation(job, node, { index, observed: 'complete' }))
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations }))
    expect(rowsOfPlan(plan)).toEqual([])
    expect(plan.stops).toEqual([])
  })

  it('runs anew under a new version', () => {
    const node = buildNode()
    const job = batchJob(1, [buildJob({ type: 'batch' })])
    const done = buildAllocation(job, node, { jobVersion: 0, observed: 'complete' })
    const failed = buildAllocation(job, node, { jobVersion: 0, index: 1, observed: 'failed' })
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [done, failed] }))
    expect(rowsOfPlan(plan)).toMatchObject([{ index: 0, previous: null }])
  })

  it('counts what ended well although it was told to stop, but not what was killed', () => {
    const node = buildNode()
    const job = batchJob(1)
    const ended = (exitCode: number) =>
      buildAllocation(job, node, {
        desired: 'stop',
        observed: 'complete',
        tasks: new Map([['server', buildTaskReport('server', { phase: 'dead', exitCode })]]),
      })
    const rows = (exitCode: number) =>
      rowsOfPlan(
        scheduleFirst(buildState({ nodes: [buildNode()], jobs: [batchJob(1)], allocations: [ended(exitCode)] })).plan,
      )
    expect(rows(0)).toEqual([])
    expect(rows(143)).toHaveLength(1)
  })

  it('replaces what a service would: a complete allocation of a service is not done', () => {
    const node = buildNode()
    const job = buildJobState(buildJob())
    const ended = buildAllocation(job, node, { observed: 'complete' })
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [ended] }))
    expect(rowsOfPlan(plan)).toMatchObject([{ index: 0, previous: null }])
  })
})

describe('what fits only just', () => {
  const tight = { cpuMhz: 4_000, memoryMb: 1_000, diskMb: 5_000 }

  it('is not given away twice within a batch', () => {
    const nodes = () => [buildNode('a', { resources: tight })]
    const job = (id: string) => buildJobState(buildJob({ id, groups: [buildGroup({ tasks: big(600) })] }))
    const first = scheduleFirst(buildState({ nodes: nodes(), jobs: [job('one')] }))
    const overlay = noReservations()
    reserve(overlay, first.reservations)
    const second = scheduleFirst(buildState({ nodes: nodes(), jobs: [job('two')] }), { reservations: overlay })
    expect(second.plan.unplaced[0]?.metrics.dimensionExhausted).toEqual({ memory: 1 })
  })

  it('is still found for a replacement that takes over, after another one found no place', () => {
    const nodes = [buildNode('a', { resources: tight }), buildNode('b', { resources: tight })]
    const update = buildUpdate({ maxParallel: 2 })
    const job = twoVersions({ count: 2, update, tasks: big(400) }, { count: 2, update, tasks: big(900) })
    const other = buildJobState(buildJob({ id: 'other', groups: [buildGroup({ tasks: big(500) })] }))
    const [a, b] = nodes
    const blocker = buildAllocation(other, a ?? '')
    const old = [a, b].map((node, index) => buildAllocation(job, node ?? '', { index, jobVersion: 0 }))
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [job, other], allocations: [...old, blocker] }))
    expect(rowsOfPlan(plan)).toMatchObject([{ index: 1, nodeId: b?.id, previous: old[1]?.id }])
    expect(plan.unplaced).toMatchObject([{ count: 1 }])
  })

  it('takes a distinct host over from an allocation that is stopped for good', () => {
    const node = buildNode()
    const job = buildJobState(buildJob({ constraints: [buildConstraint('', 'distinct_hosts')] }))
    const one = buildAllocation(job, node, { stopRequested: true })
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [one] }))
    expect(rowsOfPlan(plan)).toMatchObject([{ nodeId: node.id, previous: one.id }])
  })
})

describe('ports', () => {
  it('are given from the dynamic range, apart from what others, the operator and foreign processes hold', () => {
    const node = buildNode()
    const network = withNetwork(buildPort('a'), buildPort('b'), buildPort('c', 8_080))
    const job = buildJobState(buildJob({ groups: [buildGroup({ network })] }))
    const [row] = rowsOfPlan(scheduleFirst(buildState({ nodes: [node], jobs: [job] })).plan)
    const [first = 0, second = 0, third] = row?.ports ?? []
    expect(third).toBe(8_080)
    expect(first).not.toBe(second)
    for (const port of [first, second]) {
      expect(port).toBeGreaterThanOrEqual(20_000)
      expect(port).toBeLessThanOrEqual(32_000)
    }
    const busy = buildNode('node-1', { foreignPorts: [first], reservedPorts: [second] })
    const [other] = rowsOfPlan(scheduleFirst(buildState({ nodes: [busy], jobs: [buildJobState(job.spec)] })).plan)
    expect(other?.ports).not.toContain(first)
    expect(other?.ports).not.toContain(second)
  })

  it('that are static are given to one only, within a plan and within a batch', () => {
    const node = buildNode()
    const network = withNetwork(buildPort('http', 5_000))
    const job = buildJobState(buildJob({ groups: [buildGroup({ count: 2, network })] }))
    const { plan, reservations } = scheduleFirst(buildState({ nodes: [node], jobs: [job] }))
    expect(rowsOfPlan(plan)).toHaveLength(1)
    expect(plan.unplaced[0]?.metrics.dimensionExhausted).toEqual({
      'network: reserved port collision http=5000': 1,
    })
    const overlay = noReservations()
    reserve(overlay, reservations)
    const other = buildJobState(buildJob({ id: 'other', groups: [buildGroup({ network })] }))
    const second = scheduleFirst(buildState({ nodes: [buildNode()], jobs: [other] }), { reservations: overlay })
    expect(rowsOfPlan(second.plan)).toEqual([])
  })
})
