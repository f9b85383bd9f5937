import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ClusterState, holdsResources } from '../../../../src/domain/cluster/index.ts'
import type { Job, TaskGroup } from '../../../../src/domain/jobspec/schema.ts'
import {
  checkPlan,
  explainNodes,
  type ScheduleInput,
  schedule,
  takeSnapshot,
} from '../../../../src/domain/scheduler/index.ts'
import { createNodeHeap } from '../../../../src/domain/scheduler/node-heap.ts'
import {
  buildBatchGroup,
  buildConstraint,
  buildGroup,
  buildJob,
  buildJobState,
  buildNode,
  buildPort,
  buildState,
  buildTask,
  buildUpdate,
} from '../../../support/builders.ts'
import { type Plan, rowsOfPlan, scheduleFirst } from '../../../support/scheduling.ts'
import { brokenPromises, createWorld, settle, type World } from './world.ts'

const groupArb = (isBatch: boolean): fc.Arbitrary<TaskGroup> =>
  fc
    .record({
      count: fc.integer({ min: 0, max: 5 }),
      memoryMb: fc.constantFrom(100, 300, 700),
      port: fc.constantFrom<'none' | 'static' | 'dynamic'>('none', 'static', 'dynamic'),
      isDistinct: fc.boolean(),
      maxParallel: fc.integer({ min: 1, max: 3 }),
    })
    .map(({ count, memoryMb, port, isDistinct, maxParallel }) => {
      const ports = port === 'none' ? null : [buildPort('http', port === 'static' ? 5_000 : 0)]
      const parts = {
        count,
        tasks: [buildTask({ resources: { cpuMhz: 100, memoryMb, memoryMaxMb: 0 } })],
        network: ports === null ? null : ({ mode: 'host', ports } as const),
        constraints: isDistinct ? [buildConstraint('', 'distinct_hosts')] : [],
      }
      return isBatch ? buildBatchGroup(parts) : buildGroup({ ...parts, update: buildUpdate({ maxParallel }) })
    })

const jobArb: fc.Arbitrary<Job> = fc
  .record({ id: fc.constantFrom('a', 'b'), isAtOnce: fc.boolean() })
  .chain(({ id, isAtOnce }) =>
    groupArb(id === 'b').map(group =>
      buildJob({ id, type: id === 'b' ? 'batch' : 'service', allAtOnce: isAtOnce, groups: [group] }),
    ),
  )

type Step =
  | { readonly kind: 'register'; readonly job: Job }
  | { readonly kind: 'stop'; readonly id: string; readonly purges: boolean }
  | { readonly kind: 'judge'; readonly node: number; readonly judgement: 'down' | 'ready' }
  | { readonly kind: 'report'; readonly pick: number; readonly what: 'running' | 'failed' | 'complete' }
  | { readonly kind: 'ask'; readonly pick: number }
  | { readonly kind: 'wait'; readonly seconds: number }

const stepArb: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: jobArb.map(job => ({ kind: 'register' as const, job })) },
  fc.record({ kind: fc.constant('stop' as const), id: fc.constantFrom('a', 'b'), purges: fc.boolean() }),
  fc.record({
    kind: fc.constant('judge' as const),
    node: fc.integer({ min: 0, max: 2 }),
    judgement: fc.constantFrom('down' as const, 'ready' as const),
  }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('report' as const),
      pick: fc.nat(20),
      what: fc.constantFrom('running' as const, 'running' as const, 'failed' as const, 'complete' as const),
    }),
  },
  fc.record({ kind: fc.constant('ask' as const), pick: fc.nat(20) }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 100 }) }),
)

const nodeNames = ['n0', 'n1', 'n2']
const worldOf = (): World => {
  const world = createWorld()
  for (const [index, name] of nodeNames.entries()) {
    world.addNode(name, { cpuMhz: 1_000, memoryMb: [800, 1_000, 1_500][index] ?? 0, diskMb: 5_000 })
  }
  return world
}

const pickFrom = (world: World, pick: number) => {
  const live = [...world.state.allocations.values()].filter(holdsResources)
  return live[pick % Math.max(1, live.length)]
}

const take = (world: World, step: Step): void => {
  switch (step.kind) {
    case 'register':
      return world.register(step.job)
    case 'stop':
      return world.stop(step.id, step.purges)
    case 'judge':
      return world.judge(nodeNames[step.node] ?? '', step.judgement)
    case 'report':
    case 'ask': {
      const allocation = pickFrom(world, step.pick)
      if (allocation === undefined) return undefined
      return step.kind === 'report' ? world.report(allocation, step.what) : world.askToStop(allocation)
    }
    case 'wait':
      return world.advance(step.seconds * 1_000)
  }
}

const runSteps = (steps: readonly Step[], inspect: (world: World, input: ScheduleInput, plan: Plan) => void): void => {
  const world = worldOf()
  for (const step of steps) {
    take(world, step)
    settle(world, (input, plan) => inspect(world, input, plan))
    expect(brokenPromises(world.state)).toEqual([])
  }
}

const reversed = <K, V>(map: ReadonlyMap<K, V>): Map<K, V> => new Map([...map].toReversed())
const shuffledState = (state: ClusterState): ClusterState => ({
  ...state,
  nodes: reversed(state.nodes),
  allocations: reversed(state.allocations),
  jobs: new Map(
    [...state.jobs].map(([key, job]) => [key, { ...job, allocations: new Set([...job.allocations].toReversed()) }]),
  ),
})

const steps = fc.array(stepArb, { minLength: 4, maxLength: 25 })

describe('over any history', () => {
  it('no node is given more than it has, no port and no index twice', () => {
    fc.assert(
      fc.property(steps, list => runSteps(list, () => undefined)),
      { numRuns: 80 },
    )
  })

  it('the same input gives the same plan, whatever the order of the maps, with a kept snapshot as with a new one', () => {
    fc.assert(
      fc.property(steps, list =>
        runSteps(list, (world, input) => {
          const { plan, reservations } = schedule(input)
          expect(schedule({ ...input, state: shuffledState(input.state) }).plan).toEqual(plan)
          expect(schedule({ ...input, snapshot: world.snapshot() })).toEqual({ plan, reservations })
          expect(schedule({ ...input, snapshot: takeSnapshot(input.state) }).plan).toEqual(plan)
        }),
      ),
      { numRuns: 30 },
    )
  })

  it('a draft passes the check against the state that it was made from, and takes what it says', () => {
    fc.assert(
      fc.property(steps, list =>
        runSteps(list, (_world, input) => {
          const { plan, reservations } = schedule(input)
          const checked = checkPlan(input.state, input.reservations, plan)
          expect(checked.plan).toEqual(plan)
          const byNode = (a: { nodeId: string }, b: { nodeId: string }) => (a.nodeId < b.nodeId ? -1 : 1)
          expect(checked.reservations.toSorted(byNode)).toEqual(reservations.toSorted(byNode))
        }),
      ),
      { numRuns: 30 },
    )
  })

  it('a plan never wants more than the count of a group, and all of it or says what it lacks', () => {
    fc.assert(
      fc.property(steps, list =>
        runSteps(list, (_world, { state }, plan) => {
          const job = state.jobs.get(`default/${plan.jobId}`)
          if (job === undefined || job.status !== 'registered') return expect(rowsOfPlan(plan)).toEqual([])
          const stopped = new Set(plan.stops.map(({ allocationId }) => allocationId))
          for (const group of job.spec.groups) {
            const stay = [...job.allocations]
              .map(id => state.allocations.get(id))
              .filter(allocation => allocation !== undefined && allocation.incarnation === job.incarnation)
              .filter(allocation => allocation?.desired === 'run' && holdsResources(allocation))
              .filter(allocation => allocation !== undefined && !stopped.has(allocation.id))
            const rows = rowsOfPlan(plan).filter(row => row.group === group.name)
            expect(stay.length + rows.length).toBeLessThanOrEqual(group.count)
            expect(
              new Set([...stay.map(allocation => allocation?.index), ...rows.map(({ index }) => index)]).size,
            ).toBe(stay.length + rows.length)
          }
          return undefined
        }),
      ),
      { numRuns: 30 },
    )
  })
})

describe('a static port', () => {
  it('stays with the allocation that still holds it when its replacement ends first', () => {
    const world = worldOf()
    const network = { mode: 'host', ports: [buildPort('http', 5_000)] } as const
    const jobOf = (id: string, version: string) =>
      buildJob({ id, meta: { version }, constraints: onFirst, groups: [buildGroup({ network })] })
    const onFirst = [buildConstraint('${node.unique.name}', '=', 'n0')]
    const settled = (): void => settle(world, () => undefined)
    const newest = () => [...world.state.allocations.values()].at(-1)
    world.register(jobOf('a', '1'))
    settled()
    const first = newest()
    world.register(jobOf('a', '2'))
    settled()
    const second = newest()
    if (first === undefined || second === undefined) throw new Error('both versions are placed')
    expect([second.previousId, first.desired, second.ports]).toEqual([first.id, 'stop', [5_000]])
    world.stop('a', false)
    settled()
    world.report(second, 'complete')
    world.register(jobOf('b', '1'))
    settled()
    expect(newest()).toBe(second)
    expect(brokenPromises(world.state)).toEqual([])
    world.report(first, 'complete')
    expect(world.state.nodes.get(first.nodeId)?.usage.ports.size).toBe(0)
  })
})

describe('the chosen node', () => {
  const nodeArb = fc.record({
    memoryMb: fc.integer({ min: 64, max: 4_000 }),
    cpuMhz: fc.integer({ min: 50, max: 4_000 }),
    usedMemoryMb: fc.integer({ min: 0, max: 2_000 }),
    isEligible: fc.boolean(),
  })

  it('is the best of all that no check refuses, the lowest id among equals', () => {
    fc.assert(
      fc.property(fc.array(nodeArb, { maxLength: 12 }), parts => {
        const nodes = parts.map(({ memoryMb, cpuMhz, usedMemoryMb, isEligible }, index) =>
          buildNode(`n${index}`, {
            isEligible,
            resources: { cpuMhz, memoryMb, diskMb: 1_000 },
            usage: { cpuMhz: 0, memoryMb: usedMemoryMb, diskMb: 0, ports: new Map() },
          }),
        )
        const job = buildJobState(buildJob())
        const state = buildState({ nodes, jobs: [job] })
        const scores = explainNodes(state, job, job.spec.groups[0] ?? buildGroup(), nodes)
          .flatMap(({ score }) => (score === null ? [] : [score]))
          .toSorted((a, b) => b.final - a.final || (a.nodeId < b.nodeId ? -1 : 1))
        const [row] = rowsOfPlan(scheduleFirst(state).plan)
        expect(row?.nodeId).toBe(scores[0]?.nodeId)
        expect(row?.score).toBe(scores[0]?.final)
      }),
      { numRuns: 80 },
    )
  })
})

describe('the heap of nodes', () => {
  it('gives what sorting gives, through any changes', () => {
    const change = fc.tuple(fc.nat(15), fc.option(fc.integer({ min: -5, max: 5 })))
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), changes => {
        const heap = createNodeHeap(16)
        const model = new Map<number, number>()
        for (const [row, score] of changes) {
          if (score === null) {
            heap.remove(row)
            model.delete(row)
          } else {
            heap.set(row, score)
            model.set(row, score)
          }
          const sorted = [...model].toSorted(([a, x], [b, y]) => y - x || a - b).map(([entry]) => entry)
          expect(heap.top()).toBe(sorted[0] ?? -1)
          expect(heap.best(5)).toEqual(sorted.slice(0, 5))
          expect(heap.has(row)).toBe(model.has(row))
        }
      }),
      { numRuns: 200 },
    )
  })
})
