import { describe, expect, it } from 'vitest'
import type { NodeState } from '../../../../src/domain/cluster/index.ts'
import type { Job } from '../../../../src/domain/jobspec/schema.ts'
import { explainNode, explainNodes } from '../../../../src/domain/scheduler/index.ts'
import {
  buildAllocation,
  buildConstraint,
  buildGroup,
  buildJob,
  buildJobState,
  buildNode,
  buildPort,
  buildState,
  buildTask,
} from '../../../support/builders.ts'
import { namesOf, rowsOfPlan, scheduleFirst } from '../../../support/scheduling.ts'

const reasonsOf = (node: NodeState, job: Job): readonly string[] => {
  const state = buildState({ nodes: [node], jobs: [buildJobState(job)] })
  const [jobState] = state.jobs.values()
  const group = job.groups[0]
  if (jobState === undefined || group === undefined) throw new Error('a job with a group is needed')
  return explainNode(state, jobState, group, node)?.refusals.map(({ reason }) => reason) ?? []
}
const jobWith = (group: Parameters<typeof buildGroup>[0], job: Partial<Job> = {}): Job =>
  buildJob({ ...job, groups: [buildGroup(group)] })
const driver = (isDetected: boolean, isHealthy: boolean) => ({ mock: { isDetected, isHealthy, message: '' } })
const small = { cpuMhz: 50, memoryMb: 64, diskMb: 100 }

describe('every reason against a node', () => {
  const cases: readonly (readonly [string, NodeState, Job, readonly string[]])[] = [
    ['a fit node has none', buildNode(), buildJob(), []],
    ['it is down', buildNode('a', { status: 'down' }), buildJob(), ['node is down']],
    ['it is disconnected', buildNode('a', { status: 'disconnected' }), buildJob(), ['node is disconnected']],
    ['it is not eligible', buildNode('a', { isEligible: false }), buildJob(), ['node is not eligible']],
    ['it is in another pool', buildNode('a', { nodePool: 'gpu' }), buildJob(), ['not in node pool default']],
    ['the pool all is every pool', buildNode('a', { nodePool: 'gpu' }), buildJob({ nodePool: 'all' }), []],
    ['it is elsewhere', buildNode(), buildJob({ datacenters: ['dc2', 'eu-*'] }), ['not in datacenters dc2, eu-*']],
    ['the driver is unknown', buildNode('a', { drivers: {} }), buildJob(), ['missing drivers']],
    ['the driver is not detected', buildNode('a', { drivers: driver(false, true) }), buildJob(), ['missing drivers']],
    ['the driver is ill', buildNode('a', { drivers: driver(true, false) }), buildJob(), ['missing drivers']],
    [
      'a driver named like what every object has',
      buildNode(),
      jobWith({ tasks: [buildTask({ driver: 'constructor' })] }),
      ['missing drivers'],
    ],
    ['every dimension lacks', buildNode('a', { resources: small }), buildJob(), ['cpu', 'memory', 'disk']],
    [
      'what is reserved is not there',
      buildNode('a', { reserved: { cpuMhz: 0, memoryMb: 8_100, diskMb: 0 } }),
      buildJob(),
      ['memory'],
    ],
    [
      'task constraints count as well',
      buildNode(),
      jobWith({ tasks: [buildTask({ constraints: [buildConstraint('${meta.a}', '=', 'b')] })] }),
      ['${meta.a} = b'],
    ],
    [
      'it has no signal of a name that a task is to be sent',
      buildNode('a', { attributes: { 'os.signals': 'SIGHUP,SIGTERM' } }),
      jobWith({ tasks: [buildTask({ killSignal: 'SIGHUP' }), buildTask({ name: 'b', killSignal: 'SIGFOO' })] }),
      ['${attr.os.signals} set_contains SIGHUP,SIGFOO'],
    ],
    [
      'it has every signal that a task is to be sent',
      buildNode('a', { attributes: { 'os.signals': 'SIGHUP,SIGTERM' } }),
      jobWith({ tasks: [buildTask({ killSignal: 'SIGHUP' })] }),
      [],
    ],
    [
      'a host network that it lacks',
      buildNode(),
      jobWith({ network: { mode: 'host', ports: [{ ...buildPort('http'), hostNetwork: 'public' }] } }),
      ['missing host network "public" for port "http"'],
    ],
    [
      'a static port of a foreign process, another one that is reserved',
      buildNode('a', { foreignPorts: [5_000], reservedPorts: [22] }),
      jobWith({ network: { mode: 'host', ports: [buildPort('http', 5_000), buildPort('ssh', 22)] } }),
      ['network: reserved port collision http=5000', 'network: reserved port collision ssh=22'],
    ],
    [
      'many reasons at once, in the order of the checks',
      buildNode('a', { drivers: {}, resources: small, isEligible: false }),
      jobWith({}, { constraints: [buildConstraint('${attr.cpu.arch}', '=', 'arm64')] }),
      ['node is not eligible', 'missing drivers', '${attr.cpu.arch} = arm64', 'cpu', 'memory', 'disk'],
    ],
  ]
  it.each(cases)('%s', (_name, node, job, reasons) => {
    expect(reasonsOf(node, job)).toEqual(reasons)
  })

  it('comes with a score where there is no reason', () => {
    const nodes = [buildNode('a'), buildNode('b', { drivers: {} })]
    const state = buildState({ nodes, jobs: [buildJobState(buildJob())] })
    const [job] = state.jobs.values()
    if (job === undefined) throw new Error('the state has a job')
    const explained = explainNodes(state, job, job.spec.groups[0] ?? buildGroup(), nodes)
    expect(explained.map(({ score }) => score === null)).toEqual([false, true])
    expect(explained[1]?.refusals[0]?.needs).toBe('a node with driver mock')
  })
})

describe('the dynamic range', () => {
  it('is exhausted when every port of it is held', () => {
    const range = Array.from({ length: 12_001 }, (_, at) => 20_000 + at)
    const job = jobWith({ network: { mode: 'host', ports: [buildPort('a')] } })
    expect(reasonsOf(buildNode('a', { foreignPorts: range }), job)).toEqual(['network: dynamic port selection failed'])
    expect(reasonsOf(buildNode('a', { foreignPorts: range.slice(1) }), job)).toEqual([])
    const both = jobWith({ network: { mode: 'host', ports: [buildPort('a'), buildPort('b', 20_000)] } })
    expect(reasonsOf(buildNode('a', { foreignPorts: range.slice(1) }), both)).toEqual([
      'network: dynamic port selection failed',
    ])
  })
})

describe('distinct_hosts', () => {
  const distinct = buildConstraint('', 'distinct_hosts', 'true')
  const groups = [buildGroup({ name: 'a' }), buildGroup({ name: 'b' })]

  it('on the job keeps all its allocations apart, on a group those of the group', () => {
    const node = buildNode()
    const all = scheduleFirst(
      buildState({ nodes: [node], jobs: [buildJobState(buildJob({ groups, constraints: [distinct] }))] }),
    )
    expect(rowsOfPlan(all.plan)).toHaveLength(1)
    expect(all.plan.unplaced[0]?.metrics.constraintFiltered).toEqual({ distinct_hosts: 1 })
    const own = groups.map(group => ({ ...group, count: 2, constraints: [distinct] }))
    const each = scheduleFirst(buildState({ nodes: [buildNode()], jobs: [buildJobState(buildJob({ groups: own }))] }))
    expect(rowsOfPlan(each.plan).map(({ group }) => group)).toEqual(['a', 'b'])
  })

  it('is nothing when it is false', () => {
    const off = buildConstraint('', 'distinct_hosts', 'false')
    const job = buildJob({ constraints: [off], groups: [buildGroup({ count: 2 })] })
    expect(
      rowsOfPlan(scheduleFirst(buildState({ nodes: [buildNode()], jobs: [buildJobState(job)] })).plan),
    ).toHaveLength(2)
  })

  it('lets an update take the place of what it replaces', () => {
    const node = buildNode()
    const before = buildJob({ constraints: [distinct] })
    const job = buildJobState({ ...before, meta: { a: '2' } }, {}, [before])
    const old = buildAllocation(job, node, { jobVersion: 0 })
    const { plan } = scheduleFirst(buildState({ nodes: [node], jobs: [job], allocations: [old] }))
    expect(rowsOfPlan(plan)).toMatchObject([{ previous: old.id, nodeId: node.id }])
  })
})

describe('distinct_property', () => {
  const rack = (name: string, value: string) => buildNode(name, { meta: { rack: value } })
  const nodes = [rack('a', 'r1'), rack('b', 'r1'), rack('c', 'r2'), buildNode('d')]
  const jobOf = (value: string, count: number) =>
    buildJobState(
      buildJob({
        groups: [buildGroup({ count, constraints: [buildConstraint('${meta.rack}', 'distinct_property', value)] })],
      }),
    )

  it('allows one allocation for each value by default', () => {
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [jobOf('', 3)] }))
    const racks = rowsOfPlan(plan).map(({ nodeId }) => nodes.find(node => node.id === nodeId)?.meta['rack'])
    expect(new Set(racks)).toEqual(new Set(['r1', 'r2']))
    expect(racks).toHaveLength(2)
    expect(plan.unplaced[0]?.metrics.constraintFiltered).toEqual({
      'distinct_property: ${meta.rack}=r1 used by 1': 2,
      'distinct_property: ${meta.rack}=r2 used by 1': 1,
      'distinct_property: ${meta.rack} is missing': 1,
    })
  })

  it('allows as many as it says', () => {
    const { plan } = scheduleFirst(buildState({ nodes, jobs: [jobOf('2', 5)] }))
    expect(rowsOfPlan(plan)).toHaveLength(4)
    expect(
      namesOf(
        nodes,
        rowsOfPlan(plan).map(({ nodeId }) => nodeId),
      ),
    ).not.toContain('d')
  })
})
