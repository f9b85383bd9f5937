import type { FilterFields } from '../../lang/filter/index.ts'
import { type Page, pageFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { filterFlag, listFiltered, readFilter } from '../list.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData } from '../print.ts'
import { type Deployment, deploymentFields, renderDeploymentList } from '../render/deployment.ts'

export const deploymentListDocument = document<
  { readonly deployments: Page<Deployment> },
  { readonly namespace: string; readonly first: number; readonly cursor: string | null }
>(`query ListDeployments($namespace: String, $first: Int, $cursor: String) {
  deployments(namespace: $namespace, first: $first, cursor: $cursor) { nodes { ${deploymentFields} } ${pageFields} }
}`)

/** What `-filter` may ask about, by the names that Nomad's deployments have. */
const fields: FilterFields<Deployment> = {
  ID: { type: 'text', of: row => row.id },
  Namespace: { type: 'text', of: row => row.namespace },
  JobID: { type: 'text', of: row => row.jobId },
  JobVersion: { type: 'number', of: row => row.jobVersion },
  Status: { type: 'text', of: row => row.status },
  StatusDescription: { type: 'text', of: row => row.description },
  TaskGroups: { type: 'texts', of: row => row.groups.map(({ group }) => group) },
}

export const command = defineCommand({
  usage: 'muster deployment list [options]',
  description: 'Lists deployments, newest first.',
  flags: [filterFlag, verboseFlag, ...outputFlags],
  takes: { min: 0, max: 0 },
  run: async (context, { flags }) => {
    const { namespace } = context.settings
    const filter = await readFilter(flags.filter, fields)
    const fetchPage = async (first: number, cursor: string | null) =>
      (await context.api.query(deploymentListDocument, { namespace, first, cursor })).deployments
    const rows = await listFiltered(context, fetchPage, filter)
    return printData(context, flags, rows, deployments =>
      deployments.length === 0 ? ['No deployments found'] : renderDeploymentList(deployments, flags.verbose),
    )
  },
})
