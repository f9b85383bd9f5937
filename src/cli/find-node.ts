import { found, type Unresolved, unresolvedFields } from './answers.ts'
import type { CommandContext } from './command.ts'
import { document } from './document.ts'
import { Refusal } from './refusal.ts'

export const findNodeDocument = document<
  { readonly node: { readonly __typename: 'Node'; readonly id: string } | Unresolved },
  { readonly id: string }
>(`query FindNode($id: String!) {
  node(id: $id) { __typename ... on Node { id } ${unresolvedFields} }
}`)

/** The whole id of the node that an id or a prefix of one stands for. */
export const findNode = async ({ api }: CommandContext, id: string): Promise<string> =>
  found((await api.query(findNodeDocument, { id })).node, 'NODE', id).id

/** The id of the node that the answering agent is. */
export const findOwnNode = async ({ api }: CommandContext): Promise<string> => {
  const { nodeId } = await api.json<{ readonly nodeId: string | null }>('/v1/agent/self')
  if (nodeId !== null) return nodeId
  throw new Refusal({ code: 'NOT_FOUND', message: 'the agent that answers runs no client, so that it is no node' })
}
