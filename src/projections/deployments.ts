import type { Facet, Projection } from './projection.ts'

const opening: Facet = {
  table: 'deployment',
  isThere: (state, id) => state.deployments.has(id),
  columns: { job_key: 'INTEGER', incarnation: 'INTEGER', job_version: 'INTEGER', created_at: 'INTEGER' },
  indexes: [['job_key', 'to_position', 'key']],
  values: ({ state, keyOf }, id) => {
    const deployment = state.deployments.get(id)
    if (deployment === undefined) return null
    return [keyOf('job', deployment.jobKey), deployment.incarnation, deployment.jobVersion, deployment.createdAt]
  },
}

const status: Facet = {
  table: 'deployment_status',
  columns: { status: 'TEXT', description: 'TEXT', groups: 'TEXT' },
  indexes: [],
  values: ({ state }, id) => {
    const deployment = state.deployments.get(id)
    if (deployment === undefined) return null
    const groups = [...deployment.groups].map(([group, counts]) => ({ group, ...counts }))
    return [deployment.status, deployment.description, JSON.stringify(groups)]
  },
}

export const deployments: Projection = {
  name: 'deployments',
  version: 1,
  kind: 'deployment',
  facets: [opening, status],
}
