import type { FilterFields } from '../../lang/filter/index.ts'
import { pageFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { inertFlag } from '../inert-flags.ts'
import { type CursorPage, cursorFields, filterFlag, listRows, pageFlags, readFilter } from '../list.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData } from '../print.ts'
import { usageError } from '../refusal.ts'
import { renderTable } from '../render/columns.ts'
import { placementFailuresText } from '../render/metrics.ts'
import { shortId } from '../render/short-id.ts'

const statuses = ['pending', 'blocked', 'complete', 'failed', 'cancelled'] as const

type EvaluationRow = {
  readonly id: string
  readonly namespace: string
  readonly jobId: string
  readonly nodeId: string | null
  readonly type: string
  readonly priority: number
  readonly triggeredBy: string
  readonly status: string
  readonly statusDescription: string
  readonly deploymentId: string | null
  readonly previousEvaluationId: string | null
  readonly nextEvaluationId: string | null
  readonly blockedEvaluationId: string | null
  readonly placementFailures: readonly { readonly group: string }[]
}

export const evaluationListDocument = document<
  { readonly evaluations: CursorPage<EvaluationRow> },
  {
    readonly namespace: string
    readonly first: number
    readonly cursor: string | null
    readonly prefix: string | null
    readonly jobId: string | null
    readonly status: string | null
  }
>(`query ListEvaluations(
  $namespace: String, $first: Int, $cursor: String, $prefix: String, $jobId: String, $status: EvaluationStatus
) {
  evaluations(
    namespace: $namespace, first: $first, cursor: $cursor, prefix: $prefix, jobId: $jobId, status: $status
  ) {
    nodes {
      id namespace jobId nodeId type priority triggeredBy status statusDescription deploymentId
      previousEvaluationId nextEvaluationId blockedEvaluationId placementFailures { group }
    }
    ${cursorFields} ${pageFields}
  }
}`)

/** What `-filter` may ask about, by the names that Nomad's evaluations have. */
const fields: FilterFields<EvaluationRow> = {
  ID: { type: 'text', of: row => row.id },
  Namespace: { type: 'text', of: row => row.namespace },
  JobID: { type: 'text', of: row => row.jobId },
  NodeID: { type: 'text', of: row => row.nodeId },
  DeploymentID: { type: 'text', of: row => row.deploymentId },
  Type: { type: 'text', of: row => row.type },
  Priority: { type: 'number', of: row => row.priority },
  TriggeredBy: { type: 'text', of: row => row.triggeredBy },
  Status: { type: 'text', of: row => row.status },
  StatusDescription: { type: 'text', of: row => row.statusDescription },
  PreviousEval: { type: 'text', of: row => row.previousEvaluationId },
  NextEval: { type: 'text', of: row => row.nextEvaluationId },
  BlockedEval: { type: 'text', of: row => row.blockedEvaluationId },
  FailedTGAllocs: { type: 'texts', of: row => row.placementFailures.map(({ group }) => group) },
}

const render = (rows: readonly EvaluationRow[], isVerbose: boolean): readonly string[] =>
  rows.length === 0
    ? ['No evals found']
    : renderTable([
        ['ID', 'Priority', 'Triggered By', 'Job ID', 'Namespace', 'Node ID', 'Status', 'Placement Failures'],
        ...rows.map(row => [
          shortId(row.id, isVerbose),
          String(row.priority),
          row.triggeredBy,
          row.jobId,
          row.namespace,
          shortId(row.nodeId ?? '', isVerbose),
          row.status,
          placementFailuresText(row),
        ]),
      ])

export const command = defineCommand({
  usage: 'muster eval list [options] [prefix]',
  description: 'Lists evaluations, newest first.',
  flags: [
    { name: 'job', type: 'string', placeholder: '<job>', usage: 'Only those of this job, by its whole id.' },
    { name: 'status', type: 'string', placeholder: '<status>', usage: `Only these: ${statuses.join(', ')}.` },
    filterFlag,
    ...pageFlags,
    verboseFlag,
    ...outputFlags,
    inertFlag('ui'),
  ],
  takes: { min: 0, max: 1 },
  run: async (context, { flags, given, positionals }) => {
    // Nomad writes the last one with a single l.
    const status = flags.status === 'canceled' ? 'cancelled' : flags.status
    if (status !== '' && !statuses.some(each => each === status)) {
      throw usageError(`there is no status "${flags.status}" of evaluations`, `write one of ${statuses.join(', ')}`)
    }
    const variables = {
      namespace: context.settings.namespace,
      prefix: positionals[0] ?? null,
      jobId: flags.job === '' ? null : flags.job,
      status: status === '' ? null : status,
    }
    const filter = await readFilter(flags.filter, fields)
    const fetchPage = async (first: number, cursor: string | null) =>
      (await context.api.query(evaluationListDocument, { ...variables, first, cursor })).evaluations
    const { rows, sayWhatFollows } = await listRows(context, { flags, given }, fetchPage, filter)
    const code = await printData(context, flags, rows, data => render(data, flags.verbose))
    sayWhatFollows()
    return code
  },
})
