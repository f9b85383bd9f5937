import { found, listAll, PAGE_SIZE } from '../answers.ts'
import { type Arguments, type CommandContext, defineCommand } from '../command.ts'
import { findOwnNode } from '../find-node.ts'
import { inertFlag } from '../inert-flags.ts'
import { filterFlag, listRows, pageFlags, readFilter } from '../list.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData, warnIfCut } from '../print.ts'
import {
  type NodeStatus,
  nodeAllocationsDocument,
  nodeFilterFields,
  nodeListDocument,
  nodeStatusDocument,
} from '../queries/node-status.ts'
import { usageError } from '../refusal.ts'
import { renderNodeList, renderNodeStatus } from '../render/node-status.ts'

type Flags = {
  readonly short: boolean
  readonly stats: boolean
  readonly verbose: boolean
  readonly json: boolean
  readonly t: string
}

const listFlags = [
  { name: 'quiet', type: 'boolean', usage: 'In the list: whole ids and nothing else.' },
  { name: 'allocs', type: 'boolean', usage: 'In the list: how many allocations run.' },
  { name: 'os', type: 'boolean', usage: 'In the list: the operating system.' },
  filterFlag,
  ...pageFlags,
] as const

const allFlags = [
  { name: 'self', type: 'boolean', usage: 'The node of the agent that answers.' },
  { name: 'short', type: 'boolean', usage: 'Show the first block and the allocations only.' },
  { name: 'stats', type: 'boolean', usage: 'Show in full what the machine uses.' },
  ...listFlags,
  verboseFlag,
  ...outputFlags,
  inertFlag('ui'),
] as const

const listNodes = async (context: CommandContext, input: Arguments<typeof allFlags>): Promise<number> => {
  const { flags } = input
  if (flags.quiet && (flags.verbose || flags.json)) throw usageError('-quiet excludes -verbose and -json')
  const filter = await readFilter(flags.filter, nodeFilterFields)
  const withAttributes = flags.os || filter.names.has('Attributes')
  const withMeta = filter.names.has('Meta')
  const fetchPage = async (first: number, cursor: string | null) =>
    (await context.api.query(nodeListDocument, { first, cursor, withAttributes, withMeta })).nodes
  const { rows, sayWhatFollows } = await listRows(context, input, fetchPage, filter)
  const options = { isVerbose: flags.verbose, hasAllocations: flags.allocs, hasSystem: flags.os }
  const code = await printData(context, flags, rows, nodes =>
    flags.quiet && nodes.length > 0 ? nodes.map(({ id }) => id) : renderNodeList(nodes, options),
  )
  sayWhatFollows()
  return code
}

const allocationsOf = ({ api }: CommandContext, node: NodeStatus) =>
  listAll(async cursor => {
    if (cursor === null) return node.allocations
    return (await api.query(nodeAllocationsDocument, { nodeId: node.id, first: PAGE_SIZE, cursor })).allocations
  })

export const showNode = async (context: CommandContext, id: string, flags: Flags): Promise<number> => {
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
  flags: allFlags,
  takes: { min: 0, max: 1 },
  run: async (context, input) => {
    const { flags } = input
    const [typed] = input.positionals
    if (flags.self && typed !== undefined) throw usageError('-self and a node exclude one another')
    if (flags.self) return showNode(context, await findOwnNode(context), flags)
    return typed === undefined ? listNodes(context, input) : showNode(context, typed, flags)
  },
})
