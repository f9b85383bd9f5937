import type { EvaluationStatusView } from '../queries/evaluation-status.ts'
import { renderAllocationList } from './allocation-list.ts'
import { renderKeyValues, renderTable } from './columns.ts'
import { placementFailuresText, renderPlacementFailure } from './metrics.ts'
import { shortId } from './short-id.ts'
import { ago, localTime } from './time.ts'

export type EvaluationStatusOptions = { readonly isVerbose: boolean; readonly nowMs: number }

const basics = (view: EvaluationStatusView, { isVerbose, nowMs }: EvaluationStatusOptions): readonly string[] => {
  const time = (ms: number): string => (isVerbose ? localTime(ms) : ago(ms, nowMs))
  const id = (value: string | null): string => shortId(value ?? '', isVerbose)
  return renderKeyValues([
    ['ID', id(view.id)],
    ['Create Time', time(view.createdAt)],
    ['Modify Time', time(view.modifiedAt)],
    ['Status', view.status],
    ['Status Description', view.statusDescription === '' ? view.status : view.statusDescription],
    ['Type', view.type],
    ['TriggeredBy', view.triggeredBy],
    ['Cause', view.cause],
    ['Job ID', view.jobId],
    ['Namespace', view.namespace],
    ...(view.nodeId === null ? [] : [['Node ID', id(view.nodeId)] as const]),
    ['Priority', String(view.priority)],
    ['Placement Failures', placementFailuresText(view)],
    ...(view.waitUntil === null ? [] : [['Wait Until', localTime(view.waitUntil)] as const]),
    ...(view.deploymentId === null ? [] : [['Deployment ID', id(view.deploymentId)] as const]),
    ['Previous Eval', id(view.previousEvaluationId)],
    ['Next Eval', id(view.nextEvaluationId)],
    ['Blocked Eval', id(view.blockedEvaluationId)],
  ])
}

const related = (view: EvaluationStatusView, isVerbose: boolean): readonly string[] =>
  view.relatedEvaluations.length === 0
    ? []
    : [
        '',
        'Related Evaluations',
        ...renderTable([
          ['ID', 'Priority', 'Triggered By', 'Node ID', 'Status', 'Description'],
          ...view.relatedEvaluations.map(each => [
            shortId(each.id, isVerbose),
            String(each.priority),
            each.triggeredBy,
            shortId(each.nodeId ?? '', isVerbose),
            each.status,
            each.statusDescription,
          ]),
        ]),
      ]

const changes = ({ planChanges }: EvaluationStatusView): readonly string[] =>
  planChanges.length === 0
    ? []
    : [
        '',
        'Plan Annotations',
        ...renderTable([
          ['Task Group', 'Ignore', 'Place', 'Stop', 'InPlace', 'Destructive'],
          ...planChanges.map(({ group, ignore, place, stop, inPlace, destructive }) => [
            group,
            ...[ignore, place, stop, inPlace, destructive].map(String),
          ]),
        ]),
      ]

const placed = (view: EvaluationStatusView, options: EvaluationStatusOptions): readonly string[] =>
  view.allocations.nodes.length === 0
    ? []
    : ['', 'Placed Allocations', ...renderAllocationList(view.allocations.nodes, options)]

const failed = ({ placementFailures }: EvaluationStatusView): readonly string[] =>
  placementFailures.length === 0 ? [] : ['', 'Failed Placements', ...placementFailures.flatMap(renderPlacementFailure)]

/** All of `eval status`. */
export const renderEvaluationStatus = (
  view: EvaluationStatusView,
  options: EvaluationStatusOptions,
): readonly string[] => [
  ...basics(view, options),
  ...related(view, options.isVerbose),
  ...changes(view),
  ...placed(view, options),
  ...failed(view),
]
