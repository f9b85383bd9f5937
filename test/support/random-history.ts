import fc from 'fast-check'
import { applyEvent, type ClusterState, emptyCluster, isTerminal, noChanges } from '../../src/domain/cluster/index.ts'
import type { CollectedKind } from '../../src/domain/control/events.ts'
import type { DomainEvent, Recorded } from '../../src/domain/events.ts'
import { jobKey, uuidOf } from '../../src/domain/ids.ts'
import type { JobType, TaskGroup } from '../../src/domain/jobspec/schema.ts'
import { jobStream, nodeStream, reportStream } from '../../src/domain/streams.ts'
import { buildBatchGroup, buildGroup, buildJob, buildPort, buildTaskReport } from './builders.ts'
import {
  buildReport,
  createHistory,
  jobRegistered,
  newEvaluation,
  nodeRegistered,
  placementsOf,
  planCommitted,
  reported,
} from './history.ts'

/** Random logs that make sense: every event refers to what the log before it made. */

const steps = [
  'register',
  'node',
  'plan',
  'report',
  'stop',
  'purge',
  'judge',
  'advance',
  'collect',
  'block',
  'launch',
  'fail',
] as const
type Step = readonly [kind: (typeof steps)[number], pick: number, other: number]

/** What most of a real log is made of. */
const frequent = ['plan', 'plan', 'report', 'report', 'report', 'report', 'collect'] as const

export const randomSteps = (maxLength: number): fc.Arbitrary<readonly Step[]> =>
  fc.array(fc.tuple(fc.constantFrom(...steps, ...frequent), fc.nat(1_000), fc.nat(1_000)), {
    minLength: Math.floor(maxLength / 2),
    maxLength,
  })

const jobIds = ['web', 'setup', 'nightly'] as const
const nodeIds = [uuidOf('test-node', 'n1'), uuidOf('test-node', 'n2')] as const

const pick = <T>(values: readonly T[], index: number): T | undefined =>
  values.length === 0 ? undefined : values[index % values.length]

type World = {
  readonly state: ClusterState
  readonly write: (stream: string, event: DomainEvent) => void
  sequence: number
}

const group = (type: JobType): TaskGroup => {
  const services = [
    {
      name: 'web-http',
      port: 'http',
      provider: 'nomad',
      tags: ['a'],
      meta: {},
      addressMode: 'auto',
      address: '',
      task: '',
      checks: [],
    },
  ] as const
  if (type === 'batch') return buildBatchGroup()
  return buildGroup({ services, network: { mode: 'host', ports: [buildPort('http')] } })
}

const register = (world: World, index: number, variant: number): void => {
  const jobId = pick(jobIds, index) ?? 'web'
  const job = world.state.jobs.get(jobKey('default', jobId))
  const type: JobType = jobId === 'web' ? 'service' : 'batch'
  const periodic =
    jobId === 'nightly' ? { isEnabled: true, crons: ['0 3 * * *'], prohibitsOverlap: false, timeZone: 'UTC' } : null
  const isNew = job === undefined || job.status === 'purged'
  const version = isNew ? 0 : job.version + 1
  const incarnation = job === undefined ? 0 : job.incarnation + (job.status === 'purged' ? 1 : 0)
  const spec = buildJob({ id: jobId, type, groups: [group(type)], periodic, meta: { variant: String(variant) } })
  const evaluationId = periodic === null ? uuidOf('evaluation', jobId, incarnation, version) : null
  world.write(jobStream('default', jobId), jobRegistered({ incarnation, version, spec, evaluationId }))
}

const registerNode = (world: World, index: number): void => {
  const id = pick(nodeIds, index) ?? nodeIds[0]
  if (world.state.nodes.has(id))
    world.write(nodeStream(id), { type: 'NodeEligibilitySet', data: { isEligible: index % 2 === 0 } })
  else world.write(nodeStream(id), nodeRegistered(`node-${index}`))
}

/** Answers a pending evaluation of a job that is there: places or stops, with a deployment for services. */
const plan = (world: World, index: number, count: number): void => {
  const { state } = world
  const evaluation = state.evaluations.get(pick([...state.pending], index) ?? '')
  const job = evaluation === undefined ? undefined : state.jobs.get(evaluation.jobKey)
  const node = pick([...state.nodes.keys()], index)
  if (evaluation === undefined || job === undefined || node === undefined) return
  const live = [...job.allocations].filter(id => {
    const allocation = state.allocations.get(id)
    return allocation !== undefined && !isTerminal(allocation)
  })
  const isGone = job.status !== 'registered'
  const place = isGone ? 0 : count % 3
  const groupName = job.spec.groups[0]?.name ?? ''
  const deploymentId = uuidOf('deployment', evaluation.id)
  world.write(
    'control',
    planCommitted({
      evaluationId: evaluation.id,
      jobId: job.jobId,
      incarnation: job.incarnation,
      jobVersion: job.version,
      placements: placementsOf(groupName, node, place),
      stops: live.map(allocationId => ({ allocationId, reason: isGone ? 'job-stopped' : 'updated', judgement: null })),
      queued: { [groupName]: 0 },
      deployment:
        job.spec.type === 'service' && place > 0
          ? {
              deploymentId,
              isNew: true,
              groups: [{ group: groupName, desiredTotal: place, progressDeadlineMs: 600_000, autoRevert: false }],
            }
          : null,
    }),
  )
}

/** Says that a pending evaluation waits for room. */
const block = (world: World, index: number): void => {
  const evaluation = world.state.evaluations.get(pick([...world.state.pending], index) ?? '')
  const job = evaluation === undefined ? undefined : world.state.jobs.get(evaluation.jobKey)
  if (evaluation === undefined || job === undefined || job.status !== 'registered') return
  const groupName = job.spec.groups[0]?.name ?? ''
  const metrics = placementsOf(groupName, 'n', 1).metrics[0]
  if (metrics === undefined) return
  world.write(
    'control',
    planCommitted({
      evaluationId: evaluation.id,
      jobId: job.jobId,
      incarnation: job.incarnation,
      jobVersion: job.version,
      queued: { [groupName]: 2 },
      unplaced: [{ group: groupName, count: 2, metrics, unblockedBy: ['more memory'] }],
      blockedEvaluationId: uuidOf('blocked', evaluation.id),
    }),
  )
}

const phases = ['pending', 'running', 'dead'] as const

const report = (world: World, index: number, phase: number, isFailed: boolean): void => {
  const allocation = pick([...world.state.allocations.values()], index)
  if (allocation === undefined) return
  const task = buildTaskReport('server', { phase: pick(phases, phase) ?? 'running', startNumber: 1, isFailed })
  const at = world.state.time
  world.sequence += 1
  world.write(
    reportStream(allocation.nodeId),
    reported(world.sequence, [
      buildReport(allocation.id, {
        tasks: [task],
        events: [{ task: 'server', type: 'Started', at, message: `step ${world.sequence}`, details: { n: '1' } }],
        health:
          allocation.deploymentId === null ? null : { isHealthy: !isFailed, at, deploymentId: allocation.deploymentId },
        checks: [
          {
            checkId: 'c1',
            service: 'web-http',
            name: 'alive',
            task: '',
            mode: 'healthiness',
            status: isFailed ? 'failure' : 'success',
            output: '',
            at,
          },
        ],
      }),
    ]),
  )
}

const stop = (world: World, index: number, purges: boolean): void => {
  const job = pick([...world.state.jobs.values()], index)
  if (job === undefined || job.status === 'purged' || (!purges && job.status === 'stopped')) return
  const evaluationId =
    job.spec.periodic === null ? uuidOf('evaluation', job.key, 'stop', job.revision, job.incarnation) : null
  const data = { incarnation: job.incarnation, evaluationId }
  world.write(jobStream('default', job.jobId), { type: purges ? 'JobPurged' : 'JobStopped', data })
}

const judge = (world: World, index: number, other: number): void => {
  const nodeId = pick([...world.state.nodes.keys()], index)
  if (nodeId === undefined) return
  const judgement = pick(['down', 'disconnected', 'ready'] as const, other) ?? 'ready'
  const job = pick(
    [...world.state.jobs.values()].filter(candidate => candidate.status === 'registered'),
    other,
  )
  const evaluations =
    job === undefined
      ? []
      : [newEvaluation(uuidOf('evaluation', world.state.position, 'judged'), { jobId: job.jobId, nodeId })]
  world.write('control', { type: 'NodesJudged', data: { nodes: [{ nodeId, judgement, cause: 'test' }], evaluations } })
}

const advance = (world: World, index: number, other: number): void => {
  const deployment = world.state.deployments.get(pick([...world.state.activeDeployments], index) ?? '')
  if (deployment === undefined) return
  const status = pick(['running', 'successful', 'failed'] as const, other) ?? 'running'
  world.write('control', {
    type: 'DeploymentsAdvanced',
    data: {
      deployments: [
        {
          deploymentId: deployment.id,
          status,
          description: `now ${status}`,
          groups: [...deployment.groups].map(([name]) => ({
            group: name,
            healthy: 1,
            unhealthy: 0,
            requireProgressBy: 5_000,
          })),
          revertTo: null,
          evaluation: null,
        },
      ],
    },
  })
}

const collect = (world: World, index: number, other: number): void => {
  const { state } = world
  const kind: CollectedKind = pick(['evaluation', 'allocation', 'deployment', 'node', 'job'] as const, other) ?? 'node'
  const ids = {
    evaluation: [...state.evaluations.values()].filter(each => !state.pending.has(each.id)).map(each => each.id),
    allocation: [...state.allocations.values()].filter(isTerminal).map(each => each.id),
    deployment: [...state.deployments.keys()].filter(id => !state.activeDeployments.has(id)),
    node: [...state.nodes.values()].filter(each => each.status === 'down').map(each => each.id),
    job: [...state.jobs.values()].filter(each => each.status === 'stopped').map(each => each.key),
  }[kind]
  const id = pick(ids, index)
  if (id === undefined) return
  world.write('control', { type: 'Collected', data: { items: [{ kind, id, position: state.position }] } })
}

/** A run of the periodic job: the decision and the child that is derived from it. */
const launch = (world: World, index: number): void => {
  const parent = world.state.jobs.get('default/nightly')
  if (parent === undefined || parent.status !== 'registered') return
  const instant = 1_000 * (world.state.position + 1)
  const childId = `nightly/periodic-${index}-${world.state.position}`
  const evaluationId = uuidOf('evaluation', childId)
  const { incarnation, version } = parent
  const run = { namespace: 'default', parentId: 'nightly', incarnation, version, instant, childId, evaluationId }
  world.write('control', {
    type: 'PeriodicRunsDecided',
    data: { runs: [{ ...run, outcome: 'launched', reason: '', request: null }] },
  })
  const derivation = {
    kind: 'periodic',
    parentId: 'nightly',
    parentIncarnation: incarnation,
    parentVersion: version,
    instant,
    meta: { run: String(index) },
    payload: null,
    priority: null,
    tokenDigest: null,
  } as const
  world.write(jobStream('default', childId), jobRegistered({ spec: null, derivation, evaluationId }))
}

/** The log that follows from the steps; one that cannot be taken where it stands is left out. */
export const historyOf = (taken: readonly Step[]): readonly Recorded[] => {
  const history = createHistory()
  const state = emptyCluster()
  const world: World = {
    state,
    sequence: 0,
    write: (stream, event) => applyEvent(state, history.record(stream, event), noChanges()),
  }
  const actions: Readonly<Record<Step[0], (index: number, other: number) => void>> = {
    register: (index, other) => register(world, index, other),
    node: index => registerNode(world, index),
    plan: (index, other) => plan(world, index, other),
    report: (index, other) => report(world, index, other, false),
    fail: index => report(world, index, 2, true),
    stop: index => stop(world, index, false),
    purge: index => stop(world, index, true),
    judge: (index, other) => judge(world, index, other),
    advance: (index, other) => advance(world, index, other),
    collect: (index, other) => collect(world, index, other),
    block: index => block(world, index),
    launch: index => launch(world, index),
  }
  registerNode(world, 0)
  register(world, 0, 0)
  register(world, 2, 0)
  plan(world, 0, 2)
  report(world, 0, 1, false)
  for (const [kind, index, other] of taken) actions[kind](index, other)
  return history.events
}
