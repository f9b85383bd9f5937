import type { FilterFields } from '../../lang/filter/index.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { filterFlag, readFilter } from '../list.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData } from '../print.ts'
import { Refusal } from '../refusal.ts'
import { renderTable } from '../render/columns.ts'
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

export const serviceDocument = document<
  { readonly service: { readonly name: string; readonly instances: readonly Instance[] } },
  { readonly name: string; readonly namespace: string }
>(`query ServiceInfo($name: String!, $namespace: String) {
  service(name: $name, namespace: $namespace) {
    name
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

const render = (instances: readonly Instance[], isVerbose: boolean): readonly string[] =>
  renderTable([
    ['Job ID', 'Address', 'Tags', 'Node ID', 'Alloc ID'],
    ...instances.map(({ jobId, address, port, tags, nodeId, allocationId }) => [
      jobId,
      port === 0 ? address : `${address}:${port}`,
      `[${tags.join(',')}]`,
      shortId(nodeId, isVerbose),
      shortId(allocationId, isVerbose),
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
    return printData(context, flags, service.instances.filter(matches), instances => render(instances, flags.verbose))
  },
})
