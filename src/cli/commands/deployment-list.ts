import { listAll, PAGE_SIZE, type Page, pageFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData, warnIfCut } from '../print.ts'
import { type Deployment, deploymentFields, renderDeploymentList } from '../render/deployment.ts'

export const deploymentListDocument = document<
  { readonly deployments: Page<Deployment> },
  { readonly namespace: string; readonly first: number; readonly cursor: string | null }
>(`query ListDeployments($namespace: String, $first: Int, $cursor: String) {
  deployments(namespace: $namespace, first: $first, cursor: $cursor) { nodes { ${deploymentFields} } ${pageFields} }
}`)

export const command = defineCommand({
  usage: 'muster deployment list [options]',
  description: 'Lists deployments, newest first.',
  flags: [verboseFlag, ...outputFlags],
  takes: { min: 0, max: 0 },
  run: async (context, { flags }) => {
    const { namespace } = context.settings
    const { rows, isCut } = await listAll(async cursor => {
      return (await context.api.query(deploymentListDocument, { namespace, first: PAGE_SIZE, cursor })).deployments
    })
    warnIfCut(context, isCut, rows.length)
    return printData(context, flags, rows, deployments =>
      deployments.length === 0 ? ['No deployments found'] : renderDeploymentList(deployments, flags.verbose),
    )
  },
})
