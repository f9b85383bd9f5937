import { found, type Unresolved, unresolvedFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { outputFlags } from '../output-flags.ts'
import { printData, toJson } from '../print.ts'
import { Refusal } from '../refusal.ts'

type Inspected = {
  readonly __typename: 'Job'
  readonly specification: unknown
  readonly versions: readonly { readonly version: number; readonly specification: unknown }[]
}

/** Versions that are looked through for the one that was asked for. */
const MAX_VERSIONS = 100

export const inspectJobDocument = document<
  { readonly job: Inspected | Unresolved },
  { readonly id: string; readonly namespace: string; readonly versions: number; readonly withVersions: boolean }
>(`query InspectJob($id: String!, $namespace: String, $versions: Int, $withVersions: Boolean!) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job {
      specification @skip(if: $withVersions)
      versions(first: $versions) @include(if: $withVersions) { version specification }
    }
    ${unresolvedFields}
  }
}`)

export const command = defineCommand({
  usage: 'muster job inspect [options] <job>',
  description: 'Prints the specification of a job as JSON, defaults filled in.',
  flags: [
    { name: 'version', type: 'int', placeholder: '<number>', usage: 'This version instead of the newest.' },
    ...outputFlags,
  ],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, given, positionals }) => {
    const id = positionals[0] ?? ''
    const withVersions = given.has('version')
    const { namespace } = context.settings
    const answer = await context.api.query(inspectJobDocument, { id, namespace, versions: MAX_VERSIONS, withVersions })
    const job = found(answer.job, 'JOB', id)
    const version = withVersions ? job.versions.find(each => each.version === flags.version) : job
    if (version === undefined) {
      throw new Refusal({ code: 'NOT_FOUND', message: `job "${id}" has no version ${flags.version}` })
    }
    return printData(context, flags, version.specification, data => [toJson(data).trimEnd()])
  },
})
