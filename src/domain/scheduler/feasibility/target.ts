import type { NodeState } from '../../cluster/index.ts'
import { isUnique } from '../../node/is-unique.ts'

/** One side of a constraint: a text as it stands, something of the node, or what nothing can resolve. */
export type Target =
  | { readonly kind: 'literal'; readonly value: string }
  | { readonly kind: 'node'; readonly isUnique: boolean; readonly valueOn: (node: NodeState) => string | undefined }
  | { readonly kind: 'unresolvable' }

const nodeFields: Readonly<Record<string, (node: NodeState) => string>> = {
  'node.unique.id': node => node.id,
  'node.unique.name': node => node.name,
  'node.datacenter': node => node.datacenter,
  'node.class': node => node.nodeClass,
  'node.pool': node => node.nodePool,
}

const inMap =
  (map: 'attributes' | 'meta', key: string) =>
  (node: NodeState): string | undefined =>
    Object.hasOwn(node[map], key) ? node[map][key] : undefined

/** Reads `${node.…}`, `${attr.…}`, `${meta.…}` or a literal (anything that does not start with `${`). */
export const parseTarget = (text: string): Target => {
  if (!text.startsWith('${')) return { kind: 'literal', value: text }
  if (!text.endsWith('}')) return { kind: 'unresolvable' }
  const name = text.slice(2, -1)
  const field = Object.hasOwn(nodeFields, name) ? nodeFields[name] : undefined
  if (field !== undefined) return { kind: 'node', isUnique: name.startsWith('node.unique.'), valueOn: field }
  const dot = name.indexOf('.')
  const root = name.slice(0, dot)
  const key = name.slice(dot + 1)
  if (dot < 0 || key === '' || (root !== 'attr' && root !== 'meta')) return { kind: 'unresolvable' }
  const valueOn = inMap(root === 'attr' ? 'attributes' : 'meta', key)
  return { kind: 'node', isUnique: isUnique(key), valueOn }
}

/** The target's value on a node; undefined where the node has none. */
export const resolveTarget = (target: Target, node: NodeState): string | undefined => {
  switch (target.kind) {
    case 'literal':
      return target.value
    case 'node':
      return target.valueOn(node)
    case 'unresolvable':
      return undefined
  }
}
