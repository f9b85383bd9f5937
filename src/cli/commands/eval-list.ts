import { listAll, PAGE_SIZE, type Page, pageFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData, warnIfCut } from '../print.ts'
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
  readonly priority: number
  readonly triggeredBy: string
  readonly status: string
  readonly placementFailures: readonly { readonly group: string }[]
}

export const evaluationListDocument = document<
  { readonly evaluations: Page<EvaluationRow> },
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
    nodes { id namespace jobId nodeId priority triggeredBy status placementFailures { group } }
    ${pageFields}
  }
}`)

/** The API hands out no larger page. */
const MAX_PER_PAGE = 1_000

const perPageOf = (count: number): number => {
  if (count >= 1 && count <= MAX_PER_PAGE) return count
  throw usageError(`-per-page is ${count}`, `write 1 to ${MAX_PER_PAGE}`)
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
    {
      name: 'per-page',
      type: 'int',
      placeholder: '<count>',
      usage: `So many, and how to get those that follow; at most ${MAX_PER_PAGE}.`,
    },
    {
      name: 'page-token',
      type: 'string',
      placeholder: '<token>',
      usage: 'What follows the page that told this token.',
    },
    verboseFlag,
    ...outputFlags,
  ],
  takes: { min: 0, max: 1 },
  run: async (context, { flags, given, positionals }) => {
    // Nomad writes the last one with a single l.
    const status = flags.status === 'canceled' ? 'cancelled' : flags.status
    if (status !== '' && !statuses.some(each => each === status)) {
      throw usageError(`there is no status "${flags.status}" of evaluations`, `write one of ${statuses.join(', ')}`)
    }
    const filter = {
      namespace: context.settings.namespace,
      prefix: positionals[0] ?? null,
      jobId: flags.job === '' ? null : flags.job,
      status: status === '' ? null : status,
    }
    const fetchPage = async (first: number, cursor: string | null) =>
      (await context.api.query(evaluationListDocument, { ...filter, first, cursor })).evaluations
    const token = flags['page-token'] === '' ? null : flags['page-token']
    if (given.has('per-page') || token !== null) {
      const { nodes, pageInfo } = await fetchPage(
        given.has('per-page') ? perPageOf(flags['per-page']) : PAGE_SIZE,
        token,
      )
      const code = await printData(context, flags, nodes, data => render(data, flags.verbose))
      if (pageInfo.hasNextPage) context.io.stderr(`More follow, with -page-token ${pageInfo.endCursor ?? ''}\n`)
      return code
    }
    const { rows, isCut } = await listAll(cursor => fetchPage(PAGE_SIZE, cursor))
    warnIfCut(context, isCut, rows.length)
    return printData(context, flags, rows, data => render(data, flags.verbose))
  },
})
