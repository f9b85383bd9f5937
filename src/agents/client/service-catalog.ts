import type { AgentMessage, LinkServiceInstance, ServerMessage } from '../../protocol/client-link.ts'

type Services = Extract<ServerMessage, { kind: 'services' }>
type ServiceList = Extract<ServerMessage, { kind: 'service-list' }>
export type WatchServices = Extract<AgentMessage, { kind: 'watch-services' }>

/** What one reader's templates ask for. */
export type CatalogWants = {
  readonly services: readonly { readonly namespace: string; readonly name: string }[]
  readonly lists: readonly string[]
}

/** What the servers said last. Undefined = they have not been heard on it yet, which is not the same as none. */
export type CatalogReader = {
  readonly instances: (namespace: string, name: string) => readonly LinkServiceInstance[] | undefined
  readonly list: (namespace: string) => ServiceList['services'] | undefined
  /** Replaces what this reader wants to be told of. */
  readonly want: (wants: CatalogWants) => void
  readonly close: () => void
}

export type ServiceCatalog = {
  /** `onChange` is called when something that the reader wants became known or changed. */
  readonly open: (onChange: () => void) => CatalogReader
  readonly take: (message: Services | ServiceList) => void
  /** The whole list to ask the servers for. */
  readonly wanted: () => WatchServices
}

type Reader = { readonly onChange: () => void; services: ReadonlySet<string>; lists: ReadonlySet<string> }

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`

/**
 * The services that templates on this node read, as the servers push them. What nobody wants any more is forgotten.
 * `onWanted` is called when the list to ask for has changed.
 */
export const createServiceCatalog = (onWanted: () => void): ServiceCatalog => {
  const readers = new Set<Reader>()
  const services = new Map<string, Services>()
  const lists = new Map<string, ServiceList>()
  let asked = ''

  const union = (pick: (reader: Reader) => ReadonlySet<string>): ReadonlySet<string> =>
    new Set([...readers].flatMap(reader => [...pick(reader)]))

  const wanted = (): WatchServices => ({
    kind: 'watch-services',
    services: [...union(reader => reader.services)].sort().map(key => {
      const slash = key.indexOf('/')
      return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
    }),
    lists: [...union(reader => reader.lists)].sort(),
  })

  const askAgain = (): void => {
    const wantedServices = union(reader => reader.services)
    const wantedLists = union(reader => reader.lists)
    for (const key of services.keys()) if (!wantedServices.has(key)) services.delete(key)
    for (const namespace of lists.keys()) if (!wantedLists.has(namespace)) lists.delete(namespace)
    const next = JSON.stringify(wanted())
    if (next === asked) return
    asked = next
    onWanted()
  }

  const open: ServiceCatalog['open'] = onChange => {
    const reader: Reader = { onChange, services: new Set(), lists: new Set() }
    readers.add(reader)
    return {
      instances: (namespace, name) => services.get(keyOf(namespace, name))?.instances,
      list: namespace => lists.get(namespace)?.services,
      want: wants => {
        reader.services = new Set(wants.services.map(({ namespace, name }) => keyOf(namespace, name)))
        reader.lists = new Set(wants.lists)
        askAgain()
      },
      close: () => {
        readers.delete(reader)
        askAgain()
      },
    }
  }

  return {
    open,
    wanted,
    take: message => {
      if (message.kind === 'services') {
        const key = keyOf(message.namespace, message.name)
        services.set(key, message)
        for (const reader of readers) if (reader.services.has(key)) reader.onChange()
        return
      }
      lists.set(message.namespace, message)
      for (const reader of readers) if (reader.lists.has(message.namespace)) reader.onChange()
    },
  }
}
