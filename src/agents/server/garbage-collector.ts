import {
  type AllocationState,
  type ClusterState,
  type EvaluationState,
  holdsResources,
  isTerminal,
  type JobState,
} from '../../domain/cluster/index.ts'
import type { Collected } from '../../domain/control/events.ts'
import { jobStatusOf } from '../../domain/job/index.ts'
import type { Reactor } from './reactor.ts'

type Item = Collected['data']['items'][number]

const minutes = (count: number): number => count * 60_000
/** How many ms the live views keep what is over (nomad-behaviour §3.9); the log keeps it beyond (I12). */
export type CollectionRules = {
  readonly evaluation: number
  readonly batchEvaluation: number
  readonly job: number
  readonly deployment: number
  readonly node: number
  /** ms between two looks. */
  readonly interval: number
}

export const DEFAULT_COLLECTION: CollectionRules = {
  evaluation: minutes(60),
  batchEvaluation: minutes(24 * 60),
  job: minutes(4 * 60),
  deployment: minutes(60),
  node: minutes(24 * 60),
  interval: minutes(5),
}
export const MAX_ITEMS_PER_COLLECTION = 2_000

type Sweep = {
  readonly state: ClusterState
  readonly now: number
  readonly isForced: boolean
  readonly rules: CollectionRules
  readonly items: Item[]
}

const isOld = (sweep: Sweep, at: number, ageMs: number): boolean => sweep.isForced || sweep.now - at >= ageMs

const isOver = (evaluation: EvaluationState): boolean =>
  evaluation.status === 'complete' || evaluation.status === 'failed' || evaluation.status === 'cancelled'

const isJobGone = (state: ClusterState, job: JobState | undefined): boolean =>
  job === undefined || job.status !== 'registered' || jobStatusOf(state, job) === 'dead'

const isAllocationOver = (state: ClusterState, allocation: AllocationState): boolean => {
  if (!isTerminal(allocation) || holdsResources(allocation)) return false
  const job = state.jobs.get(allocation.jobKey)
  // Nothing replaces what ran for a job that is gone or began anew, whatever it waited for.
  if (isJobGone(state, job) || job?.incarnation !== allocation.incarnation) return true
  if (allocation.followUpEvaluationId !== null && allocation.nextId === null && allocation.desired === 'run')
    return false
  // What a live batch job has done is what keeps it from doing it again.
  return job?.spec.type !== 'batch' && (allocation.desired === 'stop' || allocation.nextId !== null)
}

const sweepAllocations = (sweep: Sweep): void => {
  for (const allocation of sweep.state.allocations.values()) {
    if (sweep.items.length >= MAX_ITEMS_PER_COLLECTION) return
    const isBatch = allocation.job.type === 'batch'
    const age = isBatch ? sweep.rules.batchEvaluation : sweep.rules.evaluation
    if (!isOld(sweep, allocation.modifiedAt, age) || !isAllocationOver(sweep.state, allocation)) continue
    sweep.items.push({ kind: 'allocation', id: allocation.id, position: allocation.modifiedPosition })
  }
}

const sweepEvaluations = (sweep: Sweep): void => {
  const { state } = sweep
  for (const evaluation of state.evaluations.values()) {
    if (sweep.items.length >= MAX_ITEMS_PER_COLLECTION) return
    const isBatch = evaluation.jobType === 'batch'
    const age = isBatch ? sweep.rules.batchEvaluation : sweep.rules.evaluation
    if (!isOver(evaluation) || !isOld(sweep, evaluation.modifiedAt, age)) continue
    if (isBatch && !isJobGone(state, state.jobs.get(evaluation.jobKey))) continue
    const isNeeded = evaluation.placed.some(id => {
      const allocation = state.allocations.get(id)
      return allocation !== undefined && !isAllocationOver(state, allocation)
    })
    if (!isNeeded) sweep.items.push({ kind: 'evaluation', id: evaluation.id, position: evaluation.modifiedPosition })
  }
}

const sweepDeployments = (sweep: Sweep): void => {
  const { state } = sweep
  for (const deployment of state.deployments.values()) {
    if (sweep.items.length >= MAX_ITEMS_PER_COLLECTION) return
    if (state.activeDeployments.has(deployment.id) || !isOld(sweep, deployment.modifiedAt, sweep.rules.deployment))
      continue
    const job = state.jobs.get(deployment.jobKey)
    const isLatest = job?.latestDeploymentId === deployment.id && !isJobGone(state, job)
    const isNeeded = Array.from(deployment.allocations).some(id => {
      const allocation = state.allocations.get(id)
      return allocation !== undefined && !isTerminal(allocation)
    })
    if (!isLatest && !isNeeded)
      sweep.items.push({ kind: 'deployment', id: deployment.id, position: deployment.modifiedPosition })
  }
}

const sweepJobs = (sweep: Sweep): void => {
  const { state } = sweep
  for (const job of state.jobs.values()) {
    if (sweep.items.length >= MAX_ITEMS_PER_COLLECTION) return
    if (job.status === 'purged' || jobStatusOf(state, job) !== 'dead') continue
    const isTemplate = job.spec.periodic !== null || job.spec.parameterized !== null
    if (isTemplate && job.status === 'registered') continue
    const newest = Math.max(
      job.submittedAt,
      ...Array.from(job.allocations, id => state.allocations.get(id)?.modifiedAt ?? 0),
    )
    const isIdle = Array.from(job.allocations).every(id => {
      const allocation = state.allocations.get(id)
      return allocation === undefined || !holdsResources(allocation)
    })
    if (!isIdle || !isOld(sweep, newest, sweep.rules.job)) continue
    sweep.items.push({ kind: 'job', id: job.key, position: job.modifiedPosition })
  }
}

const sweepNodes = (sweep: Sweep): void => {
  const { state } = sweep
  for (const node of state.nodes.values()) {
    if (sweep.items.length >= MAX_ITEMS_PER_COLLECTION) return
    if (node.status !== 'down' || node.allocations.size > 0 || !isOld(sweep, node.modifiedAt, sweep.rules.node))
      continue
    sweep.items.push({ kind: 'node', id: node.id, position: node.modifiedPosition })
  }
}

/** Takes what is long over out of the live views, by age, or at once when an operator asks (`system gc`). */
export const createGarbageCollector = (rules: CollectionRules = DEFAULT_COLLECTION): Reactor => {
  let sweptAt = 0
  return {
    name: 'garbage-collector',
    plan: ({ state, now, batch }) => {
      const isForced = state.collectionRequests.size > 0
      if (!isForced && now - sweptAt < rules.interval) return
      sweptAt = now
      const items: Item[] = []
      const sweep: Sweep = { state, now, isForced, rules, items }
      sweepJobs(sweep)
      sweepAllocations(sweep)
      sweepEvaluations(sweep)
      sweepDeployments(sweep)
      sweepNodes(sweep)
      if (items.length === 0 && !isForced) return
      batch.add({ type: 'Collected', data: { items } })
    },
    nextWake: (_, now) => Math.max(now + 1_000, sweptAt + rules.interval),
  }
}
