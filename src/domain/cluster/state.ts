import type {
  DeploymentStatus,
  EvaluationTrigger,
  GroupChanges,
  NodeJudgement,
  PlacementMetrics,
  RescheduleAttempt,
  StopReason,
  Unplaced,
} from '../control/events.ts'
import type { JobKey } from '../ids.ts'
import type { Derivation, JobDispatched, PeriodicRunForced } from '../job/events.ts'
import type { Job, JobType, Sealed } from '../jobspec/schema.ts'
import type {
  DriverState,
  NodeResources,
  PortRange,
  TaskRestartRequested,
  TaskSignalRequested,
} from '../node/events.ts'
import type { CheckReport, TaskReport } from '../report/events.ts'

/**
 * The control plane's memory: every stream that decides anything, folded into one state by position (fold.ts). It is
 * updated in place by the fold alone and is plain data; everybody else reads it. The scheduler's snapshot, the reactors'
 * memory, the deciders' state and the projections' rows all come from here, so there is one meaning of every event.
 */

export type JobVersion = {
  readonly version: number
  readonly spec: Job
  readonly at: number
  readonly position: number
  readonly actor: string
  readonly message: string
  readonly source: string | null
  isStable: boolean
}

export type JobState = {
  readonly key: JobKey
  readonly namespace: string
  readonly jobId: string
  /** Revision of the newest event of the job's stream: what a command on it expects. */
  revision: number
  /** Counts the registrations after a purge, from 0. */
  incarnation: number
  status: 'registered' | 'stopped' | 'purged'
  /** The effective specification: a launched child's is its parent's with the differences applied. */
  spec: Job
  version: number
  /** Newest last, of this incarnation. */
  versions: JobVersion[]
  derivation: Derivation | null
  payload: Sealed | null
  submittedAt: number
  createdPosition: number
  modifiedPosition: number
  readonly children: Set<JobKey>
  readonly allocations: Set<string>
  readonly evaluations: Set<string>
  readonly deployments: Set<string>
  /** The newest deployment, of any version of this incarnation. */
  latestDeploymentId: string | null
  /** Digest of an idempotency token → the child it launched. */
  readonly dispatchTokens: Map<string, { readonly childId: string; readonly evaluationId: string }>
  /** Launches whose child is not registered yet, by child id. */
  readonly pendingChildren: Map<string, PendingChild>
  /** Forced runs that the leader has not answered yet, by event id. */
  readonly pendingForces: Map<string, PeriodicRunForced['data']>
  /** The newest instant that PeriodicRunsDecided decided for this incarnation; null = none yet. */
  lastPeriodicInstant: number | null
  /** Where the periodic clock starts: the time of the registration that set the schedule. */
  periodicSince: number
}

export type PendingChild =
  | { readonly kind: 'dispatch'; readonly eventId: string; readonly data: JobDispatched['data'] }
  | {
      readonly kind: 'periodic'
      readonly eventId: string
      readonly incarnation: number
      readonly version: number
      readonly instant: number
      readonly evaluationId: string
    }

export type ObservedStatus = 'pending' | 'running' | 'complete' | 'failed'
export type ClientStatus = ObservedStatus | 'lost' | 'unknown'

export type AllocationState = {
  readonly id: string
  readonly jobKey: JobKey
  readonly incarnation: number
  readonly group: string
  readonly index: number
  /** `job.group[index]` */
  readonly name: string
  readonly nodeId: string
  jobVersion: number
  /** The specification that it runs by: that of `jobVersion`. */
  job: Job
  evaluationId: string
  deploymentId: string | null
  /** Host ports in the order of the group's port list. */
  readonly ports: readonly number[]
  readonly createdAt: number
  readonly createdPosition: number
  modifiedAt: number
  modifiedPosition: number
  desired: 'run' | 'stop'
  stopReason: StopReason | null
  /** A user asked for its stop (AllocationStopRequested); the next plan stops and replaces it. */
  stopRequested: boolean
  /** A user asked that it be stopped without waiting for shutdown delays. */
  skipsShutdownDelay: boolean
  /** What the servers judge (I7), kept beside what was observed. */
  judgement: 'lost' | 'unknown' | null
  /** Derived from the tasks. */
  observed: ObservedStatus
  readonly tasks: Map<string, TaskReport>
  health: { readonly isHealthy: boolean; readonly at: number; readonly deploymentId: string } | null
  readonly checks: Map<string, CheckReport>
  previousId: string | null
  nextId: string | null
  /** The delayed evaluation that will replace it. */
  followUpEvaluationId: string | null
  /** The evaluation that its failure opened, so that it is opened once. */
  failureEvaluationId: string | null
  readonly reschedules: readonly RescheduleAttempt[]
  readonly score: number
  readonly metrics: PlacementMetrics
}

export type EvaluationStatus = 'pending' | 'blocked' | 'complete' | 'failed' | 'cancelled'

export type EvaluationState = {
  readonly id: string
  readonly jobKey: JobKey
  readonly jobType: JobType
  readonly trigger: EvaluationTrigger
  readonly priority: number
  readonly waitUntil: number
  readonly previousId: string | null
  readonly nodeId: string | null
  deploymentId: string | null
  readonly cause: string
  readonly forcesReschedule: boolean
  status: EvaluationStatus
  statusDescription: string
  blockedId: string | null
  nextId: string | null
  /** The position that the newest plan which answered or blocked it was decided from, -1 = none yet. */
  basisPosition: number
  unplaced: readonly Unplaced[]
  queued: Readonly<Record<string, number>>
  changes: readonly GroupChanges[]
  /** Ids of the PlanCommitted events that answered it. */
  readonly plans: string[]
  readonly placed: string[]
  readonly createdAt: number
  readonly createdPosition: number
  modifiedAt: number
  modifiedPosition: number
}

export type DeploymentGroupState = {
  readonly desiredTotal: number
  readonly progressDeadlineMs: number
  readonly autoRevert: boolean
  placed: number
  healthy: number
  unhealthy: number
  /** ms, 0 = none. */
  requireProgressBy: number
}

export type DeploymentState = {
  readonly id: string
  readonly jobKey: JobKey
  readonly incarnation: number
  readonly jobVersion: number
  /** Revision of the job's stream that the deployment's version was registered at. */
  readonly jobRevision: number
  status: DeploymentStatus
  description: string
  readonly groups: Map<string, DeploymentGroupState>
  readonly allocations: Set<string>
  /** Pause, resume and fail requests not answered yet. */
  pendingAction: 'pause' | 'resume' | 'fail' | null
  /** Set while a JobReverted is owed. */
  pendingRevertTo: number | null
  readonly createdAt: number
  readonly createdPosition: number
  modifiedAt: number
  modifiedPosition: number
}

/** Sum of what non-terminal allocations hold on a node, kept incrementally. */
export type NodeUsage = { cpuMhz: number; memoryMb: number; diskMb: number; readonly ports: Map<number, string> }

export type NodeState = {
  readonly id: string
  revision: number
  name: string
  datacenter: string
  nodePool: string
  nodeClass: string
  meta: Readonly<Record<string, string>>
  attributes: Readonly<Record<string, string>>
  resources: NodeResources
  reserved: NodeResources
  reservedPorts: readonly number[]
  /** Absent where the node did not say. */
  dynamicPorts?: PortRange
  foreignPorts: readonly number[]
  drivers: Readonly<Record<string, DriverState>>
  /** When each of them came to stand as it does, ms. */
  driversChangedAt: Readonly<Record<string, number>>
  address: string
  secretDigest: string
  bootId: string
  version: string
  /** `ready` unless the leader judged otherwise. */
  status: NodeJudgement
  statusCause: string
  isEligible: boolean
  /** A digest of everything but what is unique to the node: nodes of one class are alike for feasibility. */
  computedClass: string
  registeredAt: number
  createdPosition: number
  modifiedPosition: number
  modifiedAt: number
  readonly usage: NodeUsage
  readonly allocations: Set<string>
  /** Restart and signal requests that the node has not answered, by request id. */
  readonly requests: Map<string, TaskRestartRequested['data'] | TaskSignalRequested['data']>
  /** Newest report folded: repeats are ignored. */
  reportBootId: string
  reportSequence: number
  /** Revision of the newest event of the node's report stream, -1 = none: what the next report expects. */
  reportRevision: number
  /** Position of the newest full report since the node was (re)judged. */
  lastFullReportPosition: number
  /** When it was judged down, the newest MAX_DOWNS_KEPT times, oldest first, ms. */
  recentDowns: readonly number[]
}

export type ServiceInstance = {
  /** `_muster-<allocation>-<group or task>-<service>-<port>` */
  readonly id: string
  readonly name: string
  readonly namespace: string
  readonly nodeId: string
  readonly nodeName: string
  readonly datacenter: string
  readonly jobId: string
  readonly allocationId: string
  readonly tags: readonly string[]
  readonly address: string
  readonly port: number
}
/** `<namespace>/<name>` */
export type ServiceKey = string

export type ClusterState = {
  /** Position of the newest event folded, -1 = none. */
  position: number
  /** Revision of the newest event of `control` folded, -1 = none. */
  controlRevision: number
  /** Running maximum of recorded times, ms: time as the log knows it. */
  time: number
  epoch: number
  leaderAddress: string
  readonly jobs: Map<JobKey, JobState>
  readonly nodes: Map<string, NodeState>
  readonly allocations: Map<string, AllocationState>
  readonly evaluations: Map<string, EvaluationState>
  readonly deployments: Map<string, DeploymentState>
  readonly services: Map<ServiceKey, Map<string, ServiceInstance>>
  /** Evaluations that wait: pending ones (delayed included) and blocked ones. */
  readonly pending: Set<string>
  readonly blocked: Set<string>
  /** Deployments that run or are paused. */
  readonly activeDeployments: Set<string>
  /** Jobs with a schedule that runs, jobs with launches or forced runs to derive. */
  readonly periodicJobs: Set<JobKey>
  readonly jobsWithPendingWork: Set<JobKey>
  /** Allocations that failed, or ended unasked, and that no evaluation has looked at yet, and running ones of a job that is gone. */
  readonly failedAllocations: Set<string>
  /** Collection requests not answered yet. */
  readonly collectionRequests: Set<string>
  /** Where the newest MAX_RECENT_REQUESTS events that somebody asked for stand, by event id, oldest first (I5). */
  readonly recentRequests: Map<string, RequestPlace>
}

export type RequestPlace = { readonly revision: number; readonly position: number }

/** What one event changed, by kind: reactors and projections look at nothing else (edge-triggered, design §5). */
export type Changes = {
  readonly jobs: Set<JobKey>
  readonly nodes: Set<string>
  readonly allocations: Set<string>
  readonly evaluations: Set<string>
  readonly deployments: Set<string>
  readonly services: Set<ServiceKey>
}

export const noChanges = (): Changes => ({
  jobs: new Set(),
  nodes: new Set(),
  allocations: new Set(),
  evaluations: new Set(),
  deployments: new Set(),
  services: new Set(),
})

export const emptyCluster = (): ClusterState => ({
  position: -1,
  controlRevision: -1,
  time: 0,
  epoch: 0,
  leaderAddress: '',
  jobs: new Map(),
  nodes: new Map(),
  allocations: new Map(),
  evaluations: new Map(),
  deployments: new Map(),
  services: new Map(),
  pending: new Set(),
  blocked: new Set(),
  activeDeployments: new Set(),
  periodicJobs: new Set(),
  jobsWithPendingWork: new Set(),
  failedAllocations: new Set(),
  collectionRequests: new Set(),
  recentRequests: new Map(),
})

/** The status shown: the servers' judgement over what was observed (I7). */
export const clientStatusOf = (allocation: AllocationState): ClientStatus => allocation.judgement ?? allocation.observed

/** True once nothing of it runs any more, or the servers judged that it does not count. */
export const isClientTerminal = (allocation: AllocationState): boolean =>
  allocation.observed === 'complete' || allocation.observed === 'failed' || allocation.judgement === 'lost'

/** True when nothing is left to be done about it. */
export const isTerminal = (allocation: AllocationState): boolean =>
  allocation.desired === 'stop' || isClientTerminal(allocation)
