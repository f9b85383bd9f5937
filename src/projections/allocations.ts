import { clientStatusOf, demandOf, groupOf } from '../domain/cluster/index.ts'
import type { TaskReport } from '../domain/report/events.ts'
import { versionId } from './jobs.ts'
import { type Facet, flag, type Projection } from './projection.ts'

const noDemand = { cpuMhz: 0, memoryMb: 0, diskMb: 0 }

const placement: Facet = {
  table: 'allocation',
  isThere: (state, id) => state.allocations.has(id),
  columns: {
    job_key: 'INTEGER',
    incarnation: 'INTEGER',
    group_name: 'TEXT',
    group_index: 'INTEGER',
    name: 'TEXT',
    node_key: 'INTEGER',
    ports: 'TEXT',
    previous_key: 'INTEGER',
    reschedules: 'TEXT',
    score: 'INTEGER',
    metric_key: 'INTEGER',
    cpu_mhz: 'INTEGER',
    memory_mb: 'INTEGER',
    disk_mb: 'INTEGER',
    created_at: 'INTEGER',
  },
  indexes: [
    ['job_key', 'to_position', 'key'],
    ['node_key', 'to_position', 'key'],
  ],
  values: ({ state, keyOf, optionalKey, metricKey }, id) => {
    const allocation = state.allocations.get(id)
    if (allocation === undefined) return null
    const group = groupOf(allocation)
    const demand = group === undefined ? noDemand : demandOf(group)
    return [
      keyOf('job', allocation.jobKey),
      allocation.incarnation,
      allocation.group,
      allocation.index,
      allocation.name,
      keyOf('node', allocation.nodeId),
      allocation.ports.length === 0 ? null : JSON.stringify(allocation.ports),
      optionalKey('allocation', allocation.previousId),
      allocation.reschedules.length === 0 ? null : JSON.stringify(allocation.reschedules),
      allocation.score,
      metricKey(allocation.metrics),
      demand.cpuMhz,
      demand.memoryMb,
      demand.diskMb,
      allocation.createdAt,
    ]
  },
}

const plan: Facet = {
  table: 'allocation_plan',
  columns: {
    version_key: 'INTEGER',
    job_version: 'INTEGER',
    evaluation_key: 'INTEGER',
    deployment_key: 'INTEGER',
    desired: 'TEXT',
    stop_reason: 'TEXT',
    next_key: 'INTEGER',
    follow_up_key: 'INTEGER',
  },
  indexes: [
    ['evaluation_key', 'to_position', 'key'],
    ['deployment_key', 'to_position', 'key'],
  ],
  values: ({ state, keyOf, optionalKey }, id) => {
    const allocation = state.allocations.get(id)
    if (allocation === undefined) return null
    const { jobKey, incarnation, jobVersion } = allocation
    return [
      keyOf('version', versionId(jobKey, incarnation, jobVersion)),
      jobVersion,
      keyOf('evaluation', allocation.evaluationId),
      optionalKey('deployment', allocation.deploymentId),
      allocation.desired,
      allocation.stopReason,
      optionalKey('allocation', allocation.nextId),
      optionalKey('evaluation', allocation.followUpEvaluationId),
    ]
  },
}

const status: Facet = {
  table: 'allocation_status',
  columns: { status: 'TEXT', observed: 'TEXT' },
  indexes: [['status', 'to_position', 'key']],
  values: ({ state }, id) => {
    const allocation = state.allocations.get(id)
    return allocation === undefined ? null : [clientStatusOf(allocation), allocation.observed]
  },
}

const health: Facet = {
  table: 'allocation_health',
  columns: { is_healthy: 'INTEGER', decided_at: 'INTEGER' },
  indexes: [],
  values: ({ state }, id) => {
    const found = state.allocations.get(id)?.health ?? null
    return found === null ? null : [flag(found.isHealthy), found.at]
  },
}

const checks: Facet = {
  table: 'allocation_checks',
  columns: { checks: 'TEXT' },
  indexes: [],
  values: ({ state }, id) => {
    const found = state.allocations.get(id)?.checks
    return found === undefined || found.size === 0 ? null : [JSON.stringify([...found.values()])]
  },
}

/** What every task is before its node says anything: not worth a row. */
const isUntouched = (task: TaskReport): boolean =>
  task.phase === 'pending' && task.startNumber === 0 && task.finishedAt === null && !task.isFailed

const tasks: Facet = {
  table: 'allocation_tasks',
  columns: { tasks: 'TEXT' },
  indexes: [],
  values: ({ state }, id) => {
    const found = state.allocations.get(id)?.tasks
    if (found === undefined) return null
    const reports = [...found.values()]
    return reports.every(isUntouched) ? null : [JSON.stringify(reports)]
  },
}

export const allocations: Projection = {
  name: 'allocations',
  version: 1,
  kind: 'allocation',
  facets: [placement, plan, status, health, checks, tasks],
}
