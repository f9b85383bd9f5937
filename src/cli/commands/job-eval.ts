import { granted, type Rejection, rejectionFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { followEvaluation } from '../monitor/follow.ts'
import { verboseFlag } from '../output-flags.ts'
import { printLines } from '../print.ts'
import { shortId } from '../render/short-id.ts'

type Evaluated = { readonly __typename: 'JobEvaluation'; readonly position: number; readonly evaluationId: string }

export const evaluateJobDocument = document<
  { readonly evaluateJob: Evaluated | Rejection },
  { readonly input: { readonly namespace: string; readonly jobId: string; readonly forcesReschedule: boolean } }
>(`mutation EvaluateJob($input: EvaluateJobInput!) {
  evaluateJob(input: $input) {
    __typename
    ... on JobEvaluation { position evaluationId }
    ${rejectionFields}
  }
}`)

export const command = defineCommand({
  usage: 'muster job eval [options] <job>',
  description: 'Has a job looked at again, and follows the evaluation.',
  flags: [
    { name: 'force-reschedule', type: 'boolean', usage: 'Replace failed allocations now, whatever their delay.' },
    { name: 'detach', type: 'boolean', usage: 'Do not follow the evaluation; print its id and return.' },
    verboseFlag,
  ],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, positionals }) => {
    const job = await findJob(context, positionals[0] ?? '')
    const input = { namespace: job.namespace, jobId: job.id, forcesReschedule: flags['force-reschedule'] }
    const { evaluationId, position } = granted((await context.api.query(evaluateJobDocument, { input })).evaluateJob)
    if (flags.detach) {
      await printLines(context, [`Created eval ID: "${shortId(evaluationId, flags.verbose)}"`])
      return EXIT_OK
    }
    return followEvaluation(context, evaluationId, { isVerbose: flags.verbose, after: position })
  },
})
