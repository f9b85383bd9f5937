import type { HclFunction } from './function.ts'
import type { Value } from './value.ts'

/**
 * What the name of a variable means. `deferred` is for values that are known only later, on a node (`node`, `attr`,
 * `env` …): the reference stays in the result as text, `${node.class}`. `absent` is a fault; `candidates` are the names
 * among which a suggestion is sought.
 */
export type RootMeaning =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'deferred' }
  | { readonly kind: 'absent'; readonly candidates: readonly string[] }

/**
 * Where an expression is evaluated. `nouns` names what the attributes of a root are ("variable" for `var`), for the
 * message about one that is not there.
 */
export type Scope = {
  readonly lookUp: (root: string) => RootMeaning
  readonly functions: ReadonlyMap<string, HclFunction>
  readonly nouns?: ReadonlyMap<string, string>
}
