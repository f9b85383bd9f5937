import { describe, expect, it } from 'vitest'
import { createHeartbeatWatcher } from '../../../../src/agents/server/heartbeat-watcher.ts'
import { createLiveness, DEFAULT_HEARTBEATS } from '../../../../src/agents/server/liveness.ts'
import {
  FIRST_STEADY_MS,
  FLAP_WINDOW_MS,
  MAX_STEADY_MS,
  STORM_MIN_NODES,
  STORM_PAUSE_MS,
  STORM_SHARE,
  steadyMsFor,
} from '../../../../src/agents/server/silent-nodes.ts'
import { applyEvent, noChanges } from '../../../../src/domain/cluster/index.ts'
import type { ControlEvent, NodesJudged } from '../../../../src/domain/control/events.ts'
import { MAX_DOWNS_KEPT } from '../../../../src/domain/limits.ts'
import { CONTROL_STREAM } from '../../../../src/domain/streams.ts'
import {
  buildAllocation,
  buildGroup,
  buildJob,
  buildJobState,
  buildNode,
  buildState,
  T0,
} from '../../../support/builders.ts'
import { createHistory } from '../../../support/history.ts'
import { createManualClock } from '../../../support/manual-clock.ts'

/** Nodes with one allocation of one job each, a watcher, and a clock that a test moves second by second. */
const createCluster = (count: number) => {
  const clock = createManualClock(T0)
  const liveness = createLiveness(clock)
  const watcher = createHeartbeatWatcher(liveness)
  const job = buildJobState(buildJob({ id: 'web', groups: [buildGroup({ name: 'app', count })] }))
  const nodes = Array.from({ length: count }, (_, index) => buildNode(`n${index}`))
  const allocations = nodes.map((node, index) => buildAllocation(job, node, { index }))
  const state = buildState({ nodes, jobs: [job], allocations })
  const log = createHistory()
  const silent = new Set<string>()
  const judgements: NodesJudged['data'][] = []

  const look = (): void => {
    const events: ControlEvent[] = []
    const batch = {
      nextEventId: () => `event-${events.length}`,
      add: (event: ControlEvent) => void events.push(event),
      isFull: () => false,
      derive: () => {},
    }
    watcher.plan({ state, changed: noChanges(), now: clock.now(), epoch: 1, batch })
    for (const event of events) {
      if (event.type === 'NodesJudged') judgements.push(event.data)
      const recorded = log.record(CONTROL_STREAM, event)
      applyEvent(state, { ...recorded, at: clock.now(), position: state.position + 10 }, noChanges())
    }
  }

  return {
    state,
    nodes,
    judgements,
    /** Evaluations that were opened so far. */
    opened: () => judgements.flatMap(({ evaluations }) => evaluations),
    silence: (some: readonly { readonly id: string }[]) => {
      for (const { id } of some) silent.add(id)
    },
    wake: (some: readonly { readonly id: string }[]) => {
      for (const { id } of some) silent.delete(id)
    },
    leave: (some: readonly { readonly id: string }[]) => {
      for (const { id } of some) liveness.left(id)
    },
    statuses: () => nodes.map(({ status }) => status),
    pass: async (seconds: number): Promise<void> => {
      for (let second = 0; second < seconds; second += 1) {
        await clock.advance(1_000)
        for (const node of nodes) {
          if (silent.has(node.id)) continue
          liveness.heard(node.id)
          // An agent that dialled again sends everything it holds.
          if (node.status !== 'ready' && node.lastFullReportPosition < 0) node.lastFullReportPosition = state.position
        }
        look()
      }
    },
  }
}

const LIMIT_S = (DEFAULT_HEARTBEATS.minTtlMs + DEFAULT_HEARTBEATS.graceMs) / 1_000
const PAUSE_S = STORM_PAUSE_MS / 1_000

describe('one node that falls silent (F10)', () => {
  it('is down after TTL and grace, not before, and its jobs are evaluated', async () => {
    const cluster = createCluster(10)
    await cluster.pass(1)
    cluster.silence(cluster.nodes.slice(0, 1))
    await cluster.pass(LIMIT_S)
    expect(cluster.judgements).toEqual([])
    await cluster.pass(1)
    expect(cluster.nodes[0]?.status).toBe('down')
    expect(cluster.opened().map(({ jobId, cause }) => [jobId, cause])).toEqual([
      ['web', expect.stringContaining('no heartbeat for 21 s')],
    ])
  })
})

describe('a node with runs of long ago', () => {
  it('opens nothing for what has ended, however many there are', async () => {
    const cluster = createCluster(2)
    for (const allocation of cluster.state.allocations.values()) allocation.observed = 'complete'
    await cluster.pass(1)
    cluster.silence(cluster.nodes.slice(0, 1))
    await cluster.pass(LIMIT_S + 1)
    cluster.wake(cluster.nodes)
    await cluster.pass(2)
    expect(cluster.judgements.map(({ nodes }) => nodes[0]?.judgement)).toEqual(['down', 'ready'])
    expect(cluster.opened()).toEqual([])
  })
})

describe('a storm of lost nodes (F10)', () => {
  it.each([
    ['at the share', 10, 10 * STORM_SHARE, 'down'],
    ['above the share', 10, 10 * STORM_SHARE + 1, 'disconnected'],
    ['above the share, with too few nodes to speak of', 4, STORM_MIN_NODES - 1, 'down'],
    ['of all nodes', 10, 10, 'disconnected'],
  ])('%s: %i nodes, %i silent are judged %s', async (_what, count, lost, judged) => {
    const cluster = createCluster(count)
    await cluster.pass(1)
    cluster.silence(cluster.nodes.slice(0, lost))
    await cluster.pass(LIMIT_S + 1)
    expect(new Set(cluster.statuses().slice(0, lost))).toEqual(new Set([judged]))
    expect(cluster.opened().length > 0).toBe(judged === 'down')
  })

  it('replaces nothing, says why on each node, and ends when they come back, with nothing evaluated twice', async () => {
    const cluster = createCluster(10)
    const lost = cluster.nodes.slice(0, 4)
    await cluster.pass(1)
    cluster.silence(lost)
    await cluster.pass(60)
    expect(lost[0]?.statusCause).toMatch(
      /one of 4 nodes of 10 that fell silent together: nothing is replaced before 300 s/,
    )
    expect(cluster.opened()).toEqual([])
    cluster.wake(lost)
    await cluster.pass(2)
    expect(new Set(cluster.statuses())).toEqual(new Set(['ready']))
    expect(cluster.opened()).toHaveLength(1)
    await cluster.pass(PAUSE_S)
    expect(cluster.opened()).toHaveLength(1)
  })

  it('takes the loss for real when the nodes stay silent', async () => {
    const cluster = createCluster(10)
    const lost = cluster.nodes.slice(0, 4)
    await cluster.pass(1)
    cluster.silence(lost)
    await cluster.pass(LIMIT_S + PAUSE_S)
    expect(cluster.opened()).toEqual([])
    await cluster.pass(1)
    expect(new Set(lost.map(({ status }) => status))).toEqual(new Set(['down']))
    expect(cluster.opened().map(({ jobId }) => jobId)).toEqual(['web'])
  })

  it('is over for the others when so many are back that it is none any more', async () => {
    const cluster = createCluster(10)
    await cluster.pass(1)
    cluster.silence(cluster.nodes.slice(0, 4))
    await cluster.pass(60)
    cluster.wake(cluster.nodes.slice(0, 2))
    await cluster.pass(2)
    expect(cluster.statuses().slice(0, 4)).toEqual(['ready', 'ready', 'down', 'down'])
  })

  it('is noticed when nodes fall silent one after the other: the first are down, the rest wait', async () => {
    const cluster = createCluster(10)
    await cluster.pass(1)
    for (const node of cluster.nodes.slice(0, 6)) {
      cluster.silence([node])
      await cluster.pass(2)
    }
    await cluster.pass(LIMIT_S + 1)
    expect(cluster.statuses().slice(0, 6)).toEqual(['down', 'down', 'down', ...Array(3).fill('disconnected')])
  })

  it('lets losses of long ago be', async () => {
    const cluster = createCluster(10)
    await cluster.pass(1)
    cluster.silence(cluster.nodes.slice(0, 3))
    await cluster.pass(LIMIT_S + 120)
    cluster.silence(cluster.nodes.slice(3, 4))
    await cluster.pass(LIMIT_S + 1)
    expect(cluster.statuses().slice(0, 4)).toEqual(['down', 'down', 'down', 'down'])
  })
})

describe('a node that flaps (F11)', () => {
  it('causes nothing while its silences are shorter than TTL and grace', async () => {
    const cluster = createCluster(3)
    const [flapping] = cluster.nodes
    if (flapping === undefined) throw new Error('there is no node')
    for (let turn = 0; turn < 60; turn += 1) {
      cluster.silence([flapping])
      await cluster.pass(5)
      cluster.wake([flapping])
      await cluster.pass(5)
    }
    expect(cluster.judgements).toEqual([])
  })

  it('must be heard for longer each time before it is ready, so that what it causes stays bounded', async () => {
    const cluster = createCluster(3)
    const [flapping] = cluster.nodes
    if (flapping === undefined) throw new Error('there is no node')
    const minutes = 60
    for (let second = 0; second < minutes * 60; second += 30) {
      cluster.silence([flapping])
      await cluster.pass(LIMIT_S + 1)
      cluster.wake([flapping])
      await cluster.pass(30 - LIMIT_S - 1)
    }
    // Without the waits it would be down and ready 120 times each.
    expect(cluster.judgements.length).toBeLessThan(30)
    expect(cluster.opened().length).toBeLessThan(30)
    cluster.wake([flapping])
    await cluster.pass(MAX_STEADY_MS / 1_000 + 2)
    expect(flapping.status).toBe('ready')
  })

  it('waits twice as long for each further loss of the window, up to a limit', () => {
    const downsAt = (...ages: readonly number[]) => buildNode('n', { recentDowns: ages.map(age => T0 - age) })
    expect(steadyMsFor(downsAt(), T0)).toBe(0)
    expect(steadyMsFor(downsAt(1_000), T0)).toBe(0)
    expect(steadyMsFor(downsAt(2_000, 1_000), T0)).toBe(FIRST_STEADY_MS)
    expect(steadyMsFor(downsAt(3_000, 2_000, 1_000), T0)).toBe(2 * FIRST_STEADY_MS)
    expect(steadyMsFor(downsAt(FLAP_WINDOW_MS, 1_000), T0)).toBe(FIRST_STEADY_MS)
    expect(steadyMsFor(downsAt(FLAP_WINDOW_MS + 1, 1_000), T0)).toBe(0)
    expect(steadyMsFor(downsAt(...Array<number>(MAX_DOWNS_KEPT).fill(1_000)), T0)).toBe(MAX_STEADY_MS)
  })

  it('has its newest losses remembered, and no more than the limit', async () => {
    const cluster = createCluster(1)
    const [node] = cluster.nodes
    if (node === undefined) throw new Error('there is no node')
    const log = createHistory()
    const sizes: number[] = []
    for (let count = 0; count < MAX_DOWNS_KEPT + 2; count += 1) {
      const nodes = [{ nodeId: node.id, judgement: 'down', cause: 'silent' } as const]
      const recorded = log.record(CONTROL_STREAM, { type: 'NodesJudged', data: { nodes, evaluations: [] } })
      applyEvent(cluster.state, { ...recorded, at: T0 + count, position: cluster.state.position + 10 }, noChanges())
      sizes.push(node.recentDowns.length)
    }
    expect(sizes.slice(-3)).toEqual([MAX_DOWNS_KEPT, MAX_DOWNS_KEPT, MAX_DOWNS_KEPT])
    expect(sizes.slice(0, 2)).toEqual([1, 2])
    expect(node.recentDowns.at(-1)).toBe(T0 + MAX_DOWNS_KEPT + 1)
  })
})

describe('a node whose agent says that it leaves', () => {
  it('is down at once, its job evaluated, and ready again when it is heard with a full report', async () => {
    const cluster = createCluster(3)
    await cluster.pass(1)
    const [first] = cluster.nodes
    if (first === undefined) throw new Error('there is no node')
    cluster.silence([first])
    cluster.leave([first])
    await cluster.pass(1)
    expect(cluster.statuses()).toEqual(['down', 'ready', 'ready'])
    expect(cluster.judgements.flatMap(({ nodes }) => nodes.map(({ cause }) => cause))).toEqual(['its agent left'])
    expect(cluster.opened()).toHaveLength(1)
    await cluster.pass(60)
    expect(cluster.judgements).toHaveLength(1)
    cluster.wake([first])
    await cluster.pass(2)
    expect(cluster.statuses()).toEqual(['ready', 'ready', 'ready'])
  })

  it('is no part of a storm: of nodes that leave together, one that falls silent then is lost as ever', async () => {
    const cluster = createCluster(4)
    await cluster.pass(1)
    const [last, ...others] = cluster.nodes
    if (last === undefined) throw new Error('there is no node')
    cluster.silence(cluster.nodes)
    cluster.leave(others)
    await cluster.pass(1)
    expect(cluster.statuses()).toEqual(['ready', 'down', 'down', 'down'])
    await cluster.pass(30)
    expect(last.status).toBe('down')
  })
})

describe('the limit of silence', () => {
  it('grows with the nodes once their heartbeats are more than the servers take', () => {
    const { minTtlMs, graceMs, maxPerSecond } = DEFAULT_HEARTBEATS
    const liveness = createLiveness(createManualClock(T0))
    const most = maxPerSecond * (minTtlMs / 1_000)
    expect(liveness.limitMs(most)).toBe(minTtlMs + graceMs)
    expect(liveness.limitMs(2 * most)).toBe(2 * minTtlMs + graceMs)
  })
})
