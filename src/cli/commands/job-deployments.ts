import { found, listAll, PAGE_SIZE, type Page, pageFields, type Unresolved, unresolvedFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData, warnIfCut } from '../print.ts'
import { type Deployment, deploymentFields, renderDeployment, renderDeploymentList } from '../render/deployment.ts'

export const jobDeploymentsDocument = document<
  { readonly job: { readonly __typename: 'Job'; readonly deployments: Page<Deployment> } | Unresolved },
  {
    readonly id: string
    readonly namespace: string
    readonly first: number
    readonly cursor: string | null
    readonly allVersions: boolean
  }
>(`query JobDeployments($id: String!, $namespace: String, $first: Int, $cursor: String, $allVersions: Boolean) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job { deployments(first: $first, cursor: $cursor, allVersions: $allVersions) { nodes { ${deploymentFields} } ${pageFields} } }
    ${unresolvedFields}
  }
}`)

export const command = defineCommand({
  usage: 'muster job deployments [options] <job>',
  description: 'Lists the deployments of a job, newest first.',
  flags: [
    { name: 'all', type: 'boolean', usage: 'Those of earlier registrations too.' },
    { name: 'latest', type: 'boolean', usage: 'Show the newest one in detail.' },
    verboseFlag,
    ...outputFlags,
  ],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, positionals }) => {
    const id = positionals[0] ?? ''
    const { namespace } = context.settings
    const fetchPage = async (first: number, cursor: string | null): Promise<Page<Deployment>> => {
      const answer = await context.api.query(jobDeploymentsDocument, {
        id,
        namespace,
        first,
        cursor,
        allVersions: flags.all,
      })
      return found(answer.job, 'JOB', id).deployments
    }
    if (flags.latest) {
      const latest = (await fetchPage(1, null)).nodes[0] ?? null
      return printData(context, flags, latest, deployment =>
        deployment === null ? ['No deployments found'] : renderDeployment(deployment, flags.verbose),
      )
    }
    const { rows, isCut } = await listAll(cursor => fetchPage(PAGE_SIZE, cursor))
    warnIfCut(context, isCut, rows.length)
    return printData(context, flags, rows, deployments =>
      deployments.length === 0 ? ['No deployments found'] : renderDeploymentList(deployments, flags.verbose),
    )
  },
})
