import { createHash } from 'node:crypto'
import { compareStrings, type GoValue, goStruct } from '../go-value.ts'
import { TemplateFunctionError } from '../template-error.ts'
import { type FunctionTable, integerAt, textAt, variadic } from '../template-function.ts'

/** An instance of a service as a template may show it; `node` is the node's id. */
export type ServiceInstance = {
  readonly id: string
  readonly name: string
  readonly node: string
  readonly address: string
  readonly port: number
  readonly datacenter: string
  readonly tags: readonly string[]
  readonly jobId: string
  readonly allocId: string
}

/** The services that a template can see: those of its job's namespace. Asked while rendering, so it has to know already. */
export type ServiceSource = {
  readonly services: () => readonly { readonly name: string; readonly tags: readonly string[] }[]
  /** All instances of a service in a region, null being the one that the template runs in; empty when there are none. */
  readonly instances: (name: string, region: string | null) => readonly ServiceInstance[]
}

/** A service that a template asked for: when its instances change, the template has to be rendered anew. */
export type ServiceDependency = { readonly name: string; readonly region: string | null }

export type ServiceFunctions = {
  readonly functions: FunctionTable
  /** What was asked for since these functions were made, each service once, in the order of asking. */
  readonly dependencies: () => {
    readonly services: readonly ServiceDependency[]
    /** `nomadServices` was called: any service that comes or goes matters. */
    readonly readsCatalogue: boolean
  }
}

/** The longest query that is read, in characters. */
export const MAX_SERVICE_QUERY_LENGTH = 1_024

type Query = ServiceDependency & { readonly tag: string | null }

/** Reads `[tag.]name[@region]`; a tag may hold dots, the name none. */
const parseQuery = (text: string): Query => {
  const match =
    text.length <= MAX_SERVICE_QUERY_LENGTH ? /^(?:([\w=:.-]+)\.)?([\w-]+)(?:@([\w.-]+))?$/.exec(text) : null
  const [, tag, name, region] = match ?? []
  if (name === undefined)
    throw new TemplateFunctionError(
      `invalid format: ${JSON.stringify(text.slice(0, 80))}, expected [tag.]name[@region]`,
    )
  return { name, tag: tag ?? null, region: region ?? null }
}

const sortedTags = (tags: readonly string[]): readonly GoValue[] => tags.toSorted(compareStrings)

const instanceRecord = (instance: ServiceInstance): GoValue =>
  goStruct('*dependency.NomadService', {
    ID: instance.id,
    Name: instance.name,
    Node: instance.node,
    Address: instance.address,
    Port: BigInt(instance.port),
    Datacenter: instance.datacenter,
    Tags: sortedTags(instance.tags),
    JobID: instance.jobId,
    AllocID: instance.allocId,
  })

/**
 * The `count` instances of highest rendezvous rank for a key: every caller with the same key gets the same ones, and an
 * instance that comes or goes changes only the choices that it is in.
 */
const chooseInstances = (
  instances: readonly ServiceInstance[],
  count: number,
  key: string,
): readonly ServiceInstance[] => {
  const rankOf = ({ address, port }: ServiceInstance): string =>
    createHash('sha256')
      .update(JSON.stringify([key, address, port]))
      .digest('hex')
  const ranked = instances.map(instance => ({ instance, rank: rankOf(instance) }))
  return ranked
    .toSorted(
      (left, right) => compareStrings(left.rank, right.rank) || compareStrings(left.instance.id, right.instance.id),
    )
    .slice(0, count)
    .map(({ instance }) => instance)
}

type Request = { readonly query: Query; readonly choice: { readonly count: number; readonly key: string } | null }

const requestOf = (args: readonly GoValue[]): Request => {
  if (args.length === 1) return { query: parseQuery(textAt(args, 0)), choice: null }
  if (args.length !== 3) throw new TemplateFunctionError('expected arguments <service> or <count> <key> <service>')
  const count = integerAt(args, 0)
  if (count < 0n) throw new TemplateFunctionError(`the count must not be negative: ${count}`)
  return { query: parseQuery(textAt(args, 2)), choice: { count: Number(count), key: textAt(args, 1) } }
}

/**
 * `nomadServices` and `nomadService` over a source. `nomadService` takes `"[tag.]name[@region]"`, or a count, a key and
 * that for a stable choice of so many instances. A service without instances is an empty list, which is a value.
 */
export const serviceFunctions = (source: ServiceSource): ServiceFunctions => {
  const asked = new Map<string, ServiceDependency>()
  let readsCatalogue = false
  const nomadService = (args: readonly GoValue[]): GoValue => {
    const { query, choice } = requestOf(args)
    const { name, tag, region } = query
    asked.set(`${name}@${region ?? ''}`, { name, region })
    const tagged = source.instances(name, region).filter(instance => tag === null || instance.tags.includes(tag))
    return (choice === null ? tagged : chooseInstances(tagged, choice.count, choice.key)).map(instanceRecord)
  }
  const nomadServices = (): GoValue => {
    readsCatalogue = true
    return source
      .services()
      .toSorted((left, right) => compareStrings(left.name, right.name))
      .map(({ name, tags }) => goStruct('*dependency.NomadServicesSnippet', { Name: name, Tags: sortedTags(tags) }))
  }
  return {
    functions: new Map([
      ['nomadService', variadic(1, nomadService, 3)],
      ['nomadServices', variadic(0, nomadServices, 0)],
    ]),
    dependencies: () => ({ services: [...asked.values()], readsCatalogue }),
  }
}
