import { describe, expect, it } from 'vitest'
import { createDeploymentWatcher } from '../../../src/agents/server/deployment-watcher.ts'
import { createHeartbeatWatcher } from '../../../src/agents/server/heartbeat-watcher.ts'
import type { Liveness } from '../../../src/agents/server/liveness.ts'
import type { ClusterState, DeploymentState } from '../../../src/domain/cluster/index.ts'
import type { DeploymentStatus, NodeJudgement } from '../../../src/domain/control/events.ts'
import { CONTROL_STREAM, nodeStream } from '../../../src/domain/streams.ts'
import { buildAllocation, buildDeployment, buildJobState, buildNode, buildState, T0 } from '../../support/builders.ts'
import { fold, group, model, names, react, sorted, spec, statusesIn, step, stepsOf } from '../../support/diagrams.ts'
import { sectionOf } from '../../support/documents.ts'
import { nodeRegistered, planCommitted } from '../../support/history.ts'

describe('the diagram of a deployment', () => {
  const statuses = {
    running: true,
    paused: true,
    failed: true,
    successful: true,
    cancelled: true,
  } as const satisfies Record<DeploymentStatus, true>
  const all = Object.keys(statuses) as readonly DeploymentStatus[]

  type Situation = { readonly isHealthy: boolean | null; readonly action: DeploymentState['pendingAction'] }
  const situations: readonly Situation[] = [true, false, null].flatMap(isHealthy =>
    ([null, 'pause', 'resume', 'fail'] as const).map(action => ({ isHealthy, action })),
  )

  const stateWith = (status: DeploymentStatus, { isHealthy, action }: Situation): ClusterState => {
    const job = buildJobState({ ...spec, groups: [{ ...group, count: 1 }] })
    const node = buildNode()
    const deployment = buildDeployment(job, { id: 'd', status, pendingAction: action })
    const health = isHealthy === null ? null : { isHealthy, at: T0, deploymentId: 'd' }
    const allocation = buildAllocation(job, node, { deploymentId: 'd', health })
    return buildState({ jobs: [job], nodes: [node], allocations: [allocation], deployments: [deployment] })
  }

  const watched = all.flatMap(from =>
    situations.flatMap(situation =>
      [T0, T0 + 3_600_000].flatMap(now => {
        const state = stateWith(from, situation)
        const events = react(createDeploymentWatcher(), state, now)
        const to = state.deployments.get('d')?.status ?? 'none'
        return to === from ? [] : events.map(event => step(from, event, to))
      }),
    ),
  )

  const cancelled = (['running', 'paused'] as const).map(from => {
    const state = stateWith(from, { isHealthy: null, action: null })
    const cancelledDeployments = [{ deploymentId: 'd', description: '' }]
    fold(state, CONTROL_STREAM, planCommitted({ evaluationId: 'e', cancelledDeployments }))
    return step(from, 'PlanCommitted', state.deployments.get('d')?.status ?? 'none')
  })

  it('has every status and no other', () => {
    expect(statusesIn('## Deployment')).toEqual(names(statuses))
  })

  it('has every step that the watcher and plans make, and no other', () => {
    const state = buildState({ jobs: [buildJobState(spec)] })
    const deployment = { deploymentId: 'new', isNew: true, groups: [] }
    fold(state, CONTROL_STREAM, planCommitted({ evaluationId: 'e', deployment }))
    const made = step('[*]', 'PlanCommitted', state.deployments.get('new')?.status ?? 'none')
    expect(stepsOf('## Deployment')).toEqual(sorted([made, ...watched, ...cancelled]))
  })
})

describe('the diagram of a node', () => {
  const statuses = { ready: true, down: true, disconnected: true } as const satisfies Record<NodeJudgement, true>

  /** `others`: how many nodes more there are, as silent as it. */
  const judged = (from: NodeJudgement, silentMs: number, full: number, others: number): readonly string[] => {
    const node = buildNode('n', { status: from, lastFullReportPosition: full })
    const company = Array.from({ length: others }, (_, index) => buildNode(`other-${index}`))
    const state = buildState({ nodes: [node, ...company] })
    const liveness: Liveness = {
      ttlMs: () => 10_000,
      limitMs: () => 20_000,
      heard: () => {},
      left: () => {},
      hasLeft: () => false,
      silentMs: () => silentMs,
      isHeard: () => silentMs < 1_000,
      steadyMs: () => 3_600_000,
      restart: () => {},
    }
    const events = react(createHeartbeatWatcher(liveness), state, T0)
    return node.status === from ? [] : events.map(event => step(from, event, node.status))
  }

  const reached = statusesIn('## Node') as readonly NodeJudgement[]

  it('has every status that is not named as unused, and no other', () => {
    const unused = Object.keys(statuses).filter(status =>
      sectionOf(model, '## Known, not used yet').includes(`\`${status}\``),
    )
    expect([...reached, ...unused].toSorted()).toEqual(names(statuses))
  })

  it('has every step that the watcher of heartbeats makes, and no other', () => {
    const state = buildState()
    fold(state, nodeStream('n'), nodeRegistered('n'))
    const made = step('[*]', 'NodeRegistered', state.nodes.get('n')?.status ?? 'none')
    const silences = [0, 60_000, 3_600_000]
    const steps = reached.flatMap(from =>
      silences.flatMap(ms => [-1, 5].flatMap(full => [0, 5].flatMap(others => judged(from, ms, full, others)))),
    )
    expect(stepsOf('## Node')).toEqual(sorted([made, ...steps]))
  })
})
