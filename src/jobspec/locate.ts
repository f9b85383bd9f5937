import type { Block, Body, Range } from '../lang/hcl/index.ts'

/**
 * Where a path of a job stands in its file: `['group', 'web', 'task', 'server', 'driver']` goes into blocks by type and
 * label (`['template', 1]` by number), and ends at a block's header or an attribute. The deepest place found counts.
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

export const locate = (block: Block, path: Path): Range => {
  const [head, which, ...rest] = path
  if (typeof head !== 'string') return block.headerRange
  const inner = blockAt(block.body, head, which)
  if (inner !== undefined)
    return locate(inner, inner.labels.length === 0 && typeof which === 'string' ? path.slice(1) : rest)
  const attribute = block.body.attributes.find(candidate => candidate.name === head)
  return attribute?.expression.range ?? block.headerRange
}
