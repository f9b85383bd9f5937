import { type Facet, flag, type Projection } from './projection.ts'

const opening: Facet = {
  table: 'evaluation',
  isThere: (state, id) => state.evaluations.has(id),
  columns: {
    job_key: 'INTEGER',
    job_type: 'TEXT',
    triggered_by: 'TEXT',
    priority: 'INTEGER',
    wait_until: 'INTEGER',
    previous_key: 'INTEGER',
    node_key: 'INTEGER',
    cause: 'TEXT',
    created_at: 'INTEGER',
  },
  indexes: [
    ['job_key', 'to_position', 'key'],
    ['previous_key', 'to_position', 'key'],
  ],
  values: ({ state, keyOf, optionalKey }, id) => {
    const evaluation = state.evaluations.get(id)
    if (evaluation === undefined) return null
    return [
      keyOf('job', evaluation.jobKey),
      evaluation.jobType,
      evaluation.trigger,
      evaluation.priority,
      evaluation.waitUntil,
      optionalKey('evaluation', evaluation.previousId),
      optionalKey('node', evaluation.nodeId),
      evaluation.cause,
      evaluation.createdAt,
    ]
  },
}

const status: Facet = {
  table: 'evaluation_status',
  columns: {
    status: 'TEXT',
    description: 'TEXT',
    blocked_key: 'INTEGER',
    next_key: 'INTEGER',
    deployment_key: 'INTEGER',
    is_planned: 'INTEGER',
  },
  indexes: [],
  values: ({ state, optionalKey }, id) => {
    const evaluation = state.evaluations.get(id)
    if (evaluation === undefined) return null
    return [
      evaluation.status,
      evaluation.statusDescription,
      optionalKey('evaluation', evaluation.blockedId),
      optionalKey('evaluation', evaluation.nextId),
      optionalKey('deployment', evaluation.deploymentId),
      flag(evaluation.plans.length > 0),
    ]
  },
}

/** What came of it; `plans` keeps the rows of a second plan apart from those of the first. */
const outcome: Facet = {
  table: 'evaluation_outcome',
  columns: { job_key: 'INTEGER', plans: 'INTEGER', unplaced: 'TEXT', queued: 'TEXT', changes: 'TEXT' },
  indexes: [['job_key', 'to_position', 'from_position', 'key']],
  values: ({ state, keyOf }, id) => {
    const evaluation = state.evaluations.get(id)
    if (evaluation === undefined) return null
    if (evaluation.plans.length === 0 && evaluation.unplaced.length === 0) return null
    return [
      keyOf('job', evaluation.jobKey),
      evaluation.plans.length,
      evaluation.unplaced.length === 0 ? null : JSON.stringify(evaluation.unplaced),
      JSON.stringify(evaluation.queued),
      JSON.stringify(evaluation.changes),
    ]
  },
}

export const evaluations: Projection = {
  name: 'evaluations',
  version: 1,
  kind: 'evaluation',
  facets: [opening, status, outcome],
}
