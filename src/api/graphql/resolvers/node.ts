import type { NodeRow } from '../../../projections/queries/nodes.ts'
import { encodeCursor } from '../../../projections/queries/page.ts'
import type { ApiContext } from '../../context.ts'
import { DEFAULT_PAGE_SIZE } from '../limits.ts'
import type { Resolvers } from '../load-schema.ts'
import { lookUp } from '../lookup.ts'
import { connectionOf, type PageArguments, pageOf } from '../paging.ts'
import { momentOf, positionOf, type ReadArguments, readView } from '../read-view.ts'
import { allocationCursor } from './allocation.ts'
import { modifiedAt, pairsOf } from './shared.ts'
import { createUsageAsker } from './usage.ts'

const nodeCursor = (row: NodeRow): string => encodeCursor(row.id)

type NodesArguments = ReadArguments &
  PageArguments & {
    readonly prefix?: string | null
    readonly status?: string | null
    readonly nodePool?: string | null
  }

export const nodeResolvers = (context: ApiContext): Resolvers => {
  const { readModel } = context
  const { views } = readModel
  const usage = createUsageAsker(context)
  return {
    Query: {
      nodes: (_: unknown, args: NodesArguments) =>
        readView(readModel, args, () => {
          const at = momentOf(readModel, args)
          const filter = {
            prefix: args.prefix?.toLowerCase(),
            status: args.status ?? undefined,
            nodePool: args.nodePool ?? undefined,
          }
          return connectionOf(views.nodes.list(filter, pageOf(args), at), nodeCursor, positionOf(readModel, at))
        }),
      node: (_: unknown, args: ReadArguments & { readonly id: string }) =>
        readView(readModel, args, () => {
          const at = momentOf(readModel, args)
          const get = (id: string): NodeRow | null => views.nodes.get(id, at)
          return lookUp(readModel, 'Node', { kind: 'node', id: args.id, namespace: null, at, get })
        }),
    },
    Node: {
      isDraining: () => false,
      modifiedAt: modifiedAt(readModel),
      allocated: (row: NodeRow) => views.counts.heldOn(row.key, row.at),
      usage: usage.ofNode,
      runningAllocations: (row: NodeRow) => views.counts.runningOn(row.key, row.at),
      attributes: (row: NodeRow) => pairsOf(row.attributesByName),
      meta: (row: NodeRow) => pairsOf(row.metaByName),
      drivers: (row: NodeRow) =>
        Object.entries(row.driversByName)
          .map(([name, driver]) => ({ name, ...driver, changedAt: row.driverTimesByName[name] ?? row.registeredAt }))
          .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      events: (row: NodeRow, args: { readonly first?: number | null }) =>
        views.nodeEvents(row, pageOf({ first: args.first ?? DEFAULT_PAGE_SIZE }).first).map(event => ({
          ...event,
          at: views.moments.timeOf(event.position),
          details: pairsOf(event.details),
        })),
      allocations: (row: NodeRow, args: PageArguments) => {
        const listed = views.allocations.list({ namespace: null, nodeId: row.id }, pageOf(args), row.at)
        return connectionOf(listed, allocationCursor, positionOf(readModel, row.at))
      },
    },
  }
}
