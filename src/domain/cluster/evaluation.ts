import type { EvaluationTrigger, NewEvaluation } from '../control/events.ts'
import type { Recorded } from '../events.ts'
import { type JobKey, jobKey } from '../ids.ts'
import type { FoldContext } from './fold-context.ts'
import type { EvaluationState, EvaluationStatus } from './state.ts'

type Opening = {
  readonly id: string
  readonly jobKey: JobKey
  readonly trigger: EvaluationTrigger
  readonly priority: number
  readonly cause: string
  readonly waitUntil?: number
  readonly previousId?: string | null
  readonly nodeId?: string | null
  readonly deploymentId?: string | null
  readonly forcesReschedule?: boolean
  readonly status?: EvaluationStatus
}

/** Opens an evaluation, once: an id that exists already stays as it is. */
export const openEvaluation = ({ state, changes }: FoldContext, event: Recorded, opening: Opening): void => {
  if (state.evaluations.has(opening.id)) return
  const job = state.jobs.get(opening.jobKey)
  const status = opening.status ?? 'pending'
  const evaluation: EvaluationState = {
    id: opening.id,
    jobKey: opening.jobKey,
    jobType: job?.spec.type ?? 'service',
    trigger: opening.trigger,
    priority: opening.priority,
    waitUntil: opening.waitUntil ?? 0,
    previousId: opening.previousId ?? null,
    nodeId: opening.nodeId ?? null,
    deploymentId: opening.deploymentId ?? null,
    cause: opening.cause,
    forcesReschedule: opening.forcesReschedule ?? false,
    status,
    statusDescription: status === 'blocked' ? 'created to place remaining allocations' : '',
    blockedId: null,
    nextId: null,
    basisPosition: -1,
    unplaced: [],
    queued: {},
    changes: [],
    plans: [],
    placed: [],
    createdAt: event.at,
    createdPosition: event.position,
    modifiedAt: event.at,
    modifiedPosition: event.position,
  }
  state.evaluations.set(evaluation.id, evaluation)
  job?.evaluations.add(evaluation.id)
  index({ state, changes }, evaluation)
  changes.evaluations.add(evaluation.id)
  changes.jobs.add(opening.jobKey)
  const previous = evaluation.previousId === null ? undefined : state.evaluations.get(evaluation.previousId)
  if (previous !== undefined && previous.nextId === null && evaluation.waitUntil > 0) previous.nextId = evaluation.id
}

export const openNewEvaluation = (context: FoldContext, event: Recorded, evaluation: NewEvaluation): void => {
  openEvaluation(context, event, {
    id: evaluation.evaluationId,
    jobKey: jobKey(evaluation.namespace, evaluation.jobId),
    trigger: evaluation.trigger,
    priority: evaluation.priority,
    cause: evaluation.cause,
    waitUntil: evaluation.waitUntil,
    previousId: evaluation.previousId,
    nodeId: evaluation.nodeId,
    deploymentId: evaluation.deploymentId,
  })
  for (const id of evaluation.allocationIds ?? []) {
    const allocation = context.state.allocations.get(id)
    if (allocation === undefined) continue
    allocation.failureEvaluationId = evaluation.evaluationId
    context.state.failedAllocations.delete(id)
    context.changes.allocations.add(id)
  }
}

/** Moves an evaluation to a status and keeps the waiting sets true. */
export const setEvaluationStatus = (
  context: FoldContext,
  event: Recorded,
  change: { readonly id: string; readonly status: EvaluationStatus; readonly description: string },
): void => {
  const evaluation = context.state.evaluations.get(change.id)
  if (evaluation === undefined) return
  evaluation.status = change.status
  evaluation.statusDescription = change.description
  evaluation.modifiedAt = event.at
  evaluation.modifiedPosition = event.position
  index(context, evaluation)
  context.changes.evaluations.add(evaluation.id)
  context.changes.jobs.add(evaluation.jobKey)
}

const index = ({ state }: FoldContext, evaluation: EvaluationState): void => {
  if (evaluation.status === 'pending') state.pending.add(evaluation.id)
  else state.pending.delete(evaluation.id)
  if (evaluation.status === 'blocked') state.blocked.add(evaluation.id)
  else state.blocked.delete(evaluation.id)
}
