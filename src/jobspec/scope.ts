import {
  type Budget,
  objectOf,
  type RootMeaning,
  type Scope,
  standardFunctions,
  type Value,
} from '../lang/hcl/index.ts'

/** Names that are known only on a node: references to them stay in the text (nomad-behaviour §1.13). */
const deferredRoots = new Set(['node', 'attr', 'meta', 'env', 'secret', 'device', 'task', 'alloc'])
const isDeferred = (root: string): boolean => deferredRoots.has(root) || /^[A-Z][A-Z0-9_]*$/.test(root)

const nouns = new Map([
  ['var', 'variable'],
  ['local', 'local value'],
])

/** What names mean in a job file: these roots, and those that are left for the node. All evaluations of a file share the budget. */
export const scopeOf = (roots: ReadonlyMap<string, Value>, budget: Budget): Scope => ({
  functions: standardFunctions,
  nouns,
  budget,
  lookUp: (root): RootMeaning => {
    const value = roots.get(root)
    if (value !== undefined) return { kind: 'value', value }
    return isDeferred(root) ? { kind: 'deferred' } : { kind: 'absent', candidates: [...roots.keys(), ...deferredRoots] }
  },
})

/** The scope with one more name, which hides what the name meant before. */
export const withRoot = (scope: Scope, name: string, entries: Iterable<readonly [string, Value]>): Scope => {
  const value = objectOf(entries)
  return { ...scope, lookUp: root => (root === name ? { kind: 'value', value } : scope.lookUp(root)) }
}
