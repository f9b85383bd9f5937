import type { EvaluationRow, JobRow, JobStatus } from '../queries/job-status.ts'
import type { TaskTrouble } from '../queries/task-trouble.ts'
import { type AllocationRow, renderAllocationList } from './allocation-list.ts'
import { renderKeyValues, renderTable } from './columns.ts'
import { renderDeployed } from './deployment.ts'
import { placementFailuresText, renderPlacementFailure } from './metrics.ts'
import { shortId } from './short-id.ts'
import { renderSummary } from './summary.ts'
import { launchTime, localTime } from './time.ts'

const typeOf = ({ type, isPeriodic, isParameterized }: JobRow): string =>
  `${type}${isPeriodic ? '/periodic' : ''}${isParameterized ? '/parameterized' : ''}`

const statusOf = ({ status, isStopped }: JobRow): string => (isStopped ? `${status} (stopped)` : status)

/** The list of jobs; with a column for the namespace when several are looked at. */
export const renderJobList = (jobs: readonly JobRow[], hasNamespaces: boolean): readonly string[] => {
  if (jobs.length === 0) return ['No running jobs']
  const namespace = (value: string): readonly string[] => (hasNamespaces ? [value] : [])
  return renderTable([
    ['ID', ...namespace('Namespace'), 'Type', 'Priority', 'Status', 'Submit Date'],
    ...jobs.map(job => [
      job.id,
      ...namespace(job.namespace),
      typeOf(job),
      String(job.priority),
      statusOf(job),
      localTime(job.submittedAt),
    ]),
  ])
}

export type JobStatusView = {
  readonly job: JobStatus
  readonly children: readonly JobRow[]
  readonly allocations: readonly AllocationRow[]
  readonly trouble: readonly TaskTrouble[]
}

export type JobStatusOptions = {
  readonly isVerbose: boolean
  readonly isShort: boolean
  readonly hasEvaluations: boolean
  readonly nowMs: number
}

const launchOf = (job: JobStatus, nowMs: number): readonly (readonly [string, string])[] => {
  if (job.periodic === null) return []
  if (job.isStopped) return [['Next Periodic Launch', 'none (job stopped)']]
  const { nextLaunch } = job.periodic
  return [['Next Periodic Launch', nextLaunch === null ? 'none' : launchTime(nextLaunch, nowMs)]]
}

const basics = (job: JobStatus, { isVerbose, nowMs }: JobStatusOptions): readonly string[] =>
  renderKeyValues([
    ['ID', job.id],
    ['Name', job.name],
    ['Submit Date', localTime(job.submittedAt)],
    ['Type', job.type],
    ['Priority', String(job.priority)],
    ['Datacenters', job.datacenters.join(',')],
    ['Namespace', job.namespace],
    ['Node Pool', job.nodePool],
    ['Status', statusOf(job)],
    ['Periodic', String(job.isPeriodic)],
    ['Parameterized', String(job.isParameterized)],
    // Counted from 1 as `job run -check-index` takes it.
    ...(isVerbose
      ? [['Version', String(job.version)] as const, ['Modify Index', String(job.modifyIndex + 1)] as const]
      : []),
    ...launchOf(job, nowMs),
  ])

const childTable = (children: readonly JobRow[], none: string): readonly string[] =>
  children.length === 0 ? [none] : renderTable([['ID', 'Status'], ...children.map(job => [job.id, statusOf(job)])])

const counters = ({ children }: JobStatus): readonly string[] =>
  renderTable([
    ['Pending', 'Running', 'Dead'],
    [children?.pending ?? 0, children?.running ?? 0, children?.dead ?? 0].map(String),
  ])

const periodicSections = ({ job, children }: JobStatusView): readonly string[] => [
  '',
  'Children Job Summary',
  ...counters(job),
  '',
  'Previously Launched Jobs',
  ...childTable(children, 'No instances of periodic job found'),
]

const parameterizedSections = ({ job, children }: JobStatusView): readonly string[] => [
  '',
  'Parameterized Job',
  ...renderKeyValues([
    ['Payload', job.parameterized?.payload ?? ''],
    ['Required Metadata', job.parameterized?.metaRequired.join(', ') ?? ''],
    ['Optional Metadata', job.parameterized?.metaOptional.join(', ') ?? ''],
  ]),
  '',
  'Parameterized Job Summary',
  ...counters(job),
  '',
  'Dispatched Jobs',
  ...childTable(children, 'No dispatched instances of parameterized job found'),
]

const evaluationSection = (rows: readonly EvaluationRow[], isVerbose: boolean): readonly string[] => [
  '',
  'Evaluations',
  ...renderTable([
    ['ID', 'Priority', 'Triggered By', 'Status', 'Placement Failures'],
    ...rows.map(row => [
      shortId(row.id, isVerbose),
      String(row.priority),
      row.triggeredBy,
      row.status,
      placementFailuresText(row),
    ]),
  ]),
]

const failureSection = ({ latestPlacementFailure }: JobStatus, isVerbose: boolean): readonly string[] => {
  if (latestPlacementFailure === null) return []
  const { id, placementFailures } = latestPlacementFailure
  const shown = isVerbose ? placementFailures : placementFailures.slice(0, 1)
  const rest =
    shown.length < placementFailures.length
      ? ['', `Placement failures truncated. To see the remainder run:`, `muster eval status ${shortId(id, false)}`]
      : []
  return ['', 'Placement Failure', ...shown.flatMap(renderPlacementFailure), ...rest]
}

const rescheduleSection = ({ futureReschedules }: JobStatus, isVerbose: boolean, nowMs: number): readonly string[] => {
  if (futureReschedules.length === 0) return []
  const rows = futureReschedules.map(({ group, evaluationId, evaluatesAt }) => [
    group,
    shortId(evaluationId, isVerbose),
    launchTime(evaluatesAt, nowMs).replace(/^.*\((.*)\)$/, '$1'),
  ])
  return ['', 'Future Rescheduling Attempts', ...renderTable([['Task Group', 'Eval ID', 'Eval Time'], ...rows])]
}

const deploymentSection = ({ latestDeployment }: JobStatus, isVerbose: boolean): readonly string[] =>
  latestDeployment === null
    ? []
    : [
        '',
        'Latest Deployment',
        ...renderKeyValues([
          ['ID', shortId(latestDeployment.id, isVerbose)],
          ['Status', latestDeployment.status],
          ['Description', latestDeployment.description],
        ]),
        '',
        'Deployed',
        ...renderDeployed(latestDeployment.groups),
      ]

const troubleSection = (trouble: readonly TaskTrouble[], isVerbose: boolean): readonly string[] => {
  if (trouble.length === 0) return []
  const rows = trouble.map(({ allocationId, task, at, type, message }) => [
    shortId(allocationId, isVerbose),
    task,
    localTime(at),
    type,
    message,
  ])
  return ['', 'Task Failures', ...renderTable([['Alloc ID', 'Task', 'Time', 'Type', 'Description'], ...rows])]
}

/** All of `job status <id>`. */
export const renderJobStatus = (view: JobStatusView, options: JobStatusOptions): readonly string[] => {
  const { job, allocations, trouble } = view
  const { isVerbose, nowMs } = options
  const head = basics(job, options)
  if (options.isShort) return head
  if (job.isPeriodic) return [...head, ...periodicSections(view)]
  if (job.isParameterized) return [...head, ...parameterizedSections(view)]
  return [
    ...head,
    '',
    'Summary',
    ...renderSummary(job.summary),
    ...(options.hasEvaluations ? evaluationSection(job.evaluations?.nodes ?? [], isVerbose) : []),
    ...failureSection(job, isVerbose),
    ...rescheduleSection(job, isVerbose, nowMs),
    ...deploymentSection(job, isVerbose),
    '',
    'Allocations',
    ...renderAllocationList(allocations, { isVerbose, nowMs }),
    ...troubleSection(trouble, isVerbose),
  ]
}
