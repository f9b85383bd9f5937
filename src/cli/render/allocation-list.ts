import { renderTable } from './columns.ts'
import { shortId } from './short-id.ts'
import { ago, localTime } from './time.ts'

export const allocationRowFields = `id namespace jobId evaluationId nodeId nodeName group index jobVersion
  desiredStatus clientStatus createdAt modifiedAt tasks { name state isFailed restarts }`

export type AllocationRow = {
  readonly id: string
  readonly namespace: string
  readonly jobId: string
  readonly evaluationId: string
  readonly nodeId: string
  readonly nodeName: string
  readonly group: string
  readonly index: number
  readonly jobVersion: number
  readonly desiredStatus: string
  readonly clientStatus: string
  readonly createdAt: number
  readonly modifiedAt: number
  readonly tasks: readonly {
    readonly name: string
    readonly state: 'pending' | 'running' | 'dead'
    readonly isFailed: boolean
    readonly restarts: number
  }[]
}

/** The table of allocations that job, node and evaluation share. */
export const renderAllocationList = (
  rows: readonly AllocationRow[],
  options: { readonly isVerbose: boolean; readonly nowMs: number },
): readonly string[] => {
  const { isVerbose, nowMs } = options
  if (rows.length === 0) return ['No allocations placed']
  const heading = isVerbose
    ? ['ID', 'Eval ID', 'Node ID', 'Node Name', 'Task Group', 'Version', 'Desired', 'Status', 'Created', 'Modified']
    : ['ID', 'Node ID', 'Task Group', 'Version', 'Desired', 'Status', 'Created', 'Modified']
  const time = (ms: number): string => (isVerbose ? localTime(ms) : ago(ms, nowMs))
  const entries = rows.map(row => [
    shortId(row.id, isVerbose),
    ...(isVerbose ? [row.evaluationId] : []),
    shortId(row.nodeId, isVerbose),
    ...(isVerbose ? [row.nodeName] : []),
    row.group,
    String(row.jobVersion),
    row.desiredStatus,
    row.clientStatus,
    time(row.createdAt),
    time(row.modifiedAt),
  ])
  return renderTable([heading, ...entries])
}
