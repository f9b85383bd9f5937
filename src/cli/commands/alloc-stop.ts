import { granted, type Rejection, rejectionFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { findAllocation } from '../find-allocation.ts'
import { followEvaluation } from '../monitor/follow.ts'
import { verboseFlag } from '../output-flags.ts'
import { printLines } from '../print.ts'

type Stopped = { readonly __typename: 'AllocationStop'; readonly position: number; readonly evaluationId: string }

export const stopAllocationDocument = document<
  { readonly stopAllocation: Stopped | Rejection },
  { readonly input: { readonly allocationId: string; readonly skipsShutdownDelay: boolean } }
>(`mutation StopAllocation($input: StopAllocationInput!) {
  stopAllocation(input: $input) {
    __typename
    ... on AllocationStop { position evaluationId }
    ${rejectionFields}
  }
}`)

export const command = defineCommand({
  usage: 'muster alloc stop [options] <allocation>',
  description: 'Stops an allocation and follows how it is replaced.',
  flags: [
    { name: 'detach', type: 'boolean', usage: 'Do not follow the evaluation; print its id and return.' },
    { name: 'no-shutdown-delay', type: 'boolean', usage: 'Kill its tasks without waiting for shutdown delays.' },
    verboseFlag,
  ],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, positionals }) => {
    const { id } = await findAllocation(context, positionals[0] ?? '')
    const input = { allocationId: id, skipsShutdownDelay: flags['no-shutdown-delay'] }
    const answer = await context.api.query(stopAllocationDocument, { input })
    const { evaluationId, position } = granted(answer.stopAllocation)
    if (flags.detach) {
      await printLines(context, [evaluationId])
      return EXIT_OK
    }
    return followEvaluation(context, evaluationId, { isVerbose: flags.verbose, after: position })
  },
})
