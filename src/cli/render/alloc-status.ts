import type { AllocationStatus, AllocationTask } from '../queries/allocation-status.ts'
import type { TaskUsage } from '../queries/usage.ts'
import { renderKeyValues, renderTable } from './columns.ts'
import { fileSize } from './file-size.ts'
import { renderMetrics } from './metrics.ts'
import { shortId } from './short-id.ts'
import { ago, localTime, localTimeOr } from './time.ts'
import { renderTaskUsage, usedMhz } from './usage.ts'

export type AllocationStatusOptions = {
  readonly isVerbose: boolean
  readonly isShort: boolean
  /** Everything that is known of what the tasks use. */
  readonly hasStats: boolean
  readonly nowMs: number
}

const MIB_PER_GIB = 1_024
const MILLIONTHS = 1_000_000

/** MiB as people write sizes: `300 MiB`, `15 GiB`, `1.5 GiB`. */
export const megabytes = (mb: number): string =>
  mb < MIB_PER_GIB ? `${mb} MiB` : `${Number((mb / MIB_PER_GIB).toFixed(1))} GiB`

const healthOf = ({ isHealthy }: AllocationStatus): string => {
  if (isHealthy === null) return 'unset'
  return isHealthy ? 'healthy' : 'unhealthy'
}

const reschedulePairs = (view: AllocationStatus, options: AllocationStatusOptions) => {
  const { rescheduleAttempts, nextAllocationId, reschedulesAt } = view
  const pairs: (readonly [string, string])[] = []
  if (rescheduleAttempts !== null && rescheduleAttempts.attempted > 0) {
    const allowed = rescheduleAttempts.isUnlimited ? 'unlimited' : String(rescheduleAttempts.allowed)
    pairs.push(['Reschedule Attempts', `${rescheduleAttempts.attempted}/${allowed}`])
  }
  if (nextAllocationId !== null) pairs.push(['Replacement Alloc ID', shortId(nextAllocationId, options.isVerbose)])
  if (reschedulesAt !== null) pairs.push(['Reschedule Eligibility', ago(reschedulesAt, options.nowMs)])
  return pairs
}

const basics = (view: AllocationStatus, options: AllocationStatusOptions): readonly string[] => {
  const { isVerbose, nowMs } = options
  const time = (ms: number): string => (isVerbose ? localTime(ms) : ago(ms, nowMs))
  return renderKeyValues([
    ['ID', view.id],
    ['Eval ID', shortId(view.evaluationId, isVerbose)],
    ['Name', view.name],
    ['Node ID', shortId(view.nodeId, isVerbose)],
    ['Node Name', view.nodeName],
    ['Job ID', view.jobId],
    ['Job Version', String(view.jobVersion)],
    ['Client Status', view.clientStatus],
    ['Client Description', view.clientDescription],
    ['Desired Status', view.desiredStatus],
    ['Desired Description', view.desiredDescription],
    ['Created', time(view.createdAt)],
    ['Modified', time(view.modifiedAt)],
    ...(view.deploymentId === null
      ? []
      : ([
          ['Deployment ID', shortId(view.deploymentId, isVerbose)],
          ['Deployment Health', healthOf(view)],
        ] as const)),
    ...reschedulePairs(view, options),
    ...(isVerbose
      ? ([
          ['Evaluated Nodes', String(view.metrics.nodesEvaluated)],
          ['Filtered Nodes', String(view.metrics.nodesFiltered)],
          ['Exhausted Nodes', String(view.metrics.nodesExhausted)],
        ] as const)
      : []),
  ])
}

const addresses = ({ ports }: AllocationStatus): readonly string[] =>
  ports.length === 0
    ? []
    : [
        '',
        'Allocation Addresses:',
        ...renderTable([
          ['Label', 'Dynamic', 'Address'],
          ...ports.map(({ label, isDynamic, address, port, to }) => [
            `*${label}`,
            isDynamic ? 'yes' : 'no',
            `${address}:${port}${to === port ? '' : ` -> ${to}`}`,
          ]),
        ]),
      ]

const checks = (view: AllocationStatus): readonly string[] =>
  view.checks.length === 0
    ? []
    : [
        '',
        'Nomad Service Checks:',
        ...renderTable([
          ['Service', 'Task', 'Name', 'Mode', 'Status'],
          ...view.checks.map(({ service, task, name, mode, status }) => [
            service,
            task === '' ? '(group)' : task,
            name,
            mode,
            status,
          ]),
        ]),
      ]

const lifecycleOf = ({ lifecycle }: AllocationTask): string =>
  lifecycle === null ? 'main' : `${lifecycle.hook}${lifecycle.isSidecar ? ' sidecar' : ''}`

const usageOf = (view: AllocationStatus, task: AllocationTask): TaskUsage | undefined =>
  view.usage?.tasks.find(each => each.task === task.name)

/** With `-stats`: the tables of what a task uses, or why there are none. */
const stats = (view: AllocationStatus, task: AllocationTask): readonly string[] => {
  const used = usageOf(view, task)
  if (used !== undefined) return renderTaskUsage(used)
  const reason = task.state === 'running' ? view.usage?.unknownBecause : null
  return reason ? [`What it uses is not known: ${reason}`, ''] : []
}

/** What is held of the node, with what is used of it where that is known: `3/100 MHz`. */
const resources = (view: AllocationStatus, task: AllocationTask): readonly string[] => {
  const used = usageOf(view, task)
  const { cpuMhz, memoryMb, memoryMaxMb } = task.resources
  const cpu = used === undefined ? `${cpuMhz} MHz` : usedMhz(used.cpuMhz, cpuMhz)
  const memory = megabytes(memoryMb)
  const usedMemory = used === undefined ? '' : `${fileSize(used.memoryBytes)}/`
  const hasMax = memoryMaxMb > memoryMb
  const row = [cpu, `${usedMemory}${memory}`, megabytes(view.resources.diskMb)]
  const table = renderTable([
    ['CPU', 'Memory', 'Disk', 'Addresses'],
    [...row, ' '],
  ]).map(line => line.trimEnd())
  return hasMax ? [...table, `Memory may grow to ${megabytes(memoryMaxMb)}`] : table
}

const taskBlock = (view: AllocationStatus, task: AllocationTask, hasStats: boolean): readonly string[] => [
  '',
  `Task "${task.name}"${task.lifecycle === null ? '' : ` (${lifecycleOf(task)})`} is "${task.state}"`,
  'Task Resources:',
  ...resources(view, task),
  '',
  ...(hasStats ? stats(view, task) : []),
  'Task Events:',
  ...renderKeyValues([
    ['Started At', localTimeOr(task.startedAt, 'N/A')],
    ['Finished At', localTimeOr(task.finishedAt, 'N/A')],
    ['Total Restarts', String(task.restarts)],
    ['Last Restart', localTimeOr(task.lastRestartAt, 'N/A')],
  ]),
  '',
  'Recent Events:',
  ...renderTable([
    ['Time', 'Type', 'Description'],
    ...task.events.map(({ at, type, message }) => [localTime(at), type, message]),
  ]),
]

const shortTasks = ({ tasks }: AllocationStatus): readonly string[] => [
  '',
  'Tasks',
  ...renderTable([
    ['Name', 'State', 'Last Event', 'Time', 'Lifecycle'],
    ...tasks.map(task => {
      const [last] = task.events
      return [task.name, task.state, last?.type ?? '', last === undefined ? '' : localTime(last.at), lifecycleOf(task)]
    }),
  ]),
]

/** Scores are kept as millionths, so that every machine computes the same ones. */
const score = (millionths: number): string => String(Number((millionths / MILLIONTHS).toPrecision(3)))

const placement = ({ metrics }: AllocationStatus): readonly string[] => {
  const names = Array.from(new Set(metrics.scores.flatMap(node => node.scores.map(({ name }) => name))))
  const rows = metrics.scores.map(node => [
    node.nodeId,
    ...names.map(name => score(node.scores.find(each => each.name === name)?.count ?? 0)),
    score(node.final),
  ])
  return [
    '',
    'Placement Metrics',
    ...renderMetrics(metrics).filter(line => !line.startsWith('* No nodes were eligible')),
    ...(rows.length === 0 ? [] : renderTable([['Node', ...names, 'final score'], ...rows])),
  ]
}

const shortBasics = (view: AllocationStatus, { nowMs }: AllocationStatusOptions): readonly string[] =>
  renderKeyValues([
    ['ID', view.id],
    ['Name', view.name],
    ['Created', ago(view.createdAt, nowMs)],
    ['Modified', ago(view.modifiedAt, nowMs)],
  ])

/** All of `alloc status`. */
export const renderAllocationStatus = (view: AllocationStatus, options: AllocationStatusOptions): readonly string[] => {
  if (options.isShort) return [...shortBasics(view, options), ...shortTasks(view)]
  return [
    ...basics(view, options),
    ...addresses(view),
    ...checks(view),
    ...view.tasks.flatMap(task => taskBlock(view, task, options.hasStats)),
    ...(options.isVerbose ? placement(view) : []),
  ]
}
