import { found, listAll, PAGE_SIZE } from '../answers.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { findOwnNode } from '../find-node.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData, warnIfCut } from '../print.ts'
import { fetchNodes, type NodeStatus, nodeAllocationsDocument, nodeStatusDocument } from '../queries/node-status.ts'
import { usageError } from '../refusal.ts'
import { renderNodeList, renderNodeStatus } from '../render/node-status.ts'

type Flags = {
  readonly short: boolean
  readonly allocs: boolean
  readonly os: boolean
  readonly stats: boolean
  readonly verbose: boolean
  readonly json: boolean
  readonly t: string
}

const listNodes = async (context: CommandContext, flags: Flags): Promise<number> => {
  const { rows, isCut } = await fetchNodes(context, flags.os)
  warnIfCut(context, isCut, rows.length)
  const options = { isVerbose: flags.verbose, hasAllocations: flags.allocs, hasSystem: flags.os }
  return printData(context, flags, rows, nodes => renderNodeList(nodes, options))
}

const allocationsOf = ({ api }: CommandContext, node: NodeStatus) =>
  listAll(async cursor => {
    const first = node.allocations ?? { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } }
    if (cursor === null) return first
    return (await api.query(nodeAllocationsDocument, { nodeId: node.id, first: PAGE_SIZE, cursor })).allocations
  })

export const showNode = async (context: CommandContext, id: string, flags: Omit<Flags, 'os'>): Promise<number> => {
  const variables = {
    id,
    first: PAGE_SIZE,
    isFull: !flags.short,
    withAttributes: flags.verbose || flags.json || flags.t !== '',
  }
  const node = found((await context.api.query(nodeStatusDocument, variables)).node, 'NODE', id)
  const { rows, isCut } = await allocationsOf(context, node)
  warnIfCut(context, isCut, rows.length)
  const options = { isVerbose: flags.verbose, isShort: flags.short, hasStats: flags.stats, nowMs: context.clock.now() }
  return printData(context, flags, { ...node, allocations: rows }, () => renderNodeStatus(node, rows, options))
}

export const command = defineCommand({
  usage: 'muster node status [options] [node]',
  description:
    'Lists nodes, or shows one: its drivers, what is held and used of it, its allocations; with -verbose its attributes.',
  flags: [
    { name: 'self', type: 'boolean', usage: 'The node of the agent that answers.' },
    { name: 'short', type: 'boolean', usage: 'Show the first block only.' },
    { name: 'allocs', type: 'boolean', usage: 'In the list: how many allocations run.' },
    { name: 'os', type: 'boolean', usage: 'In the list: the operating system.' },
    { name: 'stats', type: 'boolean', usage: 'Show in full what the machine uses.' },
    verboseFlag,
    ...outputFlags,
  ],
  takes: { min: 0, max: 1 },
  run: async (context, { flags, positionals }) => {
    const [typed] = positionals
    if (flags.self && typed !== undefined) throw usageError('-self and a node exclude one another')
    if (flags.self) return showNode(context, await findOwnNode(context), flags)
    return typed === undefined ? listNodes(context, flags) : showNode(context, typed, flags)
  },
})
