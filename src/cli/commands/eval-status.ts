import { found } from '../answers.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { inertFlag } from '../inert-flags.ts'
import { fetchEvaluation } from '../monitor/evaluation-view.ts'
import { followEvaluation } from '../monitor/follow.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData } from '../print.ts'
import { evaluationStatusDocument } from '../queries/evaluation-status.ts'
import { renderEvaluationStatus } from '../render/eval-status.ts'

/** Allocations of one evaluation that are listed. */
const MAX_ALLOCATIONS = 500

type Flags = { readonly verbose: boolean; readonly json: boolean; readonly t: string }

export const showEvaluation = async (context: CommandContext, id: string, flags: Flags): Promise<number> => {
  const answer = await context.api.query(evaluationStatusDocument, { id, first: MAX_ALLOCATIONS })
  const evaluation = found(answer.evaluation, 'EVALUATION', id)
  const options = { isVerbose: flags.verbose, nowMs: context.clock.now() }
  return printData(context, flags, evaluation, view => renderEvaluationStatus(view, options))
}

export const command = defineCommand({
  usage: 'muster eval status [options] <evaluation>',
  description: 'Shows an evaluation: what made it, what its plan did, and what could not be placed and why.',
  flags: [
    { name: 'monitor', type: 'boolean', usage: 'Follow it instead, as job run does.' },
    verboseFlag,
    ...outputFlags,
    inertFlag('ui'),
  ],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, positionals }) => {
    const id = positionals[0] ?? ''
    if (!flags.monitor) return showEvaluation(context, id, flags)
    const evaluation = await fetchEvaluation(context.api, id, null)
    return followEvaluation(context, evaluation.id, { isVerbose: flags.verbose, after: null })
  },
})
