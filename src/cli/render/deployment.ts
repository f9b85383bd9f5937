import { renderKeyValues, renderTable } from './columns.ts'
import { shortId } from './short-id.ts'
import { utcTime } from './time.ts'

export const deploymentFields = `id namespace jobId jobVersion status description createdAt modifiedAt
  groups { group isAutoReverted desiredTotal placed healthy unhealthy requireProgressBy }`

export type DeploymentStatus = 'running' | 'paused' | 'failed' | 'successful' | 'cancelled'

export type DeploymentGroup = {
  readonly group: string
  readonly isAutoReverted: boolean
  readonly desiredTotal: number
  readonly placed: number
  readonly healthy: number
  readonly unhealthy: number
  readonly requireProgressBy: number | null
}

export type Deployment = {
  readonly id: string
  readonly namespace: string
  readonly jobId: string
  readonly jobVersion: number
  readonly status: DeploymentStatus
  readonly description: string
  readonly createdAt: number
  readonly modifiedAt: number
  readonly groups: readonly DeploymentGroup[]
}

/** The table below `Deployed`; columns about what no group uses are left out. */
export const renderDeployed = (groups: readonly DeploymentGroup[]): readonly string[] => {
  const hasAutoRevert = groups.some(group => group.isAutoReverted)
  const hasDeadline = groups.some(group => group.requireProgressBy !== null)
  const heading = [
    'Task Group',
    ...(hasAutoRevert ? ['Auto Revert'] : []),
    'Desired',
    'Placed',
    'Healthy',
    'Unhealthy',
    ...(hasDeadline ? ['Progress Deadline'] : []),
  ]
  const rows = groups.map(group => [
    group.group,
    ...(hasAutoRevert ? [String(group.isAutoReverted)] : []),
    String(group.desiredTotal),
    String(group.placed),
    String(group.healthy),
    String(group.unhealthy),
    ...(hasDeadline ? [group.requireProgressBy === null ? 'N/A' : utcTime(group.requireProgressBy)] : []),
  ])
  return renderTable([heading, ...rows])
}

/** A deployment by itself: its particulars, then its groups. */
export const renderDeployment = (deployment: Deployment, isVerbose: boolean): readonly string[] => [
  ...renderKeyValues([
    ['ID', shortId(deployment.id, isVerbose)],
    ['Job ID', deployment.jobId],
    ['Job Version', String(deployment.jobVersion)],
    ['Status', deployment.status],
    ['Description', deployment.description],
  ]),
  '',
  'Deployed',
  ...renderDeployed(deployment.groups),
]

/** The list of `deployment list` and `job deployments`. */
export const renderDeploymentList = (deployments: readonly Deployment[], isVerbose: boolean): readonly string[] =>
  renderTable([
    ['ID', 'Job ID', 'Job Version', 'Status', 'Description'],
    ...deployments.map(({ id, jobId, jobVersion, status, description }) => [
      shortId(id, isVerbose),
      jobId,
      String(jobVersion),
      status,
      description,
    ]),
  ])
