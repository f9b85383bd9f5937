/** An expression may have this many UTF-16 units. */
export const MAX_FILTER_LENGTH = 4_096
/** Parentheses and `not` may stand this deep inside each other. */
export const MAX_FILTER_DEPTH = 100

/** Where something stands in the expression, in UTF-16 units from 0. */
export type FilterError = { readonly message: string; readonly offset: number }

/** `Status`, `Meta.rack`, `Attributes["kernel.name"]` */
export type Selector = { readonly path: readonly string[]; readonly offset: number }
/** A value as text: what it is compared with says how that is read. */
export type Value = { readonly text: string; readonly offset: number }

export type Match =
  | { readonly operator: 'equals' | 'contains' | 'matches'; readonly selector: Selector; readonly value: Value }
  | { readonly operator: 'is-empty'; readonly selector: Selector }

export type Expression =
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly operand: Expression }
  | { readonly kind: 'match'; readonly match: Match; readonly isNegated: boolean }

/** Thrown inside of this language only; whoever calls it gets a result. */
export class FilterSyntaxError extends Error {
  override readonly name = 'FilterSyntaxError'
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}
