import type { AgentConfig } from '../../config/agent-config.ts'
import { musterVersion } from '../version.ts'
import { renderKeyValues } from './columns.ts'
import { indent } from './indent.ts'

type Started = { readonly address: string; readonly nodeId: string | null }

const rolesOf = ({ server, client }: AgentConfig): string =>
  [...(server === null ? [] : ['server']), ...(client === null ? [] : ['client'])].join(' and ')

/** What an agent says of itself before its log begins. */
export const renderAgentBanner = (config: AgentConfig, { address, nodeId }: Started): readonly string[] => [
  '==> Muster agent configuration:',
  '',
  ...indent(
    renderKeyValues([
      ['Version', musterVersion()],
      ['Role', rolesOf(config)],
      ['API', address],
      ...(nodeId === null ? [] : [['Node ID', nodeId] as const]),
      ...(config.client === null || config.client.servers.length === 0
        ? []
        : [['Servers', config.client.servers.join(', ')] as const]),
      ...(config.server === null ? [] : [['Event Store', config.server.eventStore.kind] as const]),
      ['Data', config.dataDir ?? 'kept in memory, gone when the agent stops'],
      ['Region', config.region],
      ['Datacenter', config.datacenter],
      ['Log Level', config.log.level],
    ]),
    4,
  ),
  '',
  '==> Muster agent started! Log data will stream in below:',
  '',
]
