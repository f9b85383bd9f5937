import type { AgentOptions } from '../agent-options.ts'
import { musterVersion } from '../version.ts'
import { renderKeyValues } from './columns.ts'
import { indent } from './indent.ts'

type Started = { readonly address: string; readonly nodeId: string }

/** What an agent says of itself before its log begins. */
export const renderAgentBanner = (options: AgentOptions, { address, nodeId }: Started): readonly string[] => [
  '==> Muster agent configuration:',
  '',
  ...indent(
    renderKeyValues([
      ['Version', musterVersion()],
      ['API', address],
      ['Node ID', nodeId],
      ['Data', options.dataDir ?? 'kept in memory, gone when the agent stops'],
      ['Region', options.region ?? 'global'],
      ['Datacenter', options.datacenter ?? 'dc1'],
      ['Log Level', options.logLevel],
    ]),
    4,
  ),
  '',
  '==> Muster agent started! Log data will stream in below:',
  '',
]
