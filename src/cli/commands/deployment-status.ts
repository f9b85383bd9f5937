import { type CommandContext, defineCommand } from '../command.ts'
import { inertFlag } from '../inert-flags.ts'
import { fetchDeployment } from '../monitor/deployment-view.ts'
import { followDeployment } from '../monitor/follow.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData } from '../print.ts'
import { renderDeployment } from '../render/deployment.ts'

type Flags = { readonly verbose: boolean; readonly json: boolean; readonly t: string }

export const showDeployment = async (context: CommandContext, id: string, flags: Flags): Promise<number> => {
  const { allocations: _, ...deployment } = await fetchDeployment(context.api, id, null)
  return printData(context, flags, deployment, view => renderDeployment(view, flags.verbose))
}

export const command = defineCommand({
  usage: 'muster deployment status [options] <deployment>',
  description: 'Shows a deployment and how far each of its groups is.',
  flags: [
    { name: 'monitor', type: 'boolean', usage: 'Follow it until it is over.' },
    verboseFlag,
    ...outputFlags,
    inertFlag('ui'),
  ],
  takes: { min: 1, max: 1 },
  run: async (context, { flags, positionals }) => {
    const id = positionals[0] ?? ''
    if (!flags.monitor) return showDeployment(context, id, flags)
    const deployment = await fetchDeployment(context.api, id, null)
    return followDeployment(context, deployment.id, { isVerbose: flags.verbose })
  },
})
