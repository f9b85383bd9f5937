import { granted, type Rejection, rejectionFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { findTemplate } from '../find-job.ts'
import { followEvaluation } from '../monitor/follow.ts'
import { verboseFlag } from '../output-flags.ts'
import { printLines } from '../print.ts'

type Forced = {
  readonly __typename: 'PeriodicForce'
  readonly position: number
  readonly launchedJobId: string
  readonly evaluationId: string
}

export const forcePeriodicDocument = document<
  { readonly forcePeriodic: Forced | Rejection },
  { readonly input: { readonly namespace: string; readonly jobId: string } }
>(`mutation ForcePeriodic($input: ForcePeriodicInput!) {
  forcePeriodic(input: $input) {
    __typename
    ... on PeriodicForce { position launchedJobId evaluationId }
    ${rejectionFields}
  }
}`)

export const command = defineCommand({
  usage: 'muster job periodic force [options] <periodic job>',
  description: 'Launches a periodic job now, whatever its schedule says, and follows the evaluation.',
  flags: [
    { name: 'detach', type: 'boolean', usage: 'Do not follow the evaluation; print its id and return.' },
    verboseFlag,
  ],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, positionals }) => {
    const job = await findTemplate(context, positionals[0] ?? '', 'periodic')
    const input = { namespace: job.namespace, jobId: job.id }
    const { evaluationId, position } = granted(
      (await context.api.query(forcePeriodicDocument, { input })).forcePeriodic,
    )
    if (flags.detach) {
      await printLines(context, ['Force periodic successful', `Evaluation ID: ${evaluationId}`])
      return EXIT_OK
    }
    return followEvaluation(context, evaluationId, { isVerbose: flags.verbose, after: position })
  },
})
