import type { ClusterState, EvaluationState, JobState } from '../../domain/cluster/index.ts'
import type { EvaluationsFailed } from '../../domain/control/events.ts'
import { MAX_DELIVERIES } from '../../domain/limits.ts'
import {
  noReservations,
  type Reservations,
  refreshSnapshot,
  reserve,
  SCHEDULER_VERSION,
  type ScheduleResult,
  type Snapshot,
  schedule,
  takeSnapshot,
} from '../../domain/scheduler/index.ts'
import type { Logger } from '../../platform/logger.ts'
import { createDeliveries, type Deliveries, failureOf } from './deliveries.ts'
import { stackOf } from './describe-bug.ts'
import { earliest, type Reactor, type ReactorContext } from './reactor.ts'

/** Evaluations answered in one batch; what waits beyond goes into the next. */
const MAX_EVALUATIONS_PER_STEP = 200

/** Higher priority first, then the older one (nomad-behaviour §3.2). */
const byUrgency = (a: EvaluationState, b: EvaluationState): number =>
  b.priority - a.priority || a.createdPosition - b.createdPosition || (a.id < b.id ? -1 : 1)

type Failure = EvaluationsFailed['data']['failures'][number]

type Queue = {
  /** At most one per job: the one to answer now. */
  readonly next: readonly EvaluationState[]
  /** Waiting ones that a newer one of the same job makes needless. */
  readonly superseded: readonly string[]
}

/**
 * The oldest of a job is answered; of those that wait behind it only the newest is worth its while, and whatever a user
 * forced: nothing else does that.
 */
const queueOf = (state: ClusterState, now: number, deliveries: Deliveries): Queue => {
  const byJob = new Map<JobState, EvaluationState[]>()
  for (const id of state.pending) {
    const evaluation = state.evaluations.get(id)
    if (evaluation === undefined || evaluation.waitUntil > now) continue
    const job = state.jobs.get(evaluation.jobKey)
    // A dispatched child's evaluation is there before the child: it waits for the registration.
    if (job === undefined) continue
    const waiting = byJob.get(job)
    if (waiting === undefined) byJob.set(job, [evaluation])
    else waiting.push(evaluation)
  }
  const next: EvaluationState[] = []
  const superseded: string[] = []
  for (const [job, waiting] of byJob) {
    const tried = deliveries.tried(job.key)
    const [first, ...behind] = waiting.toSorted(
      (a, b) => Number(b.id === tried) - Number(a.id === tried) || byUrgency(a, b),
    )
    if (first !== undefined && deliveries.dueAt(job, now) <= now) next.push(first)
    superseded.push(
      ...behind
        .toSorted((a, b) => a.createdPosition - b.createdPosition)
        .slice(0, -1)
        .filter(({ forcesReschedule }) => !forcesReschedule)
        .map(({ id }) => id),
    )
  }
  return { next: next.toSorted(byUrgency), superseded }
}

/** Answers pending evaluations with plans: decided one after the other, each counting what those before them take. */
export const createEvaluationBroker = (logger: Logger): Reactor => {
  const deliveries = createDeliveries()
  let snapshot: Snapshot | null = null

  const refreshed = ({ state, changed }: ReactorContext): Snapshot => {
    snapshot =
      snapshot === null || changed === 'all' ? takeSnapshot(state) : refreshSnapshot(snapshot, state, changed.nodes)
    return snapshot
  }

  const answer = (
    { state, now, batch }: ReactorContext,
    evaluation: EvaluationState,
    on: { readonly reservations: Reservations; readonly snapshot: Snapshot },
  ): ScheduleResult => {
    const { position, controlRevision } = state
    const basis = { position, controlRevision, now, schedulerVersion: SCHEDULER_VERSION, configRevision: 0 }
    return schedule({ evaluation, state, planEventId: batch.nextEventId(), now, basis, ...on })
  }

  /** A bug of the scheduler costs the job that it shows on. Answers the evaluation's failure once it is final. */
  const noteFailure = (
    { state, now }: ReactorContext,
    evaluation: EvaluationState,
    error: unknown,
  ): readonly Failure[] => {
    const job = state.jobs.get(evaluation.jobKey)
    if (job === undefined) return []
    const isFinal = deliveries.failed(evaluation, job, now)
    const fields = { evalId: evaluation.id, jobId: evaluation.jobKey, error: stackOf(error) }
    if (isFinal) logger.error(fields, 'evaluation failed: the scheduler cannot answer it')
    else logger.warn(fields, 'evaluation could not be answered, will retry')
    const tries = `evaluation reached delivery limit (${MAX_DELIVERIES})`
    return isFinal ? [failureOf(evaluation, { error, tries, now })] : []
  }

  const plan = (context: ReactorContext): void => {
    const { state, now, batch } = context
    const nodes = refreshed(context)
    if (state.pending.size === 0) return
    const { next, superseded } = queueOf(state, now, deliveries)
    const reservations = noReservations()
    const failures: Failure[] = []
    for (const evaluation of next.slice(0, MAX_EVALUATIONS_PER_STEP)) {
      if (batch.isFull()) break
      let result: ScheduleResult
      try {
        result = answer(context, evaluation, { reservations, snapshot: nodes })
      } catch (error) {
        failures.push(...noteFailure(context, evaluation, error))
        continue
      }
      batch.add({ type: 'PlanCommitted', data: result.plan })
      reserve(reservations, result.reservations)
      deliveries.ended(evaluation.jobKey)
    }
    if (failures.length > 0) batch.add({ type: 'EvaluationsFailed', data: { failures } })
    if (superseded.length > 0 && !batch.isFull()) {
      batch.add({
        type: 'EvaluationsCancelled',
        data: { evaluationIds: superseded, reason: 'a newer evaluation of the job waits' },
      })
    }
  }

  return {
    name: 'evaluation-broker',
    plan,
    nextWake: (state, now) => {
      const instants = Array.from(state.pending).flatMap(id => {
        const evaluation = state.evaluations.get(id)
        const job = state.jobs.get(evaluation?.jobKey ?? '')
        if (evaluation === undefined || job === undefined) return []
        return [Math.max(deliveries.dueAt(job, now), evaluation.waitUntil)]
      })
      return earliest(instants)
    },
  }
}
