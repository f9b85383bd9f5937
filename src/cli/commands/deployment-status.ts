import { type CommandContext, defineCommand } from '../command.ts'
import { inertFlag } from '../inert-flags.ts'
import { fetchDeployment } from '../monitor/deployment-view.ts'
import { followDeployment } from '../monitor/follow.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData } from '../print.ts'
import { usageError } from '../refusal.ts'
import { renderDeployment } from '../render/deployment.ts'

type Flags = { readonly verbose: boolean; readonly json: boolean; readonly t: string }

export const showDeployment = async (context: CommandContext, id: string, flags: Flags): Promise<number> => {
  const { allocations: _, ...deployment } = await fetchDeployment(context.api, id, null)
  return printData(context, flags, deployment, view => renderDeployment(view, flags.verbose))
}

/** Whoever asks more often than this learns nothing more. */
const MIN_WAIT_MS = 100

const waitOf = (ms: number): number => {
  if (ms >= MIN_WAIT_MS) return ms
  throw usageError(`-wait is shorter than ${MIN_WAIT_MS}ms`)
}

export const command = defineCommand({
  usage: 'muster deployment status [options] <deployment>',
  description: 'Shows a deployment and how far each of its groups is.',
  flags: [
    { name: 'monitor', type: 'boolean', usage: 'Follow it until it is over.' },
    {
      name: 'wait',
      type: 'duration',
      placeholder: '<duration>',
      usage: 'With -monitor: how long to wait before looking again, at least 100ms.',
    },
    verboseFlag,
    ...outputFlags,
    inertFlag('ui'),
  ],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, given, positionals }) => {
    const id = positionals[0] ?? ''
    if (!flags.monitor) return showDeployment(context, id, flags)
    const deployment = await fetchDeployment(context.api, id, null)
    return followDeployment(context, deployment.id, {
      isVerbose: flags.verbose,
      pollMs: given.has('wait') ? waitOf(flags.wait) : null,
    })
  },
})
