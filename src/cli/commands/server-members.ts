import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { outputFlags } from '../output-flags.ts'
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

const render = (members: readonly Member[]): readonly string[] =>
  renderTable([
    ['Name', 'Address', 'Port', 'Status', 'Leader', 'Build', 'Datacenter', 'Region'],
    ...members.map(({ name, address, port, status, isLeader, version, datacenter, region }) => [
      name,
      address,
      String(port),
      status,
      String(isLeader),
      version,
      datacenter,
      region,
    ]),
  ])

export const command = defineCommand({
  usage: 'muster server members [options]',
  description: 'Lists the servers of the region.',
  flags: outputFlags,
  takes: { min: 0, max: 0 },
  run: async (context, { flags }) =>
    printData(context, flags, (await context.api.query(serverMembersDocument, {})).serverMembers, render),
})
