import {
  type AllocationState,
  type ClusterState,
  type DeploymentState,
  demandOf,
  type EvaluationState,
  emptyCluster,
  groupOf,
  holdsResources,
  type JobState,
  type NodeState,
} from '../../src/domain/cluster/index.ts'
import type { PlacementMetrics } from '../../src/domain/control/events.ts'
import { jobKey, uuidOf } from '../../src/domain/ids.ts'
import type { Check, Constraint, Job, Port, Service, Task, TaskGroup, Update } from '../../src/domain/jobspec/schema.ts'
import type { TaskReport } from '../../src/domain/report/events.ts'

/** Whole objects of the domain with ordinary values; a test says only what it is about. */

/** Every builder's instants start here, so that ages in tests are readable: 2026-01-01T00:00:00Z. */
export const T0 = 1_767_225_600_000

export const buildConstraint = (attribute: string, operator: Constraint['operator'] = '=', value = ''): Constraint => ({
  attribute,
  operator,
  value,
})

export const buildPort = (label: string, fixed = 0, to = 0): Port => ({
  label,
  static: fixed,
  to,
  hostNetwork: 'default',
})

export const buildTask = (overrides: Partial<Task> = {}): Task => ({
  name: 'server',
  driver: 'mock',
  config: {},
  env: {},
  meta: {},
  constraints: [],
  resources: { cpuMhz: 100, memoryMb: 128, memoryMaxMb: 0 },
  services: [],
  templates: [],
  restart: { attempts: 2, intervalMs: 1_800_000, delayMs: 15_000, mode: 'fail', rendersTemplates: false },
  killTimeoutMs: 5_000,
  killSignal: '',
  shutdownDelayMs: 0,
  isLeader: false,
  lifecycle: null,
  logs: { maxFiles: 10, maxFileSizeMb: 10, isDisabled: false },
  dispatchPayloadFile: '',
  ...overrides,
})

export const buildUpdate = (overrides: Partial<Update> = {}): Update => ({
  maxParallel: 1,
  healthCheck: 'checks',
  minHealthyTimeMs: 10_000,
  healthyDeadlineMs: 300_000,
  progressDeadlineMs: 600_000,
  autoRevert: false,
  ...overrides,
})

const serviceReschedule: TaskGroup['reschedule'] = {
  attempts: 0,
  intervalMs: 0,
  delayMs: 30_000,
  delayFunction: 'exponential',
  maxDelayMs: 3_600_000,
  isUnlimited: true,
}

const batchReschedule: TaskGroup['reschedule'] = {
  attempts: 1,
  intervalMs: 86_400_000,
  delayMs: 5_000,
  delayFunction: 'constant',
  maxDelayMs: 0,
  isUnlimited: false,
}

export const buildGroup = (overrides: Partial<TaskGroup> = {}): TaskGroup => ({
  name: 'app',
  count: 1,
  constraints: [],
  network: null,
  services: [],
  tasks: [buildTask()],
  reschedule: serviceReschedule,
  update: buildUpdate(),
  ephemeralDiskMb: 300,
  shutdownDelayMs: 0,
  meta: {},
  ...overrides,
})

/** A batch group: no deployment, one reschedule. */
export const buildBatchGroup = (overrides: Partial<TaskGroup> = {}): TaskGroup =>
  buildGroup({ reschedule: batchReschedule, update: null, ...overrides })

export const buildJob = (overrides: Partial<Job> = {}): Job => {
  const id = overrides.id ?? 'web'
  return {
    id,
    name: id,
    namespace: 'default',
    region: 'global',
    type: 'service',
    priority: 50,
    allAtOnce: false,
    datacenters: ['*'],
    nodePool: 'default',
    constraints: [],
    groups: [overrides.type === 'batch' ? buildBatchGroup() : buildGroup()],
    periodic: null,
    parameterized: null,
    meta: {},
    ...overrides,
  }
}

/** The state of a job whose newest specification is `spec`; earlier versions (oldest first) go before it. */
export const buildJobState = (spec: Job, overrides: Partial<JobState> = {}, earlier: readonly Job[] = []): JobState => {
  const specs = [...earlier, spec]
  return {
    key: jobKey(spec.namespace, spec.id),
    namespace: spec.namespace,
    jobId: spec.id,
    revision: specs.length - 1,
    incarnation: 0,
    status: 'registered',
    spec,
    version: specs.length - 1,
    versions: specs.map((job, version) => ({
      version,
      spec: job,
      at: T0,
      position: version,
      actor: 'test',
      message: '',
      source: null,
      isStable: false,
    })),
    derivation: null,
    payload: null,
    submittedAt: T0,
    createdPosition: 0,
    modifiedPosition: 0,
    children: new Set(),
    allocations: new Set(),
    evaluations: new Set(),
    deployments: new Set(),
    latestDeploymentId: null,
    dispatchTokens: new Map(),
    pendingChildren: new Map(),
    pendingForces: new Map(),
    lastPeriodicInstant: null,
    periodicSince: T0,
    ...overrides,
  }
}

/** The id of the node that a test calls `name`. */
export const nodeIdOf = (name: string): string => uuidOf('test-node', name)

export const buildNode = (name = 'node-1', overrides: Partial<NodeState> = {}): NodeState => ({
  id: nodeIdOf(name),
  revision: 0,
  name,
  datacenter: 'dc1',
  nodePool: 'default',
  nodeClass: '',
  meta: {},
  attributes: { 'kernel.name': 'linux', 'cpu.arch': 'amd64', 'unique.hostname': name },
  resources: { cpuMhz: 4_000, memoryMb: 8_192, diskMb: 50_000 },
  reserved: { cpuMhz: 0, memoryMb: 0, diskMb: 0 },
  reservedPorts: [],
  foreignPorts: [],
  drivers: { mock: { isDetected: true, isHealthy: true, message: 'Healthy' } },
  driversChangedAt: { mock: T0 },
  address: '127.0.0.1',
  secretDigest: '',
  bootId: 'boot',
  version: '0.1.0',
  status: 'ready',
  statusCause: '',
  isEligible: true,
  computedClass: '',
  registeredAt: T0,
  createdPosition: 0,
  modifiedPosition: 0,
  modifiedAt: T0,
  usage: { cpuMhz: 0, memoryMb: 0, diskMb: 0, ports: new Map() },
  allocations: new Set(),
  requests: new Map(),
  reportBootId: 'boot',
  reportSequence: 0,
  reportRevision: -1,
  lastFullReportPosition: 0,
  recentDowns: [],
  ...overrides,
})

export const noMetrics: PlacementMetrics = {
  nodesInPool: 0,
  nodesEvaluated: 0,
  nodesFiltered: 0,
  nodesExhausted: 0,
  nodesAvailable: {},
  classFiltered: {},
  classExhausted: {},
  constraintFiltered: {},
  dimensionExhausted: {},
  scores: [],
}

export const buildTaskReport = (task: string, overrides: Partial<TaskReport> = {}): TaskReport => ({
  task,
  phase: 'running',
  isFailed: false,
  startNumber: 1,
  restarts: 0,
  startedAt: T0,
  finishedAt: null,
  lastRestartAt: null,
  exitCode: null,
  ...overrides,
})

/** An allocation of `job`'s newest version on `node`, running unless said otherwise. The group is the job's first. */
export const buildAllocation = (
  job: JobState,
  node: NodeState | string,
  overrides: Partial<AllocationState> = {},
): AllocationState => {
  const version = overrides.jobVersion ?? job.version
  const spec = overrides.job ?? job.versions[version]?.spec ?? job.spec
  const group = overrides.group ?? spec.groups[0]?.name ?? ''
  const index = overrides.index ?? 0
  const nodeId = typeof node === 'string' ? node : node.id
  return {
    id: uuidOf('test-allocation', job.key, job.incarnation, version, group, index, nodeId),
    jobKey: job.key,
    incarnation: job.incarnation,
    group,
    index,
    name: `${spec.name}.${group}[${index}]`,
    nodeId,
    jobVersion: version,
    job: spec,
    evaluationId: uuidOf('test-evaluation', job.key),
    deploymentId: null,
    ports: [],
    createdAt: T0,
    createdPosition: 0,
    modifiedAt: T0,
    modifiedPosition: 0,
    desired: 'run',
    stopReason: null,
    stopRequested: false,
    skipsShutdownDelay: false,
    judgement: null,
    observed: 'running',
    tasks: new Map(),
    health: null,
    checks: new Map(),
    previousId: null,
    nextId: null,
    followUpEvaluationId: null,
    failureEvaluationId: null,
    reschedules: [],
    score: 0,
    metrics: noMetrics,
    ...overrides,
  }
}

export const buildEvaluation = (job: JobState, overrides: Partial<EvaluationState> = {}): EvaluationState => ({
  id: uuidOf('test-evaluation', job.key),
  jobKey: job.key,
  jobType: job.spec.type,
  trigger: 'job-register',
  priority: job.spec.priority,
  waitUntil: 0,
  previousId: null,
  nodeId: null,
  deploymentId: null,
  cause: 'the job was registered',
  forcesReschedule: false,
  status: 'pending',
  statusDescription: '',
  blockedId: null,
  nextId: null,
  basisPosition: -1,
  unplaced: [],
  queued: {},
  changes: [],
  plans: [],
  placed: [],
  createdAt: T0,
  createdPosition: 0,
  modifiedAt: T0,
  modifiedPosition: 0,
  ...overrides,
})

/** A running deployment of the job's newest version over all its groups that have an update strategy. */
export const buildDeployment = (job: JobState, overrides: Partial<DeploymentState> = {}): DeploymentState => ({
  id: uuidOf('test-deployment', job.key, overrides.jobVersion ?? job.version),
  jobKey: job.key,
  incarnation: job.incarnation,
  jobVersion: job.version,
  jobRevision: job.revision,
  status: 'running',
  description: 'Deployment is running',
  groups: new Map(
    job.spec.groups
      .filter(group => group.update !== null)
      .map(group => [
        group.name,
        {
          desiredTotal: group.count,
          progressDeadlineMs: group.update?.progressDeadlineMs ?? 0,
          autoRevert: group.update?.autoRevert ?? false,
          placed: 0,
          healthy: 0,
          unhealthy: 0,
          requireProgressBy: T0 + (group.update?.progressDeadlineMs ?? 0),
        },
      ]),
  ),
  allocations: new Set(),
  pendingAction: null,
  pendingRevertTo: null,
  createdAt: T0,
  createdPosition: 0,
  modifiedAt: T0,
  modifiedPosition: 0,
  ...overrides,
})

export type StateParts = {
  readonly nodes?: readonly NodeState[]
  readonly jobs?: readonly JobState[]
  readonly allocations?: readonly AllocationState[]
  readonly evaluations?: readonly EvaluationState[]
  readonly deployments?: readonly DeploymentState[]
  readonly time?: number
}

const addAllocation = (state: ClusterState, allocation: AllocationState): void => {
  state.allocations.set(allocation.id, allocation)
  state.jobs.get(allocation.jobKey)?.allocations.add(allocation.id)
  if (allocation.deploymentId !== null) {
    const deployment = state.deployments.get(allocation.deploymentId)
    deployment?.allocations.add(allocation.id)
  }
  const node = state.nodes.get(allocation.nodeId)
  if (node === undefined) return
  node.allocations.add(allocation.id)
  const group = groupOf(allocation)
  if (group === undefined || !holdsResources(allocation)) return
  const demand = demandOf(group)
  node.usage.cpuMhz += demand.cpuMhz
  node.usage.memoryMb += demand.memoryMb
  node.usage.diskMb += demand.diskMb
  for (const port of allocation.ports) node.usage.ports.set(port, allocation.id)
}

/** A cluster's state as the fold would have left it: indexes and the nodes' usage follow from the parts. */
export const buildState = (parts: StateParts = {}): ClusterState => {
  const state = emptyCluster()
  state.time = parts.time ?? T0
  for (const node of parts.nodes ?? []) state.nodes.set(node.id, node)
  for (const job of parts.jobs ?? []) state.jobs.set(job.key, job)
  for (const deployment of parts.deployments ?? []) {
    state.deployments.set(deployment.id, deployment)
    const job = state.jobs.get(deployment.jobKey)
    job?.deployments.add(deployment.id)
    if (job !== undefined) job.latestDeploymentId = deployment.id
    if (deployment.status === 'running' || deployment.status === 'paused') state.activeDeployments.add(deployment.id)
  }
  for (const allocation of parts.allocations ?? []) addAllocation(state, allocation)
  for (const evaluation of parts.evaluations ?? []) {
    state.evaluations.set(evaluation.id, evaluation)
    state.jobs.get(evaluation.jobKey)?.evaluations.add(evaluation.id)
    if (evaluation.status === 'pending') state.pending.add(evaluation.id)
    if (evaluation.status === 'blocked') state.blocked.add(evaluation.id)
  }
  return state
}

export const buildCheck = (overrides: Partial<Check> = {}): Check => ({
  name: 'alive',
  type: 'tcp',
  path: '',
  protocol: 'http',
  method: 'GET',
  header: {},
  body: '',
  port: '',
  intervalMs: 10_000,
  timeoutMs: 2_000,
  isTlsVerified: true,
  initialStatus: 'pending',
  onUpdate: 'require_healthy',
  checkRestart: null,
  ...overrides,
})

export const buildService = (overrides: Partial<Service> = {}): Service => ({
  name: 'web',
  port: '',
  provider: 'nomad',
  tags: [],
  meta: {},
  addressMode: 'auto',
  address: '',
  task: '',
  checks: [],
  ...overrides,
})
