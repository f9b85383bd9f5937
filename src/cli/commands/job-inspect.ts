import { found, type Unresolved, unresolvedFields } from '../answers.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { outputFlags } from '../output-flags.ts'
import { printData, toJson } from '../print.ts'
import { fetchJobSource, noVersion } from '../queries/job-source.ts'
import { usageError } from '../refusal.ts'
import { renderResubmission } from '../render/resubmission.ts'

type Inspected = {
  readonly __typename: 'Job'
  readonly id: string
  readonly versions: readonly { readonly specification: unknown }[]
}

export const inspectJobDocument = document<
  { readonly job: Inspected | Unresolved },
  { readonly id: string; readonly namespace: string; readonly version: number | null }
>(`query InspectJob($id: String!, $namespace: String, $version: Int) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job { id versions(first: 1, version: $version) { specification } }
    ${unresolvedFields}
  }
}`)

/** Prints the job file to the letter; how to submit it again goes beside it, so that the file can be piped on. */
const printSource = async (
  context: CommandContext,
  id: string,
  { version, withVariables }: { readonly version: number | null; readonly withVariables: boolean },
): Promise<number> => {
  const { job, source } = await fetchJobSource(context, id, version)
  await context.io.stdout(source.source)
  if (!withVariables) return EXIT_OK
  const wanted = version === null ? [] : ['-version', String(version)]
  const inspect = ['muster', 'job', 'inspect', '-namespace', job.namespace, ...wanted, '-hcl', job.id]
  context.io.stderr(`${renderResubmission(source, inspect).join('\n')}\n`)
  return EXIT_OK
}

export const command = defineCommand({
  usage: 'muster job inspect [options] <job>',
  description: `Prints the specification of a job as JSON, defaults filled in, or with -hcl the job file that it was
registered from.`,
  flags: [
    { name: 'version', type: 'int', placeholder: '<number>', usage: 'This version instead of the newest.' },
    { name: 'hcl', type: 'boolean', usage: 'Print the job file as it was registered.' },
    {
      name: 'with-vars',
      type: 'boolean',
      usage: 'With -hcl: say on standard error how to register it again with the variables that it had.',
    },
    ...outputFlags,
  ],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, given, positionals }) => {
    const id = positionals[0] ?? ''
    const version = given.has('version') ? flags.version : null
    const withVariables = flags['with-vars']
    if (flags.hcl && (flags.json || flags.t !== '')) throw usageError('-hcl excludes -json and -t')
    if (withVariables && !flags.hcl) throw usageError('-with-vars belongs to -hcl')
    if (flags.hcl) return printSource(context, id, { version, withVariables })
    const { namespace } = context.settings
    const job = found((await context.api.query(inspectJobDocument, { id, namespace, version })).job, 'JOB', id)
    const [inspected] = job.versions
    if (inspected === undefined) throw noVersion(job.id, version)
    return printData(context, flags, inspected.specification, data => [toJson(data).trimEnd()])
  },
})
