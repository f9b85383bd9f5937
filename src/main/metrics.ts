import type { Metric, Sample } from '../api/http/metrics-text.ts'
import { musterRevision, musterVersion } from '../cli/version.ts'
import { type ClusterState, clientStatusOf } from '../domain/cluster/index.ts'
import type { AppendCounts } from '../eventstore/measured-store.ts'

const US_PER_SECOND = 1_000_000

const one = (value: number, labels: Sample['labels'] = {}): readonly Sample[] => [{ labels, value }]

const gauge = (name: string, help: string, samples: readonly Sample[]): Metric => ({
  name,
  help,
  type: 'gauge',
  samples,
})

const counter = (name: string, help: string, value: number): Metric => ({
  name,
  help,
  type: 'counter',
  samples: one(value),
})

/** How many there are of each status, the statuses that were seen alone, in the order of their names. */
const byStatus = (statuses: Iterable<string>): readonly Sample[] => {
  const counts = new Map<string, number>()
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([status, value]) => one(value, { status }))
}

function* mapped<T>(values: Iterable<T>, statusOf: (value: T) => string): Generator<string> {
  for (const value of values) yield statusOf(value)
}

/** Of this process, by the names that Prometheus's own clients use. */
export const processMetrics = (): readonly Metric[] => {
  const { rss, heapUsed } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return [
    gauge('muster_info', 'What runs here.', one(1, { version: musterVersion(), revision: musterRevision() })),
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', one(rss)),
    gauge('nodejs_heap_size_used_bytes', 'Process heap size used from Node.js in bytes.', one(heapUsed)),
    counter('process_cpu_seconds_total', 'User and system CPU time in seconds.', (user + system) / US_PER_SECOND),
    gauge('process_uptime_seconds', 'Time since the agent was started.', one(process.uptime())),
  ]
}

export type ServerFigures = {
  readonly state: ClusterState
  /** The newest position that queries answer for. */
  readonly viewPosition: number
  readonly isLeader: boolean
  readonly appends: AppendCounts
}

/** Of a server: what it knows of the cluster, how far it has read the log, how its appends went. */
export const serverMetrics = ({ state, viewPosition, isLeader, appends }: ServerFigures): readonly Metric[] => [
  gauge('muster_leader', 'Whether this server decides.', one(Number(isLeader))),
  gauge('muster_log_position', 'Position in the log up to which this server has read.', one(state.position)),
  gauge('muster_view_position', 'Position up to which queries answer.', one(viewPosition)),
  gauge(
    'muster_view_lag',
    'By how many positions queries are behind.',
    one(Math.max(0, state.position - viewPosition)),
  ),
  gauge(
    'muster_jobs',
    'Jobs by status, children of others too.',
    byStatus(mapped(state.jobs.values(), ({ status }) => status)),
  ),
  gauge('muster_nodes', 'Nodes by status.', byStatus(mapped(state.nodes.values(), ({ status }) => status))),
  gauge(
    'muster_allocations',
    'Allocations by what their clients and judgements say.',
    byStatus(mapped(state.allocations.values(), clientStatusOf)),
  ),
  gauge(
    'muster_evaluations',
    'Evaluations by status.',
    byStatus(mapped(state.evaluations.values(), ({ status }) => status)),
  ),
  gauge(
    'muster_deployments',
    'Deployments by status.',
    byStatus(mapped(state.deployments.values(), ({ status }) => status)),
  ),
  counter('muster_appends_total', 'Appends that were taken into the log.', appends.appended),
  counter('muster_append_conflicts_total', 'Appends that met a revision other than expected.', appends.conflicts),
  counter('muster_append_failures_total', 'Appends that failed or whose outcome was unknown.', appends.failures),
  counter('muster_append_seconds_total', 'Time that appends took together.', appends.seconds),
]

/** Of a client. */
export const clientMetrics = (isConnected: boolean): readonly Metric[] => [
  gauge('muster_client_connected', 'Whether the client has its link to a server.', one(Number(isConnected))),
]
