import { attributeOf, type Block, type Body, type JsonEntry, type JsonNode, type Label } from '../lang/hcl/index.ts'

/** Blocks that have a label; in JSON it is one more object around them. */
const labelled: ReadonlySet<string> = new Set(['plugin', 'host_network', 'host_volume', 'fingerprint', 'keyring'])

type ObjectNode = JsonNode & { readonly kind: 'object' }

const blockOf = ({ key, keyRange }: JsonEntry, node: ObjectNode, labels: readonly Label[]): Block => ({
  type: key,
  typeRange: keyRange,
  labels,
  headerRange: labels[0]?.range ?? keyRange,
  range: node.range,
  body: bodyOfJson(node),
})

/** An object is a block; under a name whose blocks have labels each of its entries is one. */
const blocksOf = (entry: JsonEntry, node: ObjectNode): readonly Block[] =>
  labelled.has(entry.key)
    ? node.entries.flatMap(({ key, keyRange, value }) =>
        objectsIn(value).map(each => blockOf(entry, each, [{ value: key, range: keyRange }])),
      )
    : [blockOf(entry, node, [])]

const isObjectNode = (node: JsonNode): node is ObjectNode => node.kind === 'object'

/** The objects that a value is: itself, or those of a list of nothing else. */
const objectsIn = (node: JsonNode): readonly ObjectNode[] => {
  if (isObjectNode(node)) return [node]
  if (node.kind !== 'list' || node.items.length === 0) return []
  const objects = node.items.filter(isObjectNode)
  return objects.length === node.items.length ? objects : []
}

/** The body that an object of JSON stands for, as the JSON of Nomad's configuration is read: objects are blocks. */
export const bodyOfJson = (node: ObjectNode): Body => {
  const { range } = node
  const blocks = new Map(node.entries.map(entry => [entry, objectsIn(entry.value)] as const))
  return {
    attributes: node.entries
      .filter(entry => blocks.get(entry)?.length === 0)
      .map(entry => attributeOf(entry.key, entry)),
    blocks: node.entries.flatMap(entry => (blocks.get(entry) ?? []).flatMap(each => blocksOf(entry, each))),
    range,
  }
}
