import type { Attribute, Block, Body, Range } from '../lang/hcl/index.ts'

/**
 * Where a path of a job stands in its file: `['group', 'web', 'task', 'server', 'driver']` goes into blocks by type and
 * label (`['template', 1]` by number), and ends at a block's header, an attribute or an entry of its list. The deepest
 * place found counts.
 */
export type Path = readonly (string | number)[]

const blockAt = (body: Body, type: string, which: string | number | undefined): Block | undefined => {
  const blocks = body.blocks.filter(block => block.type === type)
  if (typeof which === 'number') return blocks[which]
  return (
    blocks.find(block => block.labels[0]?.value === which) ??
    (blocks.length === 1 && blocks[0]?.labels.length === 0 ? blocks[0] : undefined)
  )
}

/** Other names under which a file may give the same. */
const otherNames: Readonly<Record<string, string>> = { crons: 'cron', value: 'regexp' }

const attributeAt = ({ attributes }: Body, name: string): Attribute | undefined =>
  attributes.find(attribute => attribute.name === name) ??
  attributes.find(attribute => attribute.name === otherNames[name])

const rangeIn = ({ expression }: Attribute, which: string | number | undefined): Range => {
  const entry = expression.kind === 'list' && typeof which === 'number' ? expression.items[which] : undefined
  return (entry ?? expression).range
}

export const locate = (block: Block, path: Path): Range => {
  const [head, which, ...rest] = path
  if (typeof head !== 'string') return block.headerRange
  const inner = blockAt(block.body, head, which)
  if (inner !== undefined)
    return locate(inner, inner.labels.length === 0 && typeof which === 'string' ? path.slice(1) : rest)
  const attribute = attributeAt(block.body, head)
  return attribute === undefined ? block.headerRange : rangeIn(attribute, which)
}
