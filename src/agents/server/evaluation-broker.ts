import type { ClusterState, EvaluationState } from '../../domain/cluster/index.ts'
import {
  noReservations,
  refreshSnapshot,
  reserve,
  SCHEDULER_VERSION,
  type Snapshot,
  schedule,
  takeSnapshot,
} from '../../domain/scheduler/index.ts'
import { earliest, type Reactor, type ReactorContext } from './reactor.ts'

/** Evaluations answered in one batch; what waits beyond goes into the next. */
const MAX_EVALUATIONS_PER_STEP = 200

/** Higher priority first, then the older one (nomad-behaviour §3.2). */
const byUrgency = (a: EvaluationState, b: EvaluationState): number =>
  b.priority - a.priority || a.createdPosition - b.createdPosition || (a.id < b.id ? -1 : 1)

type Queue = {
  /** At most one per job: the one to answer now. */
  readonly next: readonly EvaluationState[]
  /** Waiting ones that a newer one of the same job makes needless. */
  readonly superseded: readonly string[]
}

/** The oldest of a job is answered; of those that wait behind it only the newest is worth its while. */
const queueOf = (state: ClusterState, now: number): Queue => {
  const byJob = new Map<string, EvaluationState[]>()
  for (const id of state.pending) {
    const evaluation = state.evaluations.get(id)
    if (evaluation === undefined || evaluation.waitUntil > now) continue
    const job = state.jobs.get(evaluation.jobKey)
    // A dispatched child's evaluation is there before the child: it waits for the registration.
    if (job === undefined) continue
    const waiting = byJob.get(evaluation.jobKey)
    if (waiting === undefined) byJob.set(evaluation.jobKey, [evaluation])
    else waiting.push(evaluation)
  }
  const next: EvaluationState[] = []
  const superseded: string[] = []
  for (const waiting of byJob.values()) {
    const [first, ...behind] = waiting.toSorted(byUrgency)
    if (first !== undefined) next.push(first)
    superseded.push(
      ...behind
        .toSorted((a, b) => a.createdPosition - b.createdPosition)
        .slice(0, -1)
        .map(({ id }) => id),
    )
  }
  return { next: next.toSorted(byUrgency), superseded }
}

/** Answers pending evaluations with plans: decided one after the other, each counting what those before it take. */
export const createEvaluationBroker = (): Reactor => {
  let snapshot: Snapshot | null = null

  const refreshed = ({ state, changed }: ReactorContext): Snapshot => {
    snapshot =
      snapshot === null || changed === 'all' ? takeSnapshot(state) : refreshSnapshot(snapshot, state, changed.nodes)
    return snapshot
  }

  const plan = (context: ReactorContext): void => {
    const { state, now, batch } = context
    const nodes = refreshed(context)
    if (state.pending.size === 0) return
    const { next, superseded } = queueOf(state, now)
    const reservations = noReservations()
    for (const evaluation of next.slice(0, MAX_EVALUATIONS_PER_STEP)) {
      if (batch.isFull()) return
      const basis = {
        position: state.position,
        controlRevision: state.controlRevision,
        now,
        schedulerVersion: SCHEDULER_VERSION,
        configRevision: 0,
      }
      const result = schedule({
        evaluation,
        state,
        reservations,
        planEventId: batch.nextEventId(),
        now,
        basis,
        snapshot: nodes,
      })
      batch.add({ type: 'PlanCommitted', data: result.plan })
      reserve(reservations, result.reservations)
    }
    if (superseded.length > 0) {
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
        if (evaluation === undefined || !state.jobs.has(evaluation.jobKey)) return []
        return [Math.max(now, evaluation.waitUntil)]
      })
      return earliest(instants)
    },
  }
}
