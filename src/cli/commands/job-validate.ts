import { granted, type Rejection, rejectionFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { type JobSource, readJobSource, sourceFlags } from '../job-source.ts'
import { printLines } from '../print.ts'
import type { Diagnostic } from '../refusal.ts'
import { renderWarnings } from '../render/warnings.ts'

type Validation = {
  readonly __typename: 'JobValidation'
  readonly jobId: string
  readonly warnings: readonly Diagnostic[]
}

export const validateJobDocument = document<
  { readonly validateJob: Validation | Rejection },
  { readonly input: JobSource }
>(`mutation ValidateJob($input: JobSourceInput!) {
  validateJob(input: $input) {
    __typename
    ... on JobValidation { jobId warnings { severity summary detail hint filename line column rendered } }
    ${rejectionFields}
  }
}`)

export const command = defineCommand({
  usage: 'muster job validate [options] <path>',
  description: `Checks a job file as registering it would, and changes nothing. "-" reads from standard input.

Exit code 1 when the job would be refused; warnings alone leave it 0.`,
  flags: [{ name: 'json', type: 'boolean', usage: 'The job file is JSON.' }, ...sourceFlags],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, positionals }) => {
    const input = await readJobSource(context, positionals[0] ?? '', flags)
    const { warnings } = granted((await context.api.query(validateJobDocument, { input })).validateJob)
    await printLines(context, [...renderWarnings(warnings), 'Job validation successful'])
    return EXIT_OK
  },
})
