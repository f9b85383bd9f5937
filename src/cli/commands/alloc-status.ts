import { found } from '../answers.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { inertFlag } from '../inert-flags.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData } from '../print.ts'
import { allocationStatusDocument } from '../queries/allocation-status.ts'
import { renderAllocationStatus } from '../render/alloc-status.ts'

/** Nomad keeps and shows as many; `-verbose` shows more. */
const RECENT_EVENTS = 10
const MAX_EVENTS = 100

type Flags = {
  readonly short: boolean
  readonly stats: boolean
  readonly verbose: boolean
  readonly json: boolean
  readonly t: string
}

export const showAllocation = async (context: CommandContext, id: string, flags: Flags): Promise<number> => {
  const events = flags.verbose ? MAX_EVENTS : RECENT_EVENTS
  const variables = { id, events, withUsage: !flags.short }
  const answer = await context.api.query(allocationStatusDocument, variables)
  const allocation = found(answer.allocation, 'ALLOCATION', id)
  const options = { isVerbose: flags.verbose, isShort: flags.short, hasStats: flags.stats, nowMs: context.clock.now() }
  return printData(context, flags, allocation, view => renderAllocationStatus(view, options))
}

export const command = defineCommand({
  usage: 'muster alloc status [options] <allocation>',
  description: 'Shows an allocation: how it stands and why, its addresses, its tasks, and what happened to them.',
  flags: [
    { name: 'short', type: 'boolean', usage: 'Show one line for each task.' },
    { name: 'stats', type: 'boolean', usage: 'Show in full what the tasks use.' },
    verboseFlag,
    ...outputFlags,
    inertFlag('ui'),
  ],
  takes: { min: 1, max: 1 },
  run: (context, { flags, positionals }) => showAllocation(context, positionals[0] ?? '', flags),
})
