/** Every bound of the domain, named once (invariant I11). Each has a test at, below and above. */
export const MAX_JOB_SOURCE_BYTES = 1_000_000
export const MAX_GROUP_COUNT = 50_000
export const MAX_GROUPS_PER_JOB = 1_000
export const MAX_TASKS_PER_GROUP = 100
export const MAX_INLINE_SEALED_BYTES = 8_192
export const MAX_DISPATCH_PAYLOAD_BYTES = 16_384
export const MAX_JOB_ID_LENGTH = 512
export const MIN_PRIORITY = 1
export const MAX_PRIORITY = 100
export const MIN_DYNAMIC_PORT = 20_000
export const MAX_DYNAMIC_PORT = 32_000
/** Events that were asked for whose ids are remembered, so that a resent command is recognised. */
export const MAX_RECENT_REQUESTS = 10_000
/** Rows (placements, stops, in-place updates) that one PlanCommitted may hold; a larger plan goes in parts. */
export const MAX_PLAN_ROWS = 4_000
/** Control events that the leader appends at once. */
export const MAX_CONTROL_BATCH = 256
/** Task events of one allocation that one report may hold; the rest are counted as dropped. */
export const MAX_TASK_EVENTS_PER_REPORT = 64
export const MAX_ALLOCATIONS_PER_REPORT = 500
/** Task events that the live views keep per task; the log keeps all. */
export const MAX_TASK_EVENTS_KEPT = 50
export const MAX_PLAN_ATTEMPTS = { service: 5, batch: 2 } as const
/** Top-scored nodes whose scores are recorded with a placement. */
export const MAX_SCORES_RECORDED = 5
/** Estimated bytes that one PlanCommitted may take; it keeps the append below the store's 1,000,000. */
export const MAX_PLAN_BYTES = 600_000
/** Placements of one group in one plan that keep metrics of their own; later ones share the last entry. */
export const MAX_METRICS_PER_GROUP = 8
/** Names that one count of PlacementMetrics tells apart; the rest are counted together. */
export const MAX_METRIC_KEYS = 32
/** Sentences of what would unblock one group. */
export const MAX_UNBLOCK_SENTENCES = 8
/** Attempts that an allocation with unlimited rescheduling remembers. */
export const MAX_RESCHEDULES_KEPT = 5
/** Bytes of reasons that one plan may hold for the groups that it could not place. */
export const MAX_UNPLACED_BYTES = 200_000
/** Times at which a node was judged down that are remembered of it. */
export const MAX_DOWNS_KEPT = 8
/** How often an evaluation is tried that the scheduler throws on (nomad-behaviour §3.2). */
export const MAX_DELIVERIES = 3
/** Characters that are recorded of why an evaluation failed. */
export const MAX_FAILURE_REASON_LENGTH = 500
