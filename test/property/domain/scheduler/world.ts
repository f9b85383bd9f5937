import {
  type AllocationState,
  applyEvent,
  type Changes,
  type ClusterState,
  demandOf,
  emptyCluster,
  groupOf,
  holdsResources,
  noChanges,
} from '../../../../src/domain/cluster/index.ts'
import type { DomainEvent, Recorded } from '../../../../src/domain/events.ts'
import { controlEventId } from '../../../../src/domain/ids.ts'
import type { Job } from '../../../../src/domain/jobspec/schema.ts'
import {
  checkPlan,
  noReservations,
  refreshSnapshot,
  type ScheduleInput,
  type Snapshot,
  schedule,
  takeSnapshot,
} from '../../../../src/domain/scheduler/index.ts'
import { buildNode, buildTaskReport, nodeIdOf, T0 } from '../../../support/builders.ts'
import { buildBasis, type Plan } from '../../../support/scheduling.ts'

/** A cluster that lives by events alone: the real fold, the real scheduler, nothing beside them. */
export type World = {
  readonly state: ClusterState
  readonly snapshot: () => Snapshot
  readonly now: () => number
  readonly advance: (ms: number) => void
  readonly addNode: (name: string, resources: { cpuMhz: number; memoryMb: number; diskMb: number }) => void
  readonly judge: (name: string, judgement: 'down' | 'ready') => void
  readonly register: (spec: Job) => void
  readonly stop: (jobId: string, purges: boolean) => void
  readonly askToStop: (allocation: AllocationState) => void
  readonly report: (allocation: AllocationState, what: 'running' | 'failed' | 'complete') => void
  readonly inputOf: (evaluationId: string) => ScheduleInput | undefined
  readonly commit: (plan: Plan) => void
}

const revisions = new WeakMap<ClusterState, Map<string, number>>()

export const createWorld = (): World => {
  const state = emptyCluster()
  revisions.set(state, new Map())
  let snapshot = takeSnapshot(state)
  let now = T0
  let counter = 0
  const append = (stream: string, event: DomainEvent): void => {
    const known = revisions.get(state)
    const revision = (known?.get(stream) ?? -1) + 1
    known?.set(stream, revision)
    const id = stream === 'control' ? controlEventId('leadership', revision - 1, 0) : `event-${counter++}`
    const position = state.position + 1
    const recorded: Recorded = {
      ...event,
      id,
      stream,
      revision,
      position,
      at: now,
      actor: '',
      correlationId: '',
      causationId: '',
    }
    const changes: Changes = noChanges()
    applyEvent(state, recorded, changes)
    snapshot = refreshSnapshot(snapshot, state, changes.nodes)
  }
  const evaluationId = (): string => `evaluation-${counter++}`
  const sequences = new Map<string, number>()
  const control = (): string => controlEventId('leadership', revisions.get(state)?.get('control') ?? -1, 0)
  return {
    state,
    snapshot: () => snapshot,
    now: () => now,
    advance: ms => {
      now += ms
    },
    addNode: (name, resources) => {
      const { id, ...facts } = buildNode(name, { resources })
      append(`node-${id}`, {
        type: 'NodeRegistered',
        data: {
          attributes: facts.attributes,
          resources,
          drivers: facts.drivers,
          foreignPorts: [],
          name,
          datacenter: 'dc1',
          nodePool: 'default',
          nodeClass: '',
          meta: {},
          reserved: facts.reserved,
          reservedPorts: [],
          address: '127.0.0.1',
          secretDigest: '',
          bootId: 'boot',
          version: '0',
        },
      })
    },
    judge: (name, judgement) =>
      append('control', {
        type: 'NodesJudged',
        data: {
          nodes: [{ nodeId: nodeIdOf(name), judgement, cause: '' }],
          evaluations: evaluationsFor(state, name, evaluationId),
        },
      }),
    register: spec => {
      const known = state.jobs.get(`default/${spec.id}`)
      const isAnew = known?.status === 'purged'
      append(`job-default/${spec.id}`, {
        type: 'JobRegistered',
        data: {
          incarnation: (known?.incarnation ?? 0) + (isAnew ? 1 : 0),
          version: known === undefined || isAnew ? 0 : known.version + 1,
          spec,
          derivation: null,
          evaluationId: evaluationId(),
          source: null,
          message: '',
        },
      })
    },
    stop: (jobId, purges) => {
      const incarnation = state.jobs.get(`default/${jobId}`)?.incarnation
      if (incarnation === undefined) return
      const type = purges ? 'JobPurged' : 'JobStopped'
      append(`job-default/${jobId}`, { type, data: { incarnation, evaluationId: evaluationId() } })
    },
    askToStop: allocation => {
      const data = { allocationId: allocation.id, evaluationId: evaluationId() }
      append(`job-${allocation.jobKey}`, { type: 'AllocationStopRequested', data })
    },
    report: (allocation, what) => {
      const sequence = sequences.get(allocation.nodeId) ?? 0
      sequences.set(allocation.nodeId, sequence + 1)
      const isDead = what !== 'running'
      const tasks = [...allocation.tasks.keys()].map(task =>
        buildTaskReport(task, {
          phase: isDead ? 'dead' : 'running',
          isFailed: what === 'failed',
          exitCode: isDead ? (what === 'failed' ? 1 : 0) : null,
          finishedAt: isDead ? now : null,
        }),
      )
      const { deploymentId } = allocation
      const health = deploymentId === null ? null : { isHealthy: what === 'running', at: now, deploymentId }
      const entry = { allocationId: allocation.id, tasks, events: [], droppedEvents: 0, health, checks: [] }
      const data = { bootId: 'boot', sequence, isFull: false, allocations: [entry], requests: [] }
      append(`report-${allocation.nodeId}`, { type: 'AllocationsReported', data })
    },
    inputOf: id => {
      const evaluation = state.evaluations.get(id)
      if (evaluation === undefined) return undefined
      const basis = buildBasis({ now, position: state.position, controlRevision: state.controlRevision })
      return { evaluation, state, reservations: noReservations(), planEventId: control(), now, basis }
    },
    commit: plan => append('control', { type: 'PlanCommitted', data: plan }),
  }
}

const evaluationsFor = (state: ClusterState, name: string, id: () => string) => {
  const jobs = new Set(
    [...state.allocations.values()].filter(({ nodeId }) => nodeId === nodeIdOf(name)).map(({ jobKey }) => jobKey),
  )
  return [...jobs].flatMap(key => {
    const job = state.jobs.get(key)
    if (job === undefined) return []
    return [
      {
        evaluationId: id(),
        namespace: job.namespace,
        jobId: job.jobId,
        trigger: 'node-update' as const,
        priority: 50,
        waitUntil: 0,
        previousId: null,
        nodeId: nodeIdOf(name),
        deploymentId: null,
        cause: '',
      },
    ]
  })
}

/** Answers every evaluation that is due, blocked ones too when `wakes`; gives each committed plan to `inspect`. */
export const settle = (world: World, inspect: (input: ScheduleInput, plan: Plan) => void): void => {
  const { state } = world
  for (let round = 0; round < 100; round++) {
    const due = [...state.pending].find(id => (state.evaluations.get(id)?.waitUntil ?? 0) <= world.now())
    const input = due === undefined ? undefined : world.inputOf(due)
    if (input === undefined) return
    const { plan } = schedule(input)
    const checked = checkPlan(state, input.reservations, plan)
    inspect(input, checked.plan)
    world.commit(checked.plan)
  }
  throw new Error('evaluations go round for ever')
}

type Resource = 'cpuMhz' | 'memoryMb' | 'diskMb'

/**
 * What holds of every node at every moment. A replacement on its predecessor's node starts only after that has ended, so
 * the two together count once.
 */
export const brokenPromises = (state: ClusterState): readonly string[] => {
  const broken: string[] = []
  for (const node of state.nodes.values()) {
    const held = [...node.allocations]
      .map(id => state.allocations.get(id))
      .filter((allocation): allocation is AllocationState => allocation !== undefined && holdsResources(allocation))
    const byId = new Map(held.map(allocation => [allocation.id, allocation]))
    const demand = (allocation: AllocationState | undefined, of: Resource): number => {
      const group = allocation === undefined ? undefined : groupOf(allocation)
      return group === undefined ? 0 : demandOf(group)[of]
    }
    for (const of of ['cpuMhz', 'memoryMb', 'diskMb'] as const) {
      let sum = 0
      for (const allocation of held) {
        const previous = byId.get(allocation.previousId ?? '')
        sum += demand(allocation, of) - Math.min(demand(allocation, of), demand(previous, of))
      }
      if (sum > node.resources[of]) broken.push(`${node.name} has ${sum} of ${node.resources[of]} ${of}`)
    }
    const owners = new Map<number, AllocationState[]>()
    for (const allocation of held) {
      for (const port of allocation.ports) owners.set(port, [...(owners.get(port) ?? []), allocation])
    }
    for (const [port, holders] of owners) {
      const predecessors = new Set(holders.map(({ previousId }) => previousId))
      const last = holders.filter(({ id }) => !predecessors.has(id))
      if (last.length > 1) broken.push(`port ${port} of ${node.name} was given ${last.length} times`)
    }
  }
  return [...broken, ...doubles(state)]
}

/** S2: at most one allocation that is to run for each job, group and index. */
const doubles = (state: ClusterState): readonly string[] => {
  const seen = new Set<string>()
  return [...state.allocations.values()].flatMap(allocation => {
    if (allocation.desired !== 'run' || !holdsResources(allocation)) return []
    const key = `${allocation.jobKey} ${allocation.group} ${allocation.index}`
    if (seen.has(key)) return [`${key} is to run twice`]
    seen.add(key)
    return []
  })
}
