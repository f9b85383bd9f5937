import type { Message } from '../message.ts'

/** What the leader alone decides: the one `control` stream (design §3, invariants I3, I4, I13). */

export type EvaluationTrigger =
  | 'job-register'
  | 'job-deregister'
  | 'periodic-job'
  | 'node-update'
  | 'alloc-stop'
  | 'deployment-watcher'
  | 'failed-follow-up'
  | 'max-plan-attempts'
  | 'alloc-failure'
  | 'queued-allocs'
  | 'alloc-reschedule'
  | 'job-eval'

export type NewEvaluation = {
  readonly evaluationId: string
  readonly namespace: string
  readonly jobId: string
  readonly trigger: EvaluationTrigger
  readonly priority: number
  /** Not before this instant, ms; 0 = now. */
  readonly waitUntil: number
  readonly previousId: string | null
  readonly nodeId: string | null
  readonly deploymentId: string | null
  /** For a person: what made it. */
  readonly cause: string
  /** The allocations that it is opened for (failed ones, ones to stop), so that it is opened once. */
  readonly allocationIds?: readonly string[]
}

export type LeadershipTaken = Message<'LeadershipTaken', { readonly epoch: number; readonly address: string }>

/** What a plan was decided from, so that it can be decided again (design §5). */
export type Basis = {
  readonly position: number
  /** -1 = before the first event of `control`. Plans before it in the same append count too. */
  readonly controlRevision: number
  readonly now: number
  readonly schedulerVersion: number
  readonly configRevision: number
}

/** Named scores in millionths, penalties negative; `final` is their mean. */
export type NodeScore = {
  readonly nodeId: string
  readonly final: number
  readonly scores: Readonly<Record<string, number>>
}

/**
 * Placements in columns, one entry per row; `group` and `node` index into the tables beside them. Row r of the plan event e
 * is the allocation `allocationId(e, r)`.
 */
export type Placements = {
  readonly groups: readonly string[]
  readonly nodes: readonly string[]
  readonly group: readonly number[]
  readonly node: readonly number[]
  /** The allocation's index in its group (its name is `job.group[index]`). */
  readonly index: readonly number[]
  /** The host ports of the row, in the order of the group's port list. */
  readonly ports: readonly (readonly number[])[]
  /** The allocation that this one replaces, by row. */
  readonly previous: readonly (readonly [row: number, allocationId: string])[]
  /** Rows that are reschedules: attempts so far with their times, so that delays and penalties can be computed. */
  readonly reschedules: readonly (readonly [row: number, attempts: readonly RescheduleAttempt[]])[]
  /** Final score of each row's node, millionths. */
  readonly score: readonly number[]
  /** Details per distinct decision (rows that were decided alike share one entry). */
  readonly metrics: readonly PlacementMetrics[]
  readonly metric: readonly number[]
}

export type RescheduleAttempt = {
  readonly at: number
  readonly previousAllocationId: string
  readonly previousNodeId: string
  readonly delayMs: number
}

/** Counts by reason; the node-by-node detail is recomputed from the basis (I9). */
export type PlacementMetrics = {
  readonly nodesInPool: number
  readonly nodesEvaluated: number
  readonly nodesFiltered: number
  readonly nodesExhausted: number
  readonly nodesAvailable: Readonly<Record<string, number>>
  readonly classFiltered: Readonly<Record<string, number>>
  readonly classExhausted: Readonly<Record<string, number>>
  readonly constraintFiltered: Readonly<Record<string, number>>
  readonly dimensionExhausted: Readonly<Record<string, number>>
  /** The best nodes, at most MAX_SCORES_RECORDED. */
  readonly scores: readonly NodeScore[]
}

export type StopReason =
  | 'job-stopped'
  | 'group-removed'
  | 'count-lowered'
  | 'updated'
  | 'requested'
  | 'rescheduled'
  | 'node-down'
  | 'node-gone'
  | 'older-incarnation'

export type PlannedStop = {
  readonly allocationId: string
  readonly reason: StopReason
  /** Set when the servers judge what the node can no longer say. */
  readonly judgement: 'lost' | null
}

export type Unplaced = {
  readonly group: string
  /** How many could not be placed. */
  readonly count: number
  readonly metrics: PlacementMetrics
  /** For a person: what would unblock it. */
  readonly unblockedBy: readonly string[]
}

export type GroupChanges = {
  readonly group: string
  readonly place: number
  readonly stop: number
  readonly inPlace: number
  readonly destructive: number
  readonly ignore: number
}

export type DeploymentGroup = {
  readonly group: string
  readonly desiredTotal: number
  readonly progressDeadlineMs: number
  readonly autoRevert: boolean
}

export type PlanCommitted = Message<
  'PlanCommitted',
  {
    readonly evaluationId: string
    readonly namespace: string
    readonly jobId: string
    readonly incarnation: number
    readonly jobVersion: number
    readonly basis: Basis
    /** `partial` leaves the evaluation pending: another part follows. */
    readonly outcome: 'complete' | 'partial' | 'failed'
    readonly description: string
    readonly placements: Placements
    readonly stops: readonly PlannedStop[]
    /** Allocations that go on under `jobVersion` without a restart. */
    readonly inPlace: readonly string[]
    /** Rows that the check against the newest state dropped, with the reason. */
    readonly dropped: readonly {
      readonly group: string
      readonly index: number
      readonly nodeId: string
      readonly reason: string
    }[]
    readonly unplaced: readonly Unplaced[]
    /** How many of each group wait for a place. */
    readonly queued: Readonly<Record<string, number>>
    readonly changes: readonly GroupChanges[]
    /** The blocked evaluation that waits for room, null when everything was placed. */
    readonly blockedEvaluationId: string | null
    /** Evaluations for later (delayed reschedules), with the allocations that wait for each. */
    readonly followUps: readonly { readonly evaluation: NewEvaluation; readonly allocationIds: readonly string[] }[]
    /** The deployment that this plan creates, or the one that it goes on with (`isNew` false). */
    readonly deployment: {
      readonly deploymentId: string
      readonly isNew: boolean
      readonly groups: readonly DeploymentGroup[]
    } | null
    /** Deployments of older versions that this ends. */
    readonly cancelledDeployments: readonly { readonly deploymentId: string; readonly description: string }[]
  }
>
export type EvaluationsCreated = Message<'EvaluationsCreated', { readonly evaluations: readonly NewEvaluation[] }>
export type EvaluationsUnblocked = Message<
  'EvaluationsUnblocked',
  { readonly evaluationIds: readonly string[]; readonly cause: string }
>
export type EvaluationsCancelled = Message<
  'EvaluationsCancelled',
  { readonly evaluationIds: readonly string[]; readonly reason: string }
>
export type EvaluationsFailed = Message<
  'EvaluationsFailed',
  {
    readonly failures: readonly {
      readonly evaluationId: string
      readonly reason: string
      readonly followUp: NewEvaluation | null
    }[]
  }
>
export type NodeJudgement = 'down' | 'disconnected' | 'ready'
export type NodesJudged = Message<
  'NodesJudged',
  {
    readonly nodes: readonly { readonly nodeId: string; readonly judgement: NodeJudgement; readonly cause: string }[]
    readonly evaluations: readonly NewEvaluation[]
  }
>
export type DeploymentStatus = 'running' | 'paused' | 'failed' | 'successful' | 'cancelled'
export type DeploymentAdvance = {
  readonly deploymentId: string
  readonly status: DeploymentStatus
  readonly description: string
  readonly groups: readonly {
    readonly group: string
    readonly healthy: number
    readonly unhealthy: number
    /** ms; 0 = none. */
    readonly requireProgressBy: number
  }[]
  /** The version that the job goes back to (JobReverted is derived from this), null = none. */
  readonly revertTo: number | null
  readonly evaluation: NewEvaluation | null
}
export type DeploymentsAdvanced = Message<'DeploymentsAdvanced', { readonly deployments: readonly DeploymentAdvance[] }>
export type PeriodicRun = {
  readonly namespace: string
  readonly parentId: string
  readonly incarnation: number
  readonly version: number
  readonly instant: number
  readonly outcome: 'launched' | 'skipped' | 'missed'
  readonly reason: string
  /** The child and its evaluation when launched. */
  readonly childId: string | null
  readonly evaluationId: string | null
  /** The id of the PeriodicRunForced event that asked for it. */
  readonly request: string | null
}
export type PeriodicRunsDecided = Message<'PeriodicRunsDecided', { readonly runs: readonly PeriodicRun[] }>
export type ReactorStalled = Message<
  'ReactorStalled',
  { readonly reactor: string; readonly key: string; readonly attempts: number; readonly reason: string }
>
export type CollectedKind = 'evaluation' | 'allocation' | 'deployment' | 'job' | 'node'
export type Collected = Message<
  'Collected',
  {
    /** `position`: the newest that was known of the thing; void if it has moved on since. */
    readonly items: readonly { readonly kind: CollectedKind; readonly id: string; readonly position: number }[]
  }
>

export type ControlEvent =
  | LeadershipTaken
  | PlanCommitted
  | EvaluationsCreated
  | EvaluationsUnblocked
  | EvaluationsCancelled
  | EvaluationsFailed
  | NodesJudged
  | DeploymentsAdvanced
  | PeriodicRunsDecided
  | ReactorStalled
  | Collected
