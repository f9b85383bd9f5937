import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { inertFlag } from '../inert-flags.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData } from '../print.ts'
import { renderTable } from '../render/columns.ts'

type Member = {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly status: string
  readonly isLeader: boolean
  readonly version: string
  readonly datacenter: string
  readonly region: string
}

export const serverMembersDocument = document<{ readonly serverMembers: readonly Member[] }, Record<string, never>>(
  'query ServerMembers { serverMembers { name address port status isLeader version datacenter region } }',
)

/** No consensus of ours: the log is the event store's, and members neither gossip nor vote. */
const NO_PROTOCOL = ''

const tags = ({ version, datacenter, region, port }: Member): string =>
  `build=${version},dc=${datacenter},port=${port},region=${region},role=muster`

const render = (members: readonly Member[], isVerbose: boolean): readonly string[] =>
  renderTable([
    [
      'Name',
      'Address',
      'Port',
      'Status',
      'Leader',
      ...(isVerbose ? ['Protocol'] : []),
      'Raft Version',
      'Build',
      'Datacenter',
      'Region',
      ...(isVerbose ? ['Tags'] : []),
    ],
    ...members.map(member => [
      member.name,
      member.address,
      String(member.port),
      member.status,
      String(member.isLeader),
      ...(isVerbose ? [NO_PROTOCOL] : []),
      NO_PROTOCOL,
      member.version,
      member.datacenter,
      member.region,
      ...(isVerbose ? [tags(member)] : []),
    ]),
  ])

export const command = defineCommand({
  usage: 'muster server members [options]',
  description: `Lists the servers of the region. Nomad's columns of protocols are there and empty: servers of Muster share the event
store's log, and speak neither Raft nor gossip among themselves.`,
  flags: [
    verboseFlag,
    { name: 'detailed', type: 'boolean', usage: 'The same as -verbose.' },
    ...outputFlags,
    inertFlag('ui'),
  ],
  takes: { min: 0, max: 0 },
  run: async (context, { flags }) => {
    const members = (await context.api.query(serverMembersDocument, {})).serverMembers
    return printData(context, flags, members, rows => render(rows, flags.verbose || flags.detailed))
  },
})
