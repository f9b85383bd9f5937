import type { FilterFields } from '../../lang/filter/index.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { filterFlag, readFilter } from '../list.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData } from '../print.ts'
import { Refusal } from '../refusal.ts'
import { renderKeyValues, renderTable } from '../render/columns.ts'
import { shortId } from '../render/short-id.ts'

type Instance = {
  readonly id: string
  readonly jobId: string
  readonly allocationId: string
  readonly nodeId: string
  readonly datacenter: string
  readonly address: string
  readonly port: number
  readonly tags: readonly string[]
}

type Service = { readonly name: string; readonly namespace: string; readonly instances: readonly Instance[] }

export const serviceDocument = document<
  { readonly service: Service },
  { readonly name: string; readonly namespace: string }
>(`query ServiceInfo($name: String!, $namespace: String) {
  service(name: $name, namespace: $namespace) {
    name namespace
    instances { id jobId allocationId nodeId datacenter address port tags }
  }
}`)

/** What `-filter` may ask about, by the names that Nomad's registrations have. */
const fields: FilterFields<Instance> = {
  ID: { type: 'text', of: row => row.id },
  JobID: { type: 'text', of: row => row.jobId },
  AllocID: { type: 'text', of: row => row.allocationId },
  NodeID: { type: 'text', of: row => row.nodeId },
  Datacenter: { type: 'text', of: row => row.datacenter },
  Address: { type: 'text', of: row => row.address },
  Port: { type: 'number', of: row => row.port },
  Tags: { type: 'texts', of: row => row.tags },
}

const addressOf = ({ address, port }: Instance): string => (port === 0 ? address : `${address}:${port}`)

/** With -verbose: a block for each instance. */
const renderBlocks = ({ name, namespace }: Service, instances: readonly Instance[]): readonly string[] =>
  instances.flatMap((instance, index) => [
    ...(index === 0 ? [] : ['']),
    ...renderKeyValues([
      ['ID', instance.id],
      ['Service Name', name],
      ['Namespace', namespace],
      ['Job ID', instance.jobId],
      ['Alloc ID', instance.allocationId],
      ['Node ID', instance.nodeId],
      ['Datacenter', instance.datacenter],
      ['Address', addressOf(instance)],
      ['Tags', `[${instance.tags.join(',')}]`],
    ]),
  ])

const render = (instances: readonly Instance[]): readonly string[] =>
  renderTable([
    ['Job ID', 'Address', 'Tags', 'Node ID', 'Alloc ID'],
    ...instances.map(instance => [
      instance.jobId,
      addressOf(instance),
      `[${instance.tags.join(',')}]`,
      shortId(instance.nodeId, false),
      shortId(instance.allocationId, false),
    ]),
  ])

export const command = defineCommand({
  usage: 'muster service info [options] <service>',
  description: 'Shows who offers a service, and where.',
  flags: [filterFlag, verboseFlag, ...outputFlags],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, positionals }) => {
    const name = positionals[0] ?? ''
    const { service } = await context.api.query(serviceDocument, { name, namespace: context.settings.namespace })
    if (service.instances.length === 0) {
      throw new Refusal({ code: 'NOT_FOUND', message: `No service registrations found for "${name}"` })
    }
    const { matches } = await readFilter(flags.filter, fields)
    return printData(context, flags, service.instances.filter(matches), instances =>
      flags.verbose ? renderBlocks(service, instances) : render(instances),
    )
  },
})
