import { objectKinds } from '../../../projections/queries/search.ts'
import type { ApiContext } from '../../context.ts'
import type { Resolvers } from '../load-schema.ts'
import { MAX_CANDIDATES, toWire, type WireCandidate } from '../lookup.ts'
import { momentOf, namespaceOf, type ReadArguments, readView } from '../read-view.ts'

type SearchArguments = ReadArguments & {
  readonly prefix: string
  readonly kinds?: readonly string[] | null
  readonly namespace?: string | null
}

/** What the one number in `schema` stands for: the sum of the versions of all projections. */
const versionOf = (schema: string): number =>
  [...schema.matchAll(/ (\d+)(?:,|$)/g)].reduce((sum, [, version]) => sum + Number(version), 0)

export const agentResolvers = (context: ApiContext): Resolvers => {
  const { readModel } = context
  const search = (args: SearchArguments): readonly WireCandidate[] => {
    const at = momentOf(readModel, args)
    const namespace = namespaceOf(args.namespace)
    const kinds = objectKinds.filter(kind => args.kinds?.includes(kind.toUpperCase()) ?? true)
    return kinds.flatMap(kind =>
      readModel.views.search(kind, { prefix: args.prefix, namespace, at, limit: MAX_CANDIDATES }).map(toWire),
    )
  }
  return {
    Query: {
      position: (_: unknown, args: ReadArguments) => readView(readModel, args, readModel.position),
      search: (_: unknown, args: SearchArguments) => readView(readModel, args, () => search(args)),
      agent: () => context.agent(),
      serverMembers: () => context.serverMembers().toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    },
    Agent: {
      view: async () => {
        const head = await context.head()
        const position = readModel.position()
        return { position, head, lag: Math.max(0, head - position), version: versionOf(readModel.schema) }
      },
    },
  }
}
