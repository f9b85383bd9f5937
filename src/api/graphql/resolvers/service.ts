import { encodeCursor } from '../../../projections/queries/page.ts'
import type { ServiceName } from '../../../projections/queries/services.ts'
import type { ApiContext } from '../../context.ts'
import type { Resolvers } from '../load-schema.ts'
import { connectionOf, type PageArguments, pageOf } from '../paging.ts'
import { DEFAULT_NAMESPACE, momentOf, namespaceOf, positionOf, type ReadArguments, readView } from '../read-view.ts'

const serviceCursor = (row: ServiceName): string => encodeCursor(row.namespace, row.name)

type ServicesArguments = ReadArguments &
  PageArguments & { readonly namespace?: string | null; readonly prefix?: string | null }
type ServiceArguments = ReadArguments & { readonly name: string; readonly namespace?: string | null }

export const serviceResolvers = ({ readModel }: ApiContext): Resolvers => {
  const { services } = readModel.views
  return {
    Query: {
      services: (_: unknown, args: ServicesArguments) =>
        readView(readModel, args, () => {
          const at = momentOf(readModel, args)
          const filter = { namespace: namespaceOf(args.namespace), prefix: args.prefix ?? undefined }
          return connectionOf(services.list(filter, pageOf(args), at), serviceCursor, positionOf(readModel, at))
        }),
      service: (_: unknown, args: ServiceArguments) =>
        readView(readModel, args, () => ({
          at: momentOf(readModel, args),
          namespace: args.namespace ?? DEFAULT_NAMESPACE,
          name: args.name,
        })),
    },
    Service: {
      instances: (service: ServiceName) => services.instances(service),
      tags: (service: ServiceName) =>
        [...new Set(services.instances(service).flatMap(instance => instance.tags))].toSorted(),
    },
  }
}
