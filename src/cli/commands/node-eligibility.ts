import { granted, type Rejection, rejectionFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { findNode, findOwnNode } from '../find-node.ts'
import { printLines } from '../print.ts'
import { usageError } from '../refusal.ts'

export const setEligibilityDocument = document<
  { readonly setNodeEligibility: { readonly __typename: 'NodeEligibility'; readonly position: number } | Rejection },
  { readonly input: { readonly nodeId: string; readonly isEligible: boolean } }
>(`mutation SetNodeEligibility($input: SetNodeEligibilityInput!) {
  setNodeEligibility(input: $input) {
    __typename
    ... on NodeEligibility { position }
    ${rejectionFields}
  }
}`)

export const command = defineCommand({
  usage: 'muster node eligibility [options] <node>',
  description: 'Says whether new allocations may be placed on a node. What runs there goes on.',
  flags: [
    { name: 'enable', type: 'boolean', usage: 'New allocations may be placed on it.' },
    { name: 'disable', type: 'boolean', usage: 'No new allocations are placed on it.' },
    { name: 'self', type: 'boolean', usage: 'The node of the agent that answers.' },
  ],
  takes: { min: 0, max: 1 },
  run: async (context, { flags, positionals }) => {
    if (flags.enable === flags.disable) throw usageError('one of -enable and -disable is needed')
    const [typed] = positionals
    if (flags.self === (typed !== undefined)) throw usageError('one node or -self is needed')
    const nodeId = typed === undefined ? await findOwnNode(context) : await findNode(context, typed)
    const input = { nodeId, isEligible: flags.enable }
    granted((await context.api.query(setEligibilityDocument, { input })).setNodeEligibility)
    const state = flags.enable ? 'eligible' : 'ineligible'
    await printLines(context, [`Node "${nodeId}" scheduling eligibility set: ${state} for scheduling`])
    return EXIT_OK
  },
})
