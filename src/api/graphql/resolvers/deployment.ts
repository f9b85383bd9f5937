import type { DeploymentGroupRow, DeploymentRow } from '../../../projections/queries/deployments.ts'
import { encodeCursor } from '../../../projections/queries/page.ts'
import type { ApiContext } from '../../context.ts'
import type { Resolvers } from '../load-schema.ts'
import { lookUp } from '../lookup.ts'
import { connectionOf, type PageArguments, pageOf } from '../paging.ts'
import { momentOf, namespaceOf, positionOf, type ReadArguments, readView } from '../read-view.ts'
import { allocationCursor, jobKeyFor } from './allocation.ts'

export const deploymentCursor = (row: DeploymentRow): string => encodeCursor(row.key)

type DeploymentsArguments = ReadArguments &
  PageArguments & {
    readonly namespace?: string | null
    readonly prefix?: string | null
    readonly status?: string | null
    readonly jobId?: string | null
  }

export const deploymentResolvers = ({ readModel }: ApiContext): Resolvers => {
  const { views } = readModel
  return {
    Query: {
      deployments: (_: unknown, args: DeploymentsArguments) =>
        readView(readModel, args, () => {
          const at = momentOf(readModel, args)
          const namespace = namespaceOf(args.namespace)
          const filter = {
            namespace,
            prefix: args.prefix?.toLowerCase(),
            status: args.status ?? undefined,
            jobKey: jobKeyFor(readModel, namespace, args.jobId),
          }
          const listed = views.deployments.list(filter, pageOf(args), at)
          return connectionOf(listed, deploymentCursor, positionOf(readModel, at))
        }),
      deployment: (_: unknown, args: ReadArguments & { readonly id: string }) =>
        readView(readModel, args, () => {
          const at = momentOf(readModel, args)
          const get = (id: string): DeploymentRow | null => views.deployments.get(id, at)
          return lookUp(readModel, 'Deployment', { kind: 'deployment', id: args.id, namespace: null, at, get })
        }),
    },
    Deployment: {
      groups: (row: DeploymentRow) => row.groupStates,
      allocations: (row: DeploymentRow, args: PageArguments) => {
        const listed = views.allocations.list({ namespace: null, deploymentId: row.id }, pageOf(args), row.at)
        return connectionOf(listed, allocationCursor, positionOf(readModel, row.at))
      },
    },
    DeploymentGroup: {
      isAutoReverted: (group: DeploymentGroupRow) => group.autoRevert,
      requireProgressBy: (group: DeploymentGroupRow) =>
        group.requireProgressBy === 0 ? null : group.requireProgressBy,
    },
  }
}
