import type { EvaluationTrigger } from '../control/events.ts'
import type { Recorded } from '../events.ts'
import { type JobKey, jobKey, splitJobKey } from '../ids.ts'
import type { Derivation, JobEvent, JobPurged, JobRegistered, JobStopped } from '../job/events.ts'
import type { Job } from '../jobspec/schema.ts'
import { jobKeyOfStream } from '../streams.ts'
import { openEvaluation } from './evaluation.ts'
import type { Fold, FoldContext } from './fold-context.ts'
import { touchServicesOfJob } from './services.ts'
import type { JobState, JobVersion } from './state.ts'

type JobFolds = { readonly [T in JobEvent['type']]: Fold<Extract<JobEvent, { type: T }>> }

const newJobState = (key: JobKey, spec: Job, event: Recorded): JobState => ({
  key,
  ...splitJobKey(key),
  revision: event.revision,
  incarnation: 0,
  status: 'registered',
  spec,
  version: 0,
  versions: [],
  derivation: null,
  payload: null,
  submittedAt: event.at,
  createdPosition: event.position,
  modifiedPosition: event.position,
  children: new Set(),
  allocations: new Set(),
  evaluations: new Set(),
  deployments: new Set(),
  latestDeploymentId: null,
  dispatchTokens: new Map(),
  pendingChildren: new Map(),
  pendingForces: new Map(),
  lastPeriodicInstant: null,
  periodicSince: event.at,
})

/** The job that a launched child runs: its parent's specification of that version with what the launch says differently. */
export const deriveChildSpec = (parent: Job, childId: string, derivation: Derivation): Job => ({
  ...parent,
  id: childId,
  name: derivation.kind === 'dispatch' ? childId : parent.name,
  priority: derivation.priority ?? parent.priority,
  meta: { ...parent.meta, ...derivation.meta },
  periodic: null,
  parameterized: null,
})

const specOf = ({ state }: FoldContext, key: JobKey, data: JobRegistered['data']): Job | null => {
  if (data.spec !== null) return data.spec
  const derivation = data.derivation
  if (derivation === null) return null
  const { namespace, jobId } = splitJobKey(key)
  const parent = state.jobs.get(jobKey(namespace, derivation.parentId))
  if (parent === undefined) return null
  const version = parent.versions.find(candidate => candidate.version === derivation.parentVersion)
  return deriveChildSpec(version?.spec ?? parent.spec, jobId, derivation)
}

/** Brings the indexes of jobs that owe the leader something up to date. */
export const indexJob = ({ state }: FoldContext, job: JobState): void => {
  const isScheduled = job.status === 'registered' && job.spec.periodic !== null && job.spec.periodic.isEnabled
  if (isScheduled) state.periodicJobs.add(job.key)
  else state.periodicJobs.delete(job.key)
  if (job.pendingChildren.size > 0 || job.pendingForces.size > 0) state.jobsWithPendingWork.add(job.key)
  else state.jobsWithPendingWork.delete(job.key)
}

const touch = (context: FoldContext, job: JobState, event: Recorded): void => {
  job.revision = event.revision
  job.modifiedPosition = event.position
  indexJob(context, job)
  context.changes.jobs.add(job.key)
}

const withJob = (context: FoldContext, event: Recorded, change: (job: JobState) => void): void => {
  const job = context.state.jobs.get(jobKeyOfStream(event.stream))
  if (job === undefined) return
  change(job)
  touch(context, job, event)
}

const startIncarnation = (job: JobState, data: JobRegistered['data'], event: Recorded): void => {
  job.incarnation = data.incarnation
  job.versions = []
  job.lastPeriodicInstant = null
  job.latestDeploymentId = null
  job.createdPosition = event.position
  job.dispatchTokens.clear()
}

const linkToParent = ({ state, changes }: FoldContext, job: JobState, derivation: Derivation): void => {
  const parent = state.jobs.get(jobKey(job.namespace, derivation.parentId))
  if (parent === undefined) return
  parent.children.add(job.key)
  parent.pendingChildren.delete(job.jobId)
  indexJob({ state, changes }, parent)
  changes.jobs.add(parent.key)
}

const foldRegistered: Fold<JobRegistered> = (context, event) => {
  const key = jobKeyOfStream(event.stream)
  const { data } = event
  const spec = specOf(context, key, data)
  if (spec === null) return
  const existing = context.state.jobs.get(key)
  const job = existing ?? newJobState(key, spec, event)
  if (existing === undefined) context.state.jobs.set(key, job)
  if (data.incarnation !== job.incarnation) startIncarnation(job, data, event)
  const wasScheduledAlike =
    JSON.stringify(job.spec.periodic) === JSON.stringify(spec.periodic) && job.status === 'registered'
  job.status = 'registered'
  job.spec = spec
  job.version = data.version
  job.derivation = data.derivation
  job.payload = data.derivation?.payload ?? null
  job.submittedAt = event.at
  if (existing === undefined || !wasScheduledAlike) job.periodicSince = event.at
  const version: JobVersion = {
    version: data.version,
    spec,
    at: event.at,
    position: event.position,
    actor: event.actor,
    message: data.message,
    source: data.source,
    isStable: false,
  }
  job.versions.push(version)
  if (data.derivation !== null) linkToParent(context, job, data.derivation)
  touch(context, job, event)
  if (data.evaluationId === null) return
  const trigger: EvaluationTrigger = data.derivation?.kind === 'periodic' ? 'periodic-job' : 'job-register'
  openEvaluation(context, event, {
    id: data.evaluationId,
    jobKey: key,
    trigger,
    priority: data.evaluationPriority ?? spec.priority,
    cause: `version ${data.version} was registered`,
  })
}

const openFor = (
  context: FoldContext,
  event: Recorded,
  opening: {
    readonly id: string | null
    readonly trigger: EvaluationTrigger
    readonly cause: string
    readonly forces?: boolean
    readonly priority?: number | undefined
  },
): void => {
  const job = context.state.jobs.get(jobKeyOfStream(event.stream))
  if (job === undefined || opening.id === null) return
  openEvaluation(context, event, {
    id: opening.id,
    jobKey: job.key,
    trigger: opening.trigger,
    priority: opening.priority ?? job.spec.priority,
    cause: opening.cause,
    forcesReschedule: opening.forces ?? false,
  })
}

const openForEnding = (context: FoldContext, event: Recorded<JobStopped | JobPurged>, cause: string): void => {
  const { evaluationId, evaluationPriority } = event.data
  openFor(context, event, { id: evaluationId, trigger: 'job-deregister', cause, priority: evaluationPriority })
}

/** Marked before they are told to stop, so that their node hears both at once. */
const skipShutdownDelays = ({ state, changes }: FoldContext, job: JobState): void => {
  for (const id of job.allocations) {
    const allocation = state.allocations.get(id)
    if (allocation === undefined || allocation.desired !== 'run') continue
    allocation.skipsShutdownDelay = true
    changes.allocations.add(id)
  }
}

export const jobFolds: JobFolds = {
  JobRegistered: foldRegistered,
  JobStopped: (context, event) => {
    withJob(context, event, job => {
      job.status = 'stopped'
      if (event.data.skipsShutdownDelay === true) skipShutdownDelays(context, job)
    })
    openForEnding(context, event, 'the job was stopped')
  },
  JobPurged: (context, event) => {
    withJob(context, event, job => {
      job.status = 'purged'
      touchServicesOfJob(context, job)
      if (event.data.skipsShutdownDelay === true) skipShutdownDelays(context, job)
    })
    openForEnding(context, event, 'the job was purged')
  },
  JobReverted: (context, event) => {
    const { data } = event
    withJob(context, event, job => {
      const target = job.versions.find(version => version.version === data.toVersion)
      const deployment = context.state.deployments.get(data.deploymentId)
      if (deployment !== undefined) deployment.pendingRevertTo = null
      if (target === undefined) return
      job.status = 'registered'
      job.spec = target.spec
      job.version = data.version
      job.submittedAt = event.at
      const message = `reverted to version ${data.toVersion}`
      job.versions.push({
        ...target,
        version: data.version,
        at: event.at,
        position: event.position,
        message,
        isStable: false,
      })
    })
    openFor(context, event, {
      id: data.evaluationId,
      trigger: 'deployment-watcher',
      cause: `reverted to version ${data.toVersion} after deployment ${data.deploymentId} failed`,
    })
  },
  EvaluationForced: (context, event) => {
    withJob(context, event, () => {})
    const { evaluationId, trigger, forcesReschedule, evaluationPriority } = event.data
    openFor(context, event, {
      id: evaluationId,
      trigger,
      cause: 'an evaluation was asked for',
      forces: forcesReschedule,
      priority: evaluationPriority,
    })
  },
  PeriodicRunForced: (context, event) => {
    withJob(context, event, job => job.pendingForces.set(event.id, event.data))
  },
  JobDispatched: (context, event) => {
    withJob(context, event, job => {
      const { childId, evaluationId, tokenDigest } = event.data
      job.pendingChildren.set(childId, { kind: 'dispatch', eventId: event.id, data: event.data })
      if (tokenDigest !== null) job.dispatchTokens.set(tokenDigest, { childId, evaluationId })
    })
  },
  AllocationStopRequested: (context, event) => {
    const { allocationId, evaluationId } = event.data
    withJob(context, event, () => {})
    const allocation = context.state.allocations.get(allocationId)
    if (allocation !== undefined && allocation.desired === 'run') {
      allocation.stopRequested = true
      allocation.skipsShutdownDelay = event.data.skipsShutdownDelay === true
      context.changes.allocations.add(allocationId)
    }
    openFor(context, event, {
      id: evaluationId,
      trigger: 'alloc-stop',
      cause: `allocation ${allocationId} is to be stopped`,
    })
  },
  DeploymentActionRequested: (context, event) => {
    withJob(context, event, () => {})
    const deployment = context.state.deployments.get(event.data.deploymentId)
    if (deployment === undefined || !context.state.activeDeployments.has(deployment.id)) return
    deployment.pendingAction = event.data.action
    context.changes.deployments.add(deployment.id)
  },
}
