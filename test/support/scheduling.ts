import type { ClusterState, EvaluationState, NodeState } from '../../src/domain/cluster/index.ts'
import type { Basis, PlanCommitted } from '../../src/domain/control/events.ts'
import { noReservations, type Reservations, type ScheduleResult, schedule } from '../../src/domain/scheduler/index.ts'
import { buildEvaluation, T0 } from './builders.ts'

export type Plan = PlanCommitted['data']

export const buildBasis = (overrides: Partial<Basis> = {}): Basis => ({
  position: 0,
  controlRevision: 0,
  now: T0,
  schedulerVersion: 1,
  configRevision: 0,
  ...overrides,
})

export type ScheduleOptions = {
  readonly evaluation?: Partial<EvaluationState>
  readonly now?: number
  readonly reservations?: Reservations
  readonly jobKey?: string
  readonly planEventId?: string
}

/** Schedules the (first) job of a state as if its registration had opened the evaluation. */
export const scheduleFirst = (state: ClusterState, options: ScheduleOptions = {}): ScheduleResult => {
  const job = options.jobKey === undefined ? [...state.jobs.values()][0] : state.jobs.get(options.jobKey)
  if (job === undefined) throw new Error('the state has no job to schedule')
  const now = options.now ?? T0
  return schedule({
    state,
    evaluation: buildEvaluation(job, options.evaluation),
    reservations: options.reservations ?? noReservations(),
    planEventId: options.planEventId ?? '00000000-0000-5000-8000-000000000001',
    now,
    basis: buildBasis({ now }),
  })
}

export type PlacedRow = {
  readonly group: string
  readonly index: number
  readonly nodeId: string
  readonly ports: readonly number[]
  readonly previous: string | null
  readonly score: number
}

/** The rows of a plan as objects. */
export const rowsOfPlan = ({ placements }: Plan): readonly PlacedRow[] => {
  const previous = new Map(placements.previous)
  return placements.node.map((node, row) => ({
    group: placements.groups[placements.group[row] ?? -1] ?? '?',
    index: placements.index[row] ?? -1,
    nodeId: placements.nodes[node] ?? '?',
    ports: placements.ports[row] ?? [],
    previous: previous.get(row) ?? null,
    score: placements.score[row] ?? Number.NaN,
  }))
}

export const namesOf = (nodes: readonly NodeState[], ids: readonly string[]): readonly string[] =>
  ids.map(id => nodes.find(node => node.id === id)?.name ?? id)
