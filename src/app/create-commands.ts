import type { JobState } from '../domain/cluster/index.ts'
import type { DomainEvent } from '../domain/events.ts'
import { jobKey, uuidOf } from '../domain/ids.ts'
import { describeJobRejection, type JobCommand, type JobEvent, type JobRejection } from '../domain/job/index.ts'
import type { Periodic, Sealed } from '../domain/jobspec/schema.ts'
import { configStream, nodeStream } from '../domain/streams.ts'
import type { EventStore } from '../eventstore/port.ts'
import { type JobDiagnostic, type JobFileParser, type ParsedJobFile, sealJob } from '../jobspec/index.ts'
import type { Clock } from '../platform/clock.ts'
import { AppError } from '../platform/errors.ts'
import type { Random } from '../platform/random.ts'
import type { Sealer } from '../platform/sealing.ts'
import type { Caller, Commands, Diagnostic, JobSource, Outcome, Rejected } from './api-commands.ts'
import type { ClusterView } from './cluster-view.ts'
import { encode, type Provenance } from './codec.ts'
import { CATCH_UP_TIMEOUT_MS, type JobCommandHandler, type JobCommandResult } from './job-commands.ts'
import { appendToNode } from './node-streams.ts'
import { type SourceStore, sealValues } from './source-store.ts'

/** How long a mutation waits for the leader's answer to what it asked for, ms. */
export const DECISION_TIMEOUT_MS = 10_000
/** A restart or signal that its node has not done by then is refused there as expired, ms. */
export const TASK_REQUEST_TTL_MS = 60_000

export type CommandsOptions = {
  readonly store: EventStore
  readonly view: ClusterView
  readonly handle: JobCommandHandler
  readonly parse: JobFileParser
  readonly sealer: Sealer
  readonly sources: SourceStore
  readonly clock: Clock
  readonly random: Random
  readonly nextLaunch: (periodic: Periodic, afterMs: number) => number | null
  readonly childIdOf: (parentId: string, instant: number) => string
}

type Accepted = Extract<JobCommandResult, { kind: 'accepted' }>

const reject = (code: string, message: string, more: Partial<Rejected> = {}): Rejected => ({
  kind: 'rejected',
  code,
  message,
  hint: '',
  diagnostics: [],
  ...more,
})

const diagnosticOf = (filename: string, finding: JobDiagnostic): Diagnostic => ({
  severity: finding.severity,
  summary: finding.summary,
  detail: finding.detail,
  hint: finding.hint,
  filename,
  line: finding.line,
  column: finding.column,
  rendered: finding.text,
})

const parseRejected = (source: JobSource, parsed: ParsedJobFile & { readonly ok: false }): Rejected => {
  const errors = parsed.diagnostics.filter(finding => finding.severity === 'error').length
  const message = `the job file ${source.filename} has ${errors} error${errors === 1 ? '' : 's'}`
  return reject('JOB_INVALID', message, {
    diagnostics: parsed.diagnostics.map(finding => diagnosticOf(source.filename, finding)),
  })
}

const evaluationIn = (events: readonly JobEvent[]): string | null => {
  for (const event of events) if ('evaluationId' in event.data) return event.data.evaluationId
  return null
}

/** Eight hex digits that tell launches of the same second apart. */
const suffixOf = (random: Random): string => Buffer.from(random.bytes(4)).toString('hex')

export const createCommands = (options: CommandsOptions): Commands => {
  const { store, view, handle, sealer, sources, clock, random } = options

  const provenanceOf = (caller: Caller): Provenance => ({
    actor: caller.actor,
    correlationId: caller.correlationId,
    causationId: caller.commandId,
    at: clock.now(),
  })

  const run = async (key: string, command: JobCommand, caller: Caller): Promise<Rejected | Accepted> => {
    const result = await handle({ key, commandId: caller.commandId, command, provenance: provenanceOf(caller) })
    if (result.kind === 'rejected') return rejectionOf(result.rejection)
    if (result.kind === 'contended')
      throw new AppError('CONTENDED', `job ${key} is changed by somebody else all the time`, { hint: 'try again' })
    await view.reached(result.position, CATCH_UP_TIMEOUT_MS)
    return result
  }

  const parse = async (source: JobSource): Promise<ParsedJobFile | Rejected> => {
    if (source.format === 'json')
      return reject('JOB_FORMAT_UNSUPPORTED', 'job files in JSON are not supported yet', {
        hint: 'write the job in HCL',
      })
    const parsed = await options.parse({
      source: source.source,
      filename: source.filename,
      variables: {
        environment: Object.fromEntries(source.environmentVariables.map(({ name, value }) => [name, value])),
        files: source.variableFiles,
        flags: source.variables,
        isStrict: true,
      },
    })
    return parsed.ok ? parsed : parseRejected(source, parsed)
  }

  const jobOf = (namespace: string, jobId: string): JobState | undefined =>
    view.state.jobs.get(jobKey(namespace, jobId))

  /** Resolves when `isSo` answers true after some change; throws NO_LEADER after DECISION_TIMEOUT_MS. */
  const decided = (what: string, isSo: () => boolean): Promise<void> => {
    if (isSo()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const stop = view.onChanges(() => {
        if (!isSo()) return
        finish()
        resolve()
      })
      const cancel = clock.after(DECISION_TIMEOUT_MS, () => {
        finish()
        reject(
          new AppError('NO_LEADER', `${what} was recorded, but no leader has answered it yet`, {
            hint: 'look at it again later',
          }),
        )
      })
      const finish = (): void => {
        stop()
        cancel()
      }
    })
  }

  const registerJob: Commands['registerJob'] = async (input, caller) => {
    const parsed = await parse(input.job)
    if ('kind' in parsed) return parsed
    if (!parsed.ok) return parseRejected(input.job, parsed)
    const { job } = parsed
    const now = clock.now()
    const values = sealValues(sources, sealer, job.namespace, now)
    const clear = input.evaluationPriority === null ? job : { ...job, priority: input.evaluationPriority }
    const spec = sealJob(clear, values.seal)
    await values.flush()
    const source = await sources.put(job.namespace, JSON.stringify(input.job), now)
    const key = jobKey(job.namespace, job.id)
    const command: JobCommand = {
      type: 'RegisterJob',
      data: {
        spec,
        evaluationId: uuidOf('evaluation', caller.commandId),
        source,
        message: input.message,
        checkIndex: input.checkIndex,
      },
    }
    const result = await run(key, command, caller)
    if (result.kind === 'rejected') return result
    const registered = view.state.jobs.get(key)
    return {
      kind: 'done',
      position: result.position,
      namespace: job.namespace,
      jobId: job.id,
      version: registered?.version ?? 0,
      evaluationId: evaluationIn(result.events),
      modifyIndex: registered?.versions.at(-1)?.position ?? result.position,
      nextLaunch: spec.periodic === null || !spec.periodic.isEnabled ? null : options.nextLaunch(spec.periodic, now),
      isPeriodic: spec.periodic !== null,
      isParameterized: spec.parameterized !== null,
      warnings: parsed.warnings.map(finding => diagnosticOf(input.job.filename, finding)),
    }
  }

  const validateJob: Commands['validateJob'] = async source => {
    const parsed = await parse(source)
    if ('kind' in parsed) return parsed
    if (!parsed.ok) return parseRejected(source, parsed)
    return {
      kind: 'done',
      jobId: parsed.job.id,
      warnings: parsed.warnings.map(finding => diagnosticOf(source.filename, finding)),
    }
  }

  const parseJob: Commands['parseJob'] = async source => {
    const parsed = await parse(source)
    if ('kind' in parsed) return parsed
    if (!parsed.ok) return parseRejected(source, parsed)
    const warnings = parsed.warnings.map(finding => diagnosticOf(source.filename, finding))
    return { kind: 'done', jobId: parsed.job.id, warnings, specification: parsed.job }
  }

  const endOne = (key: string, jobId: string, purges: boolean, caller: Caller): Promise<Rejected | Accepted> => {
    const data = { jobId, evaluationId: uuidOf('evaluation', caller.commandId, key) }
    return run(key, purges ? { type: 'PurgeJob', data } : { type: 'StopJob', data }, caller)
  }

  const stopJob: Commands['stopJob'] = async (input, caller) => {
    const key = jobKey(input.namespace, input.jobId)
    const children = input.stopsChildren ? Array.from(view.state.jobs.get(key)?.children ?? []) : []
    const result = await endOne(key, input.jobId, input.purges, caller)
    if (result.kind === 'rejected') return result
    let { position } = result
    const stoppedChildren: string[] = []
    for (const childKey of children) {
      const child = view.state.jobs.get(childKey)
      if (child === undefined || child.status === 'purged') continue
      const ended = await endOne(childKey, child.jobId, input.purges, {
        ...caller,
        commandId: `${caller.commandId}:${childKey}`,
      })
      if (ended.kind === 'rejected') continue
      position = Math.max(position, ended.position)
      stoppedChildren.push(child.jobId)
    }
    return { kind: 'done', position, evaluationId: evaluationIn(result.events), stoppedChildren }
  }

  const dispatchJob: Commands['dispatchJob'] = async (input, caller) => {
    const now = clock.now()
    const prefix = input.idPrefix === '' ? '' : `${input.idPrefix}-`
    const childId = `${input.jobId}/dispatch-${prefix}${Math.floor(now / 1_000)}-${suffixOf(random)}`
    const evaluationId = uuidOf('evaluation', caller.commandId)
    const values = sealValues(sources, sealer, input.namespace, now)
    const payload: Sealed | null = input.payload === null ? null : values.seal(input.payload)
    await values.flush()
    const token = input.idempotencyToken
    const tokenDigest = token === null ? null : sealer.digest(input.namespace, `token:${token}`)
    const command: JobCommand = {
      type: 'DispatchJob',
      data: {
        jobId: input.jobId,
        childId,
        evaluationId,
        instant: now,
        meta: Object.fromEntries(input.meta.map(({ name, value }) => [name, value])),
        payload,
        payloadBytes: input.payload === null ? 0 : Buffer.from(input.payload, 'base64').length,
        priority: input.priority,
        tokenDigest,
      },
    }
    const result = await run(jobKey(input.namespace, input.jobId), command, caller)
    if (result.kind === 'rejected') return result
    const [recorded] = result.events
    // Without an event of its own the token launched a child before; a resent command's event names the first one.
    const earlier =
      tokenDigest === null ? undefined : jobOf(input.namespace, input.jobId)?.dispatchTokens.get(tokenDigest)
    const launched = recorded?.type === 'JobDispatched' ? recorded.data : (earlier ?? { childId, evaluationId })
    return {
      kind: 'done',
      position: result.position,
      dispatchedJobId: launched.childId,
      evaluationId: launched.evaluationId,
    }
  }

  const forcePeriodic: Commands['forcePeriodic'] = async (input, caller) => {
    const key = jobKey(input.namespace, input.jobId)
    const evaluationId = uuidOf('evaluation', caller.commandId)
    const data = { jobId: input.jobId, instant: clock.now(), evaluationId }
    const result = await run(key, { type: 'ForcePeriodicRun', data }, caller)
    if (result.kind === 'rejected') return result
    const [recorded] = result.events
    // A command that is sent again means the instant of the first time.
    const instant = recorded?.type === 'PeriodicRunForced' ? recorded.data.instant : data.instant
    const request = result.eventIds[0] ?? ''
    await decided(
      `the run of job "${input.jobId}"`,
      () => view.state.jobs.get(key)?.pendingForces.has(request) !== true,
    )
    const launchedJobId = options.childIdOf(input.jobId, instant)
    const child = jobKey(input.namespace, launchedJobId)
    const isLaunched =
      view.state.evaluations.has(evaluationId) ||
      view.state.jobs.get(key)?.pendingChildren.get(launchedJobId)?.kind === 'periodic'
    if (!isLaunched)
      return rejectionOf({ code: 'PERIODIC_RUN_SKIPPED', reason: `a job "${launchedJobId}" exists already` })
    await decided(`the registration of job "${launchedJobId}"`, () => view.state.jobs.has(child))
    return { kind: 'done', position: view.state.position, launchedJobId, evaluationId }
  }

  const evaluateJob: Commands['evaluateJob'] = async (input, caller) => {
    const evaluationId = uuidOf('evaluation', caller.commandId)
    const data = { jobId: input.jobId, evaluationId, forcesReschedule: input.forcesReschedule }
    const result = await run(jobKey(input.namespace, input.jobId), { type: 'ForceEvaluation', data }, caller)
    return result.kind === 'rejected' ? result : { kind: 'done', position: result.position, evaluationId }
  }

  const stopAllocation: Commands['stopAllocation'] = async ({ allocationId }, caller) => {
    const allocation = view.state.allocations.get(allocationId)
    if (allocation === undefined) return rejectionOf({ code: 'ALLOCATION_NOT_FOUND', allocationId })
    const evaluationId = uuidOf('evaluation', caller.commandId)
    const result = await run(
      allocation.jobKey,
      { type: 'StopAllocation', data: { allocationId, evaluationId } },
      caller,
    )
    return result.kind === 'rejected' ? result : { kind: 'done', position: result.position, evaluationId }
  }

  const askTask = async (
    input: { readonly allocationId: string; readonly task: string },
    caller: Caller,
    eventOf: (request: { readonly requestId: string; readonly expiresAt: number }) => DomainEvent,
  ): Promise<Outcome<{ readonly position: number; readonly requestId: string }>> => {
    const allocation = view.state.allocations.get(input.allocationId)
    if (allocation === undefined) return rejectionOf({ code: 'ALLOCATION_NOT_FOUND', allocationId: input.allocationId })
    const running = Array.from(allocation.tasks.values()).filter(task => task.phase === 'running')
    if (input.task !== '' && !allocation.tasks.has(input.task))
      return reject('TASK_NOT_FOUND', `allocation ${input.allocationId} has no task "${input.task}"`)
    if (!running.some(task => input.task === '' || task.task === input.task))
      return reject('TASK_NOT_RUNNING', 'no task of the allocation that is meant runs')
    const requestId = uuidOf('request', caller.commandId)
    const position = await appendToNode(store, view, {
      nodeId: allocation.nodeId,
      stream: nodeStream(allocation.nodeId),
      revisionOf: node => node?.revision ?? -1,
      id: requestId,
      event: eventOf({ requestId, expiresAt: clock.now() + TASK_REQUEST_TTL_MS }),
      provenance: provenanceOf(caller),
    })
    return { kind: 'done', position, requestId }
  }

  /** The start that is meant: the one that runs now, so that a late request does not hit its successor. */
  const startOf = (allocationId: string, task: string): number | null =>
    task === '' ? null : (view.state.allocations.get(allocationId)?.tasks.get(task)?.startNumber ?? null)

  const restartAllocation: Commands['restartAllocation'] = (input, caller) =>
    askTask(input, caller, request => ({
      type: 'TaskRestartRequested',
      data: {
        ...request,
        allocationId: input.allocationId,
        task: input.task,
        startNumber: startOf(input.allocationId, input.task),
      },
    }))

  const signalAllocation: Commands['signalAllocation'] = (input, caller) =>
    askTask(input, caller, request => ({
      type: 'TaskSignalRequested',
      data: {
        ...request,
        allocationId: input.allocationId,
        task: input.task,
        signal: input.signal,
        startNumber: startOf(input.allocationId, input.task),
      },
    }))

  const setNodeEligibility: Commands['setNodeEligibility'] = async ({ nodeId, isEligible }, caller) => {
    const node = view.state.nodes.get(nodeId)
    if (node === undefined) return reject('NODE_NOT_FOUND', `there is no node ${nodeId}`)
    if (node.isEligible === isEligible) return { kind: 'done', position: view.state.position }
    const position = await appendToNode(store, view, {
      nodeId,
      stream: nodeStream(nodeId),
      revisionOf: current => current?.revision ?? -1,
      id: uuidOf('eligibility', caller.commandId),
      event: { type: 'NodeEligibilitySet', data: { isEligible } },
      provenance: provenanceOf(caller),
    })
    return { kind: 'done', position }
  }

  const collectGarbage: Commands['collectGarbage'] = async (_, caller) => {
    const requestId = uuidOf('collection', caller.commandId)
    const event = encode(requestId, { type: 'CollectionRequested', data: { requestId } }, provenanceOf(caller))
    const result = await store.append(configStream('cluster'), 'any', [event])
    if (result.kind === 'conflict')
      throw new AppError('CONTENDED', 'the collection could not be asked for', { hint: 'try again' })
    await view.reached(result.position, CATCH_UP_TIMEOUT_MS)
    await decided('the collection', () => !view.state.collectionRequests.has(requestId))
    return { kind: 'done', position: view.state.position }
  }

  return {
    registerJob,
    validateJob,
    parseJob,
    stopJob,
    dispatchJob,
    forcePeriodic,
    evaluateJob,
    stopAllocation,
    restartAllocation,
    signalAllocation,
    setNodeEligibility,
    collectGarbage,
  }
}

const rejectionOf = (rejection: JobRejection): Rejected => reject(rejection.code, describeJobRejection(rejection))
