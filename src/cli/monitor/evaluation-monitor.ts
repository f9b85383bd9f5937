import { renderPlacementFailure } from '../render/metrics.ts'
import { shortId } from '../render/short-id.ts'
import { localTime } from '../render/time.ts'
import type { EvaluationView, MonitoredAllocation } from './evaluation-view.ts'

/**
 * The lines that tell of an evaluation as it goes on: a fold over observed states. What is new in one observation is told
 * in a fixed order (what triggered it, its deployment, its allocations by group and index, its status), so that the same
 * course of things reads the same however often it was looked at.
 */
export type EvaluationMonitor = {
  readonly isTriggerTold: boolean
  readonly toldDeploymentId: string | null
  readonly status: EvaluationView['status']
  readonly allocations: ReadonlyMap<string, string>
  /** When something was last told, ms; for saying what is waited for. */
  readonly toldAtMs: number
}

export type MonitorOptions = { readonly isVerbose: boolean; readonly nowMs: number; readonly hasColor: boolean }

/** `lines` are news, for standard output; `hints` say what is waited for while there is none, for standard error. */
export type Told<M> = { readonly monitor: M; readonly lines: readonly string[]; readonly hints: readonly string[] }

/** After this long without news a monitor says what it waits for, and again each time as long. */
export const QUIET_MS = 5_000

const INDENT = '    '

export const initialEvaluationMonitor = (nowMs: number): EvaluationMonitor => ({
  isTriggerTold: false,
  toldDeploymentId: null,
  // An evaluation begins pending, however soon its answer is seen.
  status: 'pending',
  allocations: new Map(),
  toldAtMs: nowMs,
})

const byGroupAndIndex = (a: MonitoredAllocation, b: MonitoredAllocation): number => {
  if (a.group !== b.group) return a.group < b.group ? -1 : 1
  return a.index - b.index || a.createdPosition - b.createdPosition
}

const allocationLine = (
  monitor: EvaluationMonitor,
  view: EvaluationView,
  allocation: MonitoredAllocation,
  isVerbose: boolean,
): string | null => {
  const { id, nodeId, group, clientStatus, clientDescription } = allocation
  const name = `Allocation "${shortId(id, isVerbose)}"`
  const place = `node "${shortId(nodeId, isVerbose)}", group "${group}"`
  const before = monitor.allocations.get(id)
  if (before === undefined) {
    if (allocation.createdPosition < view.createdPosition) return `${name} modified: ${place}`
    return allocation.desiredStatus === 'run' ? `${name} created: ${place}` : null
  }
  if (before === clientStatus) return null
  const description = clientDescription === '' ? '' : ` (${clientDescription})`
  return `${name} status changed: "${before}" -> "${clientStatus}"${description}`
}

const quietLine = (view: EvaluationView, nowMs: number): string => {
  if (view.status === 'blocked') return 'Still waiting for capacity'
  if (view.waitUntil !== null && view.waitUntil > nowMs) {
    return `Still waiting: the evaluation is due at ${localTime(view.waitUntil)}`
  }
  return 'Still waiting for a server to take the evaluation up'
}

/** Takes one observation in; answers what is new in it. */
export const observeEvaluation = (
  monitor: EvaluationMonitor,
  view: EvaluationView,
  { isVerbose, nowMs }: MonitorOptions,
): Told<EvaluationMonitor> => {
  const trigger =
    view.triggeredBy === 'node-update' && view.nodeId !== null
      ? `node "${shortId(view.nodeId, isVerbose)}"`
      : `job "${view.jobId}"`
  const hasDeployment = view.deploymentId !== null && view.deploymentId !== monitor.toldDeploymentId
  const allocations = view.allocations.nodes.toSorted(byGroupAndIndex)
  const news = [
    ...(monitor.isTriggerTold ? [] : [`Evaluation triggered by ${trigger}`]),
    ...(hasDeployment ? [`Evaluation within deployment: "${shortId(view.deploymentId ?? '', isVerbose)}"`] : []),
    ...allocations.flatMap(allocation => allocationLine(monitor, view, allocation, isVerbose) ?? []),
    ...(view.status === monitor.status ? [] : [`Evaluation status changed: "${monitor.status}" -> "${view.status}"`]),
  ]
  const isQuiet = news.length === 0 && nowMs - monitor.toldAtMs >= QUIET_MS
  const line = (text: string): string => `${INDENT}${localTime(nowMs)}: ${text}`
  return {
    lines: news.map(line),
    hints: isQuiet ? [line(quietLine(view, nowMs))] : [],
    monitor: {
      isTriggerTold: true,
      toldDeploymentId: view.deploymentId ?? monitor.toldDeploymentId,
      status: view.status,
      allocations: new Map([
        ...monitor.allocations,
        ...allocations.map(({ id, clientStatus }) => [id, clientStatus] as const),
      ]),
      toldAtMs: news.length === 0 && !isQuiet ? monitor.toldAtMs : nowMs,
    },
  }
}

export const evaluationHeader = (id: string, { isVerbose, nowMs }: MonitorOptions): string =>
  `==> ${localTime(nowMs)}: Monitoring evaluation "${shortId(id, isVerbose)}"`

export const isFinished = (view: EvaluationView): boolean => view.status !== 'pending' && view.status !== 'blocked'

/** What could not be placed, group by group, and what waits for the room that was missing. */
export const renderUnplaced = (view: EvaluationView, isVerbose: boolean): readonly string[] => {
  const groups = view.placementFailures.toSorted((a, b) => (a.group < b.group ? -1 : 1))
  const waiting =
    view.blockedEvaluationId === null
      ? []
      : [
          `Evaluation "${shortId(view.blockedEvaluationId, isVerbose)}" waiting for additional capacity to place remainder`,
        ]
  return [...groups.flatMap(renderPlacementFailure), ...waiting].map(line => `${INDENT}${line}`)
}

/** The end of an evaluation, with all that could not be placed. */
export const evaluationEnd = (view: EvaluationView, { isVerbose, nowMs }: MonitorOptions): readonly string[] => {
  const end = `==> ${localTime(nowMs)}: Evaluation "${shortId(view.id, isVerbose)}" finished with status "${view.status}"`
  if (view.placementFailures.length === 0) {
    const why =
      view.status === 'complete' || view.statusDescription === '' ? [] : [`${INDENT}${view.statusDescription}`]
    return [end, ...why]
  }
  return [`${end} but failed to place all allocations:`, ...renderUnplaced(view, isVerbose)]
}
