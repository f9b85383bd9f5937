import type { HclFunction } from './function.ts'
import { MAX_SHARED_STEPS } from './limits.ts'
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

/** How many steps are left to all evaluations that share it. */
export type Budget = { stepsLeft: number }

/** A budget for the evaluations of one file. */
export const createBudget = (): Budget => ({ stepsLeft: MAX_SHARED_STEPS })

/**
 * Where an expression is evaluated. `nouns` names what the attributes of a root are ("variable" for `var`), for the
 * message about one that is not there. Without a `budget` of its own, every evaluation has the steps of one.
 */
export type Scope = {
  readonly lookUp: (root: string) => RootMeaning
  readonly functions: ReadonlyMap<string, HclFunction>
  readonly nouns?: ReadonlyMap<string, string>
  readonly budget?: Budget
}
