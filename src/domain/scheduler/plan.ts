import { type ClusterState, type EvaluationState, holdsResources, type JobState } from '../cluster/index.ts'
import type { Basis, PlanCommitted, PlannedStop, Unplaced } from '../control/events.ts'
import { deploymentIdOf, evaluationIdOf, splitJobKey } from '../ids.ts'
import type { TaskGroup } from '../jobspec/schema.ts'
import { MAX_METRICS_PER_GROUP, MAX_PLAN_ROWS, MAX_UNPLACED_BYTES } from '../limits.ts'
import { type Board, createBoard, occupy } from './board.ts'
import { type Budget, BYTES, bytesOfPlacement, createBudget } from './budget.ts'
import { columnsOf, noPlacements, type PlacedGroup } from './columns.ts'
import { type DeploymentView, groupsOfDeployment } from './deployments.ts'
import { type PlacementRequest, prepareRequest } from './feasibility/index.ts'
import { planFollowUps } from './follow-ups.ts'
import { metricsOf } from './metrics.ts'
import { placeGroup, type RowRoom } from './place-group.ts'
import { type JobOutcome, reconcile } from './reconcile.ts'
import type { GroupOutcome, WantedPlace } from './reconcile-group.ts'
import type { NodeReservation, Reservations } from './reservations.ts'
import type { SchedulerKind } from './scheduler-kind.ts'
import { type Snapshot, snapshotOf, takeSnapshot } from './snapshot.ts'

export type ScheduleInput = {
  readonly evaluation: EvaluationState
  /** Read only. */
  readonly state: ClusterState
  /** What earlier plans of the same batch take. */
  readonly reservations: Reservations
  /** The id that the event with this plan will have. */
  readonly planEventId: string
  /** ms */
  readonly now: number
  readonly basis: Basis
  /** The view of `state`'s nodes when the caller keeps one up to date; without it one is made. */
  readonly snapshot?: Snapshot
}

export type PlanDraft = PlanCommitted['data']

export type ScheduleResult = {
  readonly plan: PlanDraft
  /** What the plan takes, for `reserve`. */
  readonly reservations: readonly NodeReservation[]
}

type Placing = {
  readonly input: ScheduleInput
  readonly job: JobState
  readonly outcome: JobOutcome
  readonly board: Board
  readonly budget: Budget
  readonly requestOf: (group: TaskGroup) => PlacementRequest
}

const emptyPlan = (input: ScheduleInput): PlanDraft => ({
  evaluationId: input.evaluation.id,
  ...splitJobKey(input.evaluation.jobKey),
  incarnation: 0,
  jobVersion: 0,
  basis: input.basis,
  outcome: 'complete',
  description: '',
  placements: noPlacements,
  stops: [],
  inPlace: [],
  dropped: [],
  unplaced: [],
  queued: {},
  changes: [],
  blockedEvaluationId: null,
  followUps: [],
  deployment: null,
  cancelledDeployments: [],
})

/** Counts the job's allocations on the board, but for those that this plan stops whatever happens. */
const occupyBoard = (board: Board, state: ClusterState, job: JobState, outcome: JobOutcome): void => {
  const stopping = new Set([...outcome.stops, ...outcome.groups.flatMap(({ stops }) => stops)].map(s => s.allocationId))
  for (const id of job.allocations) {
    const allocation = state.allocations.get(id)
    if (allocation === undefined || stopping.has(id) || !holdsResources(allocation)) continue
    const row = board.snapshot.indexOf.get(allocation.nodeId)
    if (row !== undefined) occupy(board, row, allocation.group, 1)
  }
}

/** The entries that fit, in order. */
const fitting = <T>(entries: readonly T[], budget: Budget, bytes: number): readonly T[] => {
  const kept: T[] = []
  for (const entry of entries) {
    if (!budget.fits(1, bytes)) break
    budget.spend(1, bytes)
    kept.push(entry)
  }
  return kept
}

/** The plan's room as the rows of one group ask for it. Only what found a place takes any. */
const roomFor = (budget: Budget, ports: number): RowRoom<WantedPlace> => {
  let placed = 0
  const cost = (row: WantedPlace): [rows: number, bytes: number] => {
    const metrics = placed < MAX_METRICS_PER_GROUP ? BYTES.metrics : 0
    return [row.linkedStop === null ? 1 : 2, bytesOfPlacement(row, ports) + metrics]
  }
  return {
    fits: row => budget.fits(...cost(row)),
    spend: row => {
      budget.spend(...cost(row))
      placed += 1
    },
  }
}

const placeAll = ({ input, outcome, board, budget, requestOf }: Placing): readonly PlacedGroup[] =>
  outcome.groups.map(({ group, wanted }) => {
    const request = requestOf(group)
    const room = roomFor(budget, request.ports.length)
    const placement = placeGroup(board, request, wanted, { evaluationId: input.evaluation.id, room })
    return { name: group.name, placement }
  })

const queuedIn = ({ placement }: PlacedGroup, { wanted }: GroupOutcome): number =>
  wanted.length - placement.placed.length

/** Why groups are unplaced; beyond MAX_UNPLACED_BYTES the counts stay and the details are left to `explainNode`. */
const unplacedIn = (board: Board, groups: readonly PlacedGroup[]): readonly Unplaced[] => {
  let bytes = 0
  return groups.flatMap(({ name, placement }) => {
    if (placement.failure === null) return []
    const full = { group: name, count: placement.unplaced.length, ...placement.failure }
    bytes += JSON.stringify(full).length
    return bytes <= MAX_UNPLACED_BYTES ? [full] : [{ ...full, metrics: metricsOf(board, [], []), unblockedBy: [] }]
  })
}

/** An all_at_once job that does not find all its places takes none. */
const withdrawAll = (placing: Placing, groups: readonly PlacedGroup[]): readonly PlacedGroup[] => {
  const why = groups.some(({ placement }) => placement.isCut)
    ? `a plan of at most ${MAX_PLAN_ROWS} changes: an all_at_once job cannot go in parts`
    : 'room for all groups together (all_at_once)'
  return groups.map(({ name, placement }, index) => {
    const unplaced = placing.outcome.groups[index]?.wanted ?? []
    const metrics = placement.metrics[0] ?? metricsOf(placing.board, [], [])
    const failure = unplaced.length === 0 ? null : (placement.failure ?? { metrics, unblockedBy: [why] })
    return { name, placement: { placed: [], metrics: [], unplaced, failure, isCut: false } }
  })
}

const blockedId = ({ evaluation, state }: ScheduleInput, job: JobState): string => {
  // What waited for room and found too little waits on, as itself.
  if (evaluation.trigger === 'queued-allocs' || evaluation.trigger === 'max-plan-attempts') return evaluation.id
  const waiting = [...job.evaluations].filter(id => state.blocked.has(id)).toSorted()
  return waiting[0] ?? evaluationIdOf(evaluation.id, 'queued-allocs', 0)
}

const deploymentOf = (
  planEventId: string,
  view: DeploymentView,
  groups: readonly GroupOutcome[],
): PlanDraft['deployment'] => {
  const created = groups.map(({ deploymentGroup }) => deploymentGroup).filter(group => group !== null)
  if (created.length > 0) return { deploymentId: deploymentIdOf(planEventId), isNew: true, groups: created }
  if (view.current === null || !view.isActive) return null
  return { deploymentId: view.current.id, isNew: false, groups: groupsOfDeployment(view.current) }
}

const linkedStops = (groups: readonly PlacedGroup[]): readonly PlannedStop[] =>
  groups.flatMap(({ placement }) =>
    placement.placed.map(({ wanted }) => wanted.linkedStop).filter(stop => stop !== null),
  )

const takenBy = (board: Board, hasPlacements: boolean): readonly NodeReservation[] =>
  hasPlacements ? [...board.taken.values()] : []

const draft = (placing: Placing): ScheduleResult => {
  const { input, job, outcome, budget } = placing
  const { evaluation, planEventId } = input
  const stops = fitting([...outcome.stops, ...outcome.groups.flatMap(group => group.stops)], budget, BYTES.stop)
  const inPlace = fitting(
    outcome.groups.flatMap(group => group.inPlace),
    budget,
    BYTES.inPlace,
  )
  const later = fitting(
    outcome.groups.flatMap(group => group.later),
    budget,
    BYTES.followUp,
  )
  const lacksRoom = budget.hasRefused()
  const found = placeAll(placing)
  const isWhole = found.every(({ placement }) => placement.unplaced.length === 0 && !placement.isCut)
  const groups = job.spec.allAtOnce && !isWhole && !lacksRoom ? withdrawAll(placing, found) : found
  const isCut = lacksRoom || groups.some(({ placement }) => placement.isCut)
  const unplaced = isCut ? [] : unplacedIn(placing.board, groups)
  const plan: PlanDraft = {
    ...emptyPlan(input),
    incarnation: job.incarnation,
    jobVersion: job.version,
    outcome: isCut ? 'partial' : 'complete',
    placements: columnsOf(groups),
    stops: [...stops, ...linkedStops(groups)],
    inPlace,
    unplaced,
    queued: Object.fromEntries(
      outcome.groups.map((wanted, index) => {
        const group = groups[index]
        return [wanted.group.name, group === undefined ? 0 : queuedIn(group, wanted)] as const
      }),
    ),
    changes: [...outcome.groups.map(({ changes }) => changes), ...outcome.changes],
    blockedEvaluationId: unplaced.length === 0 ? null : blockedId(input, job),
    followUps: planFollowUps(later, { job, evaluation, planEventId }),
    deployment: deploymentOf(planEventId, outcome.deployments, outcome.groups),
    cancelledDeployments: outcome.deployments.cancelled,
  }
  return { plan, reservations: takenBy(placing.board, plan.placements.node.length > 0) }
}

/** Makes the plan that answers an evaluation of a job of this kind. */
export const planJob = (input: ScheduleInput, kind: SchedulerKind): ScheduleResult => {
  const { state, evaluation, now } = input
  const job = state.jobs.get(evaluation.jobKey)
  if (job === undefined) return { plan: emptyPlan(input), reservations: [] }
  const requests = new Map<TaskGroup, PlacementRequest>()
  const requestOf = (group: TaskGroup): PlacementRequest => {
    const request = requests.get(group) ?? prepareRequest(job.spec, group)
    requests.set(group, request)
    return request
  }
  const outcome = reconcile({ state, job, kind, evaluation, now, requestOf })
  const needsBoard = outcome.groups.some(({ wanted }) => wanted.length > 0)
  const board = createBoard(
    needsBoard ? (input.snapshot ?? takeSnapshot(state)) : snapshotOf([]),
    job.spec,
    input.reservations,
  )
  occupyBoard(board, state, job, outcome)
  return draft({ input, job, outcome, board, budget: createBudget(), requestOf })
}
