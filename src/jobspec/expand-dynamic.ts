import {
  type Attribute,
  type Block,
  type Body,
  type DecodeContext,
  describeKind,
  isList,
  isObject,
  isSet,
  type Label,
  report,
  type Scope,
  sortedKeys,
  suggestionHint,
  toStringValue,
  UNKNOWN,
  type Value,
  valueOf,
} from '../lang/hcl/index.ts'
import { withRoot } from './scope.ts'

/**
 * `dynamic "block" { for_each, iterator, labels, content }` stands for one block per element of `for_each`. Expanding
 * gives a tree without dynamic blocks; the bodies that come from a content are copies, each with the scope in which its
 * iterator has a value.
 */

/** Blocks that the dynamic blocks of one file may become, those inside their contents included. */
export const MAX_DYNAMIC_BLOCKS = 10_000

type Expansion = { readonly context: DecodeContext; left: number }
type Round = { readonly key: Value; readonly value: Value }

const arguments_ = new Set(['for_each', 'iterator', 'labels'])

const attributeOf = (body: Body, name: string): Attribute | undefined =>
  body.attributes.find(attribute => attribute.name === name)

const evaluateIn = ({ context }: Expansion, attribute: Attribute, scope: Scope): Value =>
  valueOf({ ...context, scope }, attribute)

const refuse = ({ context }: Expansion, block: Block, detail: string, hint?: string): void =>
  report(context, { summary: 'Invalid dynamic block', detail, hint, range: block.headerRange })

const roundsOf = (expansion: Expansion, block: Block, scope: Scope): readonly Round[] => {
  const attribute = attributeOf(block.body, 'for_each')
  if (attribute === undefined) {
    refuse(expansion, block, 'A dynamic block needs for_each, the values that it goes over.')
    return []
  }
  const values = evaluateIn(expansion, attribute, scope)
  if (values === UNKNOWN) return []
  if (isList(values)) return values.map((value, index) => ({ key: isSet(values) ? value : index, value }))
  if (isObject(values)) return sortedKeys(values).map(key => ({ key, value: values[key] ?? null }))
  const detail = `for_each must be a list, a set or an object, and this is ${describeKind(values)}.`
  report(expansion.context, { summary: 'Invalid dynamic block', detail, range: attribute.expression.range })
  return []
}

const labelsOf = (expansion: Expansion, block: Block, scope: Scope): readonly Label[] => {
  const attribute = attributeOf(block.body, 'labels')
  if (attribute === undefined) return []
  const range = attribute.expression.range
  const values = evaluateIn(expansion, attribute, scope)
  if (values === UNKNOWN) return []
  const texts = isList(values) ? values.map(toStringValue) : [{ ok: false as const }]
  const labels = texts.flatMap(text => (text.ok ? [{ value: text.value, range }] : []))
  if (labels.length < texts.length) {
    const detail = 'labels must be a list of strings, the labels of each block.'
    report(expansion.context, { summary: 'Invalid dynamic block', detail, range })
  }
  return labels
}

/** The iterator's name: written as a bare name, else the type of the blocks. */
const iteratorOf = (expansion: Expansion, block: Block, type: string): string => {
  const expression = attributeOf(block.body, 'iterator')?.expression
  if (expression === undefined) return type
  if (expression.kind === 'variable') return expression.name
  const detail = 'iterator must be a bare name, such as iterator = port.'
  report(expansion.context, { summary: 'Invalid dynamic block', detail, range: expression.range })
  return type
}

const expandBlock = (expansion: Expansion, block: Block, scope: Scope | null): readonly Block[] => {
  if (block.type !== 'dynamic') return [{ ...block, body: expandBody(expansion, block.body, scope) }]
  const { context } = expansion
  const outer = scope ?? context.scope
  const [type, ...more] = block.labels
  const [content, ...contents] = block.body.blocks.filter(inner => inner.type === 'content')
  for (const { name, nameRange } of block.body.attributes) {
    if (arguments_.has(name)) continue
    const detail = `A dynamic block has no "${name}".`
    const hint = suggestionHint(name, arguments_)
    report(context, { summary: 'Unsupported argument', detail, hint, range: nameRange })
  }
  if (type === undefined || more.length > 0)
    refuse(expansion, block, 'A dynamic block takes one label, the type of its blocks.')
  if (content === undefined || contents.length > 0 || block.body.blocks.length > 1)
    refuse(expansion, block, 'A dynamic block holds one content block, and no other.')
  if (type === undefined || content === undefined) return []
  const iterator = iteratorOf(expansion, block, type.value)
  return roundsOf(expansion, block, outer).flatMap(({ key, value }): readonly Block[] => {
    if (!spend(expansion, block)) return []
    const inner = withRoot(outer, iterator, [
      ['key', key],
      ['value', value],
    ])
    const labels = labelsOf(expansion, block, inner)
    const body = expandBody(expansion, content.body, inner)
    return [{ ...block, type: type.value, typeRange: type.range, labels, body }]
  })
}

/** Counts a block; says once that there are too many. */
const spend = (expansion: Expansion, block: Block): boolean => {
  expansion.left -= 1
  if (expansion.left === -1)
    refuse(expansion, block, `The dynamic blocks of a file may become ${MAX_DYNAMIC_BLOCKS} blocks; these become more.`)
  return expansion.left >= 0
}

const expandBody = (expansion: Expansion, body: Body, scope: Scope | null): Body => {
  if (scope === null && body.blocks.length === 0) return body
  const blocks = body.blocks.flatMap(block =>
    scope !== null && block.type !== 'dynamic' && !spend(expansion, block) ? [] : expandBlock(expansion, block, scope),
  )
  const expanded: Body = { ...body, blocks }
  if (scope !== null) expansion.context.scopes.set(expanded, scope)
  return expanded
}

/** The block with every dynamic block in it replaced by what it stands for. */
export const expandDynamic = (block: Block, context: DecodeContext): Block => {
  const expansion: Expansion = { context, left: MAX_DYNAMIC_BLOCKS }
  return { ...block, body: expandBody(expansion, block.body, null) }
}
