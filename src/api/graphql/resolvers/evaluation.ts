import type { Unplaced } from '../../../domain/control/events.ts'
import type { EvaluationRow } from '../../../projections/queries/evaluations.ts'
import { encodeCursor } from '../../../projections/queries/page.ts'
import type { ApiContext } from '../../context.ts'
import type { Resolvers } from '../load-schema.ts'
import { lookUp } from '../lookup.ts'
import { connectionOf, type PageArguments, pageOf } from '../paging.ts'
import { momentOf, namespaceOf, positionOf, type ReadArguments, readView } from '../read-view.ts'
import { allocationCursor, jobKeyFor } from './allocation.ts'
import { countsOf, metricsOf } from './shared.ts'

export const evaluationCursor = (row: EvaluationRow): string => encodeCursor(row.key)

type EvaluationsArguments = ReadArguments &
  PageArguments & {
    readonly namespace?: string | null
    readonly prefix?: string | null
    readonly status?: string | null
    readonly jobId?: string | null
  }

export const evaluationResolvers = ({ readModel }: ApiContext): Resolvers => {
  const { views } = readModel
  return {
    Query: {
      evaluations: (_: unknown, args: EvaluationsArguments) =>
        readView(readModel, args, () => {
          const at = momentOf(readModel, args)
          const namespace = namespaceOf(args.namespace)
          const filter = {
            namespace,
            prefix: args.prefix?.toLowerCase(),
            status: args.status ?? undefined,
            jobKey: jobKeyFor(readModel, namespace, args.jobId),
          }
          const listed = views.evaluations.list(filter, pageOf(args), at)
          return connectionOf(listed, evaluationCursor, positionOf(readModel, at))
        }),
      evaluation: (_: unknown, args: ReadArguments & { readonly id: string }) =>
        readView(readModel, args, () => {
          const at = momentOf(readModel, args)
          const get = (id: string): EvaluationRow | null => views.evaluations.get(id, at)
          return lookUp(readModel, 'Evaluation', { kind: 'evaluation', id: args.id, namespace: null, at, get })
        }),
    },
    Evaluation: {
      relatedEvaluations: (row: EvaluationRow) => views.evaluations.related(row),
      queued: (row: EvaluationRow) => countsOf(row.queuedByGroup),
      allocations: (row: EvaluationRow, args: PageArguments) => {
        const listed = views.allocations.list({ namespace: null, evaluationId: row.id }, pageOf(args), row.at)
        return connectionOf(listed, allocationCursor, positionOf(readModel, row.at))
      },
    },
    PlacementFailure: { metrics: (failure: Unplaced) => metricsOf(failure.metrics) },
  }
}
