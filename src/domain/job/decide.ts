import type { JobState } from '../cluster/state.ts'
import type { Job } from '../jobspec/schema.ts'
import { MAX_DISPATCH_PAYLOAD_BYTES } from '../limits.ts'
import { accepted, type Decision, rejected } from '../message.ts'
import type { DispatchJob, JobCommand, PurgeJob, RegisterChild, RegisterJob, RevertJob, StopJob } from './commands.ts'
import type { EndingOptions, JobEvent, JobStopped } from './events.ts'
import { preserve } from './preserve.ts'
import type { JobRejection } from './rejections.ts'
import { isSameSpec } from './same-spec.ts'

/** The fold of the job's stream as the cluster's state holds it, undefined before its first event. */
export type JobMemory = JobState | undefined
type JobDecision = Decision<JobEvent, JobRejection>

const isLive = (job: JobMemory): job is JobState & { readonly status: 'registered' | 'stopped' } =>
  job !== undefined && job.status !== 'purged'

/** Periodic and parameterized jobs are templates: their children are evaluated, they are not. */
export const isTemplate = (spec: Job): boolean => spec.periodic !== null || spec.parameterized !== null

const kindOf = (spec: Job): string => {
  const suffix = [spec.periodic === null ? '' : '/periodic', spec.parameterized === null ? '' : '/parameterized'].join(
    '',
  )
  return `${spec.type}${suffix}`
}

/** What is said of an evaluation's priority, to be recorded only where something is. */
const priorityOf = ({ evaluationPriority }: Pick<EndingOptions, 'evaluationPriority'>) =>
  evaluationPriority === undefined ? {} : { evaluationPriority }

const register = (job: JobMemory, { data }: RegisterJob): JobDecision => {
  const actual = isLive(job) ? (job.versions.at(-1)?.position ?? -1) : -1
  if (data.checkIndex !== null && data.checkIndex !== actual) {
    return rejected({ code: 'JOB_INDEX_CHANGED', expected: data.checkIndex, actual })
  }
  const evaluationId = isTemplate(data.spec) ? null : data.evaluationId
  const spec = isLive(job) ? preserve(job.spec, data.spec, data) : data.spec
  const { source, message } = data
  const first = { spec, derivation: null, evaluationId, source, message, ...priorityOf(data) }
  if (job === undefined) return accepted({ type: 'JobRegistered', data: { incarnation: 0, version: 0, ...first } })
  if (!isLive(job)) {
    return accepted({ type: 'JobRegistered', data: { incarnation: job.incarnation + 1, version: 0, ...first } })
  }
  if (kindOf(job.spec) !== kindOf(data.spec)) {
    return rejected({ code: 'JOB_TYPE_CHANGED', from: kindOf(job.spec), to: kindOf(data.spec) })
  }
  if (job.status === 'registered' && isSameSpec(job.spec, spec)) {
    if (evaluationId === null) return accepted()
    return accepted({
      type: 'EvaluationForced',
      data: { evaluationId, trigger: 'job-register', forcesReschedule: false, ...priorityOf(data) },
    })
  }
  const next = { incarnation: job.incarnation, version: job.version + 1, ...first }
  return accepted({ type: 'JobRegistered', data: next })
}

const registerChild = (job: JobMemory, { data }: RegisterChild): JobDecision => {
  if (isLive(job)) {
    // The launch's own registration, derived again after a crash, is already so; anything else stands in the way.
    const isOwn =
      job.derivation !== null &&
      job.derivation.instant === data.derivation.instant &&
      job.derivation.kind === data.derivation.kind
    return isOwn ? accepted() : rejected({ code: 'CHILD_EXISTS', jobId: data.jobId })
  }
  const { derivation, evaluationId } = data
  const incarnation = job === undefined ? 0 : job.incarnation + 1
  return accepted({
    type: 'JobRegistered',
    data: { incarnation, version: 0, spec: null, derivation, evaluationId, source: null, message: '' },
  })
}

const revert = (job: JobMemory, { data }: RevertJob): JobDecision => {
  // A user's registration that came first wins.
  if (!isLive(job) || job.revision !== data.atRevision) return accepted()
  const { toVersion, deploymentId, evaluationId } = data
  return accepted({
    type: 'JobReverted',
    data: { incarnation: job.incarnation, version: job.version + 1, toVersion, deploymentId, evaluationId },
  })
}

const metaRejection = (
  spec: NonNullable<Job['parameterized']>,
  meta: Readonly<Record<string, string>>,
): JobRejection | null => {
  const missing = spec.metaRequired.filter(key => !Object.hasOwn(meta, key))
  if (missing.length > 0) return { code: 'DISPATCH_META_MISSING', keys: missing }
  const permitted = new Set([...spec.metaRequired, ...spec.metaOptional])
  const unknown = Object.keys(meta).filter(key => !permitted.has(key))
  return unknown.length > 0 ? { code: 'DISPATCH_META_UNKNOWN', keys: unknown } : null
}

const payloadRejection = (mode: 'optional' | 'required' | 'forbidden', { data }: DispatchJob): JobRejection | null => {
  if (mode === 'required' && data.payload === null) return { code: 'DISPATCH_PAYLOAD_MISSING' }
  if (mode === 'forbidden' && data.payload !== null) return { code: 'DISPATCH_PAYLOAD_FORBIDDEN' }
  if (data.payloadBytes > MAX_DISPATCH_PAYLOAD_BYTES) {
    return { code: 'DISPATCH_PAYLOAD_TOO_LARGE', bytes: data.payloadBytes, limitBytes: MAX_DISPATCH_PAYLOAD_BYTES }
  }
  return null
}

const dispatch = (job: JobMemory, command: DispatchJob): JobDecision => {
  const { data } = command
  if (!isLive(job)) return rejected({ code: 'JOB_NOT_FOUND', jobId: data.jobId })
  const { parameterized } = job.spec
  if (parameterized === null) return rejected({ code: 'JOB_NOT_PARAMETERIZED', jobId: job.jobId })
  if (job.status === 'stopped') return rejected({ code: 'JOB_STOPPED', jobId: job.jobId })
  if (data.tokenDigest !== null && job.dispatchTokens.has(data.tokenDigest)) return accepted()
  const refusal = metaRejection(parameterized, data.meta) ?? payloadRejection(parameterized.payload, command)
  if (refusal !== null) return rejected(refusal)
  const { childId, evaluationId, instant, payload, priority, tokenDigest } = data
  const absent = parameterized.metaOptional.filter(key => !Object.hasOwn(data.meta, key))
  const meta = { ...Object.fromEntries(absent.map(key => [key, ''])), ...data.meta }
  const { incarnation, version } = job
  return accepted({
    type: 'JobDispatched',
    data: { incarnation, version, childId, evaluationId, instant, meta, payload, priority, tokenDigest },
  })
}

const endingOf = ({ incarnation, spec }: JobState, { data }: StopJob | PurgeJob): JobStopped['data'] => ({
  incarnation,
  evaluationId: isTemplate(spec) ? null : data.evaluationId,
  ...priorityOf(data),
  ...(data.skipsShutdownDelay === true ? { skipsShutdownDelay: true } : {}),
})

const stop = (job: JobMemory, command: StopJob): JobDecision => {
  if (!isLive(job)) return rejected({ code: 'JOB_NOT_FOUND', jobId: command.data.jobId })
  return job.status === 'stopped' ? accepted() : accepted({ type: 'JobStopped', data: endingOf(job, command) })
}

const purge = (job: JobMemory, command: PurgeJob): JobDecision =>
  isLive(job)
    ? accepted({ type: 'JobPurged', data: endingOf(job, command) })
    : rejected({ code: 'JOB_NOT_FOUND', jobId: command.data.jobId })

const onLive = (job: JobMemory, jobId: string, decide: (job: JobState) => JobDecision): JobDecision =>
  isLive(job) ? decide(job) : rejected({ code: 'JOB_NOT_FOUND', jobId })

/** Decides one command on one job's stream. Pure: everything that varies comes in with the command. */
export const decideJob = (job: JobMemory, command: JobCommand): JobDecision => {
  switch (command.type) {
    case 'RegisterJob':
      return register(job, command)
    case 'RegisterChild':
      return registerChild(job, command)
    case 'RevertJob':
      return revert(job, command)
    case 'StopJob':
      return stop(job, command)
    case 'PurgeJob':
      return purge(job, command)
    case 'DispatchJob':
      return dispatch(job, command)
    case 'ForceEvaluation':
      return onLive(job, command.data.jobId, live => {
        if (isTemplate(live.spec)) return rejected({ code: 'JOB_NEEDS_DISPATCH', jobId: live.jobId })
        const { evaluationId, forcesReschedule } = command.data
        return accepted({ type: 'EvaluationForced', data: { evaluationId, trigger: 'job-eval', forcesReschedule } })
      })
    case 'ForcePeriodicRun':
      return onLive(job, command.data.jobId, live => {
        if (live.spec.periodic === null) return rejected({ code: 'JOB_NOT_PERIODIC', jobId: live.jobId })
        if (live.status === 'stopped') return rejected({ code: 'JOB_STOPPED', jobId: live.jobId })
        const { instant, evaluationId } = command.data
        return accepted({ type: 'PeriodicRunForced', data: { instant, evaluationId } })
      })
    case 'StopAllocation':
      return job?.allocations.has(command.data.allocationId) === true
        ? accepted({ type: 'AllocationStopRequested', data: command.data })
        : rejected({ code: 'ALLOCATION_NOT_FOUND', allocationId: command.data.allocationId })
    case 'RequestDeploymentAction':
      return job?.deployments.has(command.data.deploymentId) === true
        ? accepted({ type: 'DeploymentActionRequested', data: command.data })
        : rejected({ code: 'DEPLOYMENT_NOT_ACTIVE', deploymentId: command.data.deploymentId })
  }
}
