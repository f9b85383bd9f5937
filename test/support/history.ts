import { applyEvent, type ClusterState, emptyCluster, noChanges } from '../../src/domain/cluster/index.ts'
import type { NewEvaluation, Placements, PlanCommitted } from '../../src/domain/control/events.ts'
import type { DomainEvent, Recorded } from '../../src/domain/events.ts'
import { uuidOf } from '../../src/domain/ids.ts'
import type { JobRegistered } from '../../src/domain/job/events.ts'
import type { NodeRegistered } from '../../src/domain/node/events.ts'
import type { AllocationReport, AllocationsReported } from '../../src/domain/report/events.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLogger } from '../../src/platform/logger.ts'
import { IN_MEMORY } from '../../src/projections/database.ts'
import { createReadModel, type ReadModel } from '../../src/projections/runner.ts'
import { buildJob, noMetrics, T0 } from './builders.ts'

/** A log that a test writes by hand, one event a second from T0 on, with positions 0, 1, 2 … */
export type History = {
  readonly events: readonly Recorded[]
  readonly record: (stream: string, event: DomainEvent) => Recorded
}

export const createHistory = (): History => {
  const events: Recorded[] = []
  const revisions = new Map<string, number>()
  return {
    events,
    record: (stream, event) => {
      const position = events.length
      const revision = (revisions.get(stream) ?? -1) + 1
      revisions.set(stream, revision)
      const recorded: Recorded = {
        ...event,
        id: uuidOf('test-event', position),
        stream,
        revision,
        position,
        at: T0 + position * 1_000,
        actor: 'test',
        correlationId: 'test',
        causationId: 'test',
      }
      events.push(recorded)
      return recorded
    },
  }
}

export type Followed = {
  readonly model: ReadModel
  readonly state: ClusterState
  /** Folds and derives events, and ends the batch. */
  readonly follow: (events: readonly Recorded[]) => void
}

/** A read model that follows what it is given, as the server's own does. */
export const openReadModel = (path: string = IN_MEMORY): Followed => {
  const model = createReadModel({ path, clock: systemClock, logger: silentLogger })
  const state = emptyCluster()
  return {
    model,
    state,
    follow: events => {
      for (const event of events) {
        const changes = noChanges()
        applyEvent(state, event, changes)
        model.apply(event, state, changes)
      }
      const last = events.at(-1)
      if (last !== undefined) model.endBatch(last.position)
    },
  }
}

export const nodeRegistered = (name: string, overrides: Partial<NodeRegistered['data']> = {}): NodeRegistered => ({
  type: 'NodeRegistered',
  data: {
    name,
    datacenter: 'dc1',
    nodePool: 'default',
    nodeClass: '',
    meta: { rack: 'r1' },
    attributes: { 'kernel.name': 'linux', 'unique.network.ip-address': '10.0.0.5' },
    resources: { cpuMhz: 4_000, memoryMb: 8_192, diskMb: 50_000 },
    drivers: { mock: { isDetected: true, isHealthy: true, message: 'Healthy' } },
    foreignPorts: [],
    reserved: { cpuMhz: 0, memoryMb: 0, diskMb: 0 },
    reservedPorts: [],
    address: '10.0.0.5',
    secretDigest: '00',
    bootId: 'boot-1',
    version: '0.1.0',
    ...overrides,
  },
})

export const jobRegistered = (overrides: Partial<JobRegistered['data']> = {}): JobRegistered => ({
  type: 'JobRegistered',
  data: {
    incarnation: 0,
    version: 0,
    spec: buildJob(),
    derivation: null,
    evaluationId: null,
    source: null,
    message: '',
    ...overrides,
  },
})

export const noPlacements: Placements = {
  groups: [],
  nodes: [],
  group: [],
  node: [],
  index: [],
  ports: [],
  previous: [],
  reschedules: [],
  score: [],
  metrics: [],
  metric: [],
}

/** `count` allocations of one group on one node. */
export const placementsOf = (group: string, nodeId: string, count: number, first = 0): Placements => {
  const rows = Array.from({ length: count }, (_, row) => row)
  return {
    ...noPlacements,
    groups: [group],
    nodes: [nodeId],
    group: rows.map(() => 0),
    node: rows.map(() => 0),
    index: rows.map(row => first + row),
    ports: rows.map(() => []),
    score: rows.map(() => 500_000),
    metrics: [{ ...noMetrics, nodesInPool: 1, nodesEvaluated: 1, nodesAvailable: { dc1: 1 } }],
    metric: rows.map(() => 0),
  }
}

export const planCommitted = (
  data: Partial<PlanCommitted['data']> & Pick<PlanCommitted['data'], 'evaluationId'>,
): PlanCommitted => ({
  type: 'PlanCommitted',
  data: {
    namespace: 'default',
    jobId: 'web',
    incarnation: 0,
    jobVersion: 0,
    basis: { position: 0, controlRevision: 0, now: T0, schedulerVersion: 1, configRevision: 0 },
    outcome: 'complete',
    description: '',
    placements: noPlacements,
    stops: [],
    inPlace: [],
    dropped: [],
    unplaced: [],
    queued: {},
    changes: [],
    blockedEvaluationId: null,
    followUps: [],
    deployment: null,
    cancelledDeployments: [],
    ...data,
  },
})

export const reported = (sequence: number, allocations: readonly AllocationReport[]): AllocationsReported => ({
  type: 'AllocationsReported',
  data: { bootId: 'boot-1', sequence, isFull: false, allocations, requests: [] },
})

export const buildReport = (allocationId: string, overrides: Partial<AllocationReport> = {}): AllocationReport => ({
  allocationId,
  tasks: [],
  events: [],
  droppedEvents: 0,
  health: null,
  checks: [],
  ...overrides,
})

export const newEvaluation = (evaluationId: string, overrides: Partial<NewEvaluation> = {}): NewEvaluation => ({
  evaluationId,
  namespace: 'default',
  jobId: 'web',
  trigger: 'alloc-failure',
  priority: 50,
  waitUntil: 0,
  previousId: null,
  nodeId: null,
  deploymentId: null,
  cause: 'test',
  ...overrides,
})
