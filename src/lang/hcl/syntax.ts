import type { Range } from './range.ts'

/** A literal's value: integers beyond 2^53 are bigints, every other number is a number. */
export type Literal = null | boolean | number | bigint | string

export type UnaryOperator = '-' | '!'
export type BinaryOperator = '||' | '&&' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%'

/** A piece of a template. `text` is unescaped, trimmed and unindented already. */
export type TemplatePart =
  | { readonly kind: 'text'; readonly value: string; readonly range: Range }
  | { readonly kind: 'interpolation'; readonly expression: Expression; readonly range: Range }
  | {
      readonly kind: 'if'
      readonly condition: Expression
      readonly whenTrue: readonly TemplatePart[]
      readonly whenFalse: readonly TemplatePart[]
      readonly range: Range
    }
  | {
      readonly kind: 'for'
      readonly keyName?: string
      readonly valueName: string
      readonly collection: Expression
      readonly body: readonly TemplatePart[]
      readonly range: Range
    }

export type ForExpression = {
  readonly kind: 'for'
  readonly keyName?: string
  readonly valueName: string
  readonly collection: Expression
  readonly condition?: Expression
  /** What is built: a list of values, an object, or an object of lists (`…` after the value). */
  readonly result:
    | { readonly kind: 'list'; readonly value: Expression }
    | { readonly kind: 'object'; readonly key: Expression; readonly value: Expression }
    | { readonly kind: 'groups'; readonly key: Expression; readonly value: Expression }
  readonly range: Range
}

/** An object constructor's entry. A bare name as key is the name itself; every other key is evaluated. */
export type ObjectItem = { readonly key: ObjectKey; readonly value: Expression }
export type ObjectKey =
  | { readonly kind: 'name'; readonly name: string; readonly range: Range }
  | { readonly kind: 'computed'; readonly expression: Expression; readonly range: Range }

export type Expression =
  | { readonly kind: 'literal'; readonly value: Literal; readonly range: Range }
  | {
      readonly kind: 'template'
      readonly form: 'quoted' | 'heredoc'
      readonly parts: readonly TemplatePart[]
      readonly range: Range
    }
  | { readonly kind: 'variable'; readonly name: string; readonly range: Range }
  | { readonly kind: 'attribute'; readonly target: Expression; readonly name: string; readonly range: Range }
  | {
      readonly kind: 'index'
      readonly target: Expression
      readonly key: Expression
      /** `dotted` is the old form `list.0`. */
      readonly form: 'brackets' | 'dotted'
      readonly range: Range
    }
  /** `each` is evaluated once per element of `target`; its innermost target is a `splat-item`. */
  | {
      readonly kind: 'splat'
      readonly target: Expression
      readonly each: Expression
      /** `brackets` is `[*]`, `dotted` is `.*`, which takes along attributes only. */
      readonly form: 'brackets' | 'dotted'
      readonly range: Range
    }
  | { readonly kind: 'splat-item'; readonly range: Range }
  | {
      readonly kind: 'call'
      readonly name: string
      readonly nameRange: Range
      readonly args: readonly Expression[]
      /** `spread`: the last argument is a list whose elements are the remaining arguments (`f(xs...)`). */
      readonly lastArgument: 'plain' | 'spread'
      readonly range: Range
    }
  | { readonly kind: 'list'; readonly items: readonly Expression[]; readonly range: Range }
  | { readonly kind: 'object'; readonly items: readonly ObjectItem[]; readonly range: Range }
  | ForExpression
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression; readonly range: Range }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
      readonly range: Range
    }
  | {
      readonly kind: 'conditional'
      readonly condition: Expression
      readonly whenTrue: Expression
      readonly whenFalse: Expression
      readonly range: Range
    }
  | { readonly kind: 'parentheses'; readonly inner: Expression; readonly range: Range }
  /** Stands where an expression could not be read; it was reported, and evaluates to unknown without a further word. */
  | { readonly kind: 'invalid'; readonly range: Range }

/** `name = expression`. */
export type Attribute = {
  readonly name: string
  readonly nameRange: Range
  readonly expression: Expression
  readonly range: Range
}

export type Label = { readonly value: string; readonly range: Range }

/** `type "label" … { body }`. `headerRange` spans type and labels, `range` the whole block. */
export type Block = {
  readonly type: string
  readonly typeRange: Range
  readonly labels: readonly Label[]
  readonly headerRange: Range
  readonly range: Range
  readonly body: Body
}

/** Attributes and blocks each in source order; repeated names are all kept. */
export type Body = {
  readonly attributes: readonly Attribute[]
  readonly blocks: readonly Block[]
  readonly range: Range
}
