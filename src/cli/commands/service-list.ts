import { listAll, PAGE_SIZE, type Page, pageFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { outputFlags } from '../output-flags.ts'
import { printData, warnIfCut } from '../print.ts'
import { renderTable } from '../render/columns.ts'

type ServiceRow = { readonly namespace: string; readonly name: string; readonly tags: readonly string[] }

export const serviceListDocument = document<
  { readonly services: Page<ServiceRow> },
  { readonly namespace: string; readonly first: number; readonly cursor: string | null }
>(`query ListServices($namespace: String, $first: Int, $cursor: String) {
  services(namespace: $namespace, first: $first, cursor: $cursor) { nodes { namespace name tags } ${pageFields} }
}`)

const render = (rows: readonly ServiceRow[], hasNamespaces: boolean): readonly string[] => {
  if (rows.length === 0) return ['No service registrations found']
  const namespace = (value: string): readonly string[] => (hasNamespaces ? [value] : [])
  return renderTable([
    ['Service Name', ...namespace('Namespace'), 'Tags'],
    ...rows.map(row => [row.name, ...namespace(row.namespace), `[${row.tags.join(',')}]`]),
  ])
}

export const command = defineCommand({
  usage: 'muster service list [options]',
  description: 'Lists the services that allocations offer.',
  flags: [
    { name: 'name', type: 'string', placeholder: '<name>', usage: 'Only the service of this name.' },
    ...outputFlags,
  ],
  takes: { min: 0, max: 0 },
  run: async (context, { flags }) => {
    const { namespace } = context.settings
    const { rows, isCut } = await listAll(
      async cursor => {
        return (await context.api.query(serviceListDocument, { namespace, first: PAGE_SIZE, cursor })).services
      },
      row => flags.name === '' || row.name === flags.name,
    )
    warnIfCut(context, isCut, rows.length)
    return printData(context, flags, rows, services => render(services, namespace === '*'))
  },
})
