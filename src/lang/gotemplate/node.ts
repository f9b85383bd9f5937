/** The tree of a parsed template. Every node knows the offset in the source at which it starts, for errors. */
export type TemplateNode =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipe: Pipe }
  | {
      readonly kind: 'if' | 'with' | 'range'
      readonly pipe: Pipe
      readonly body: NodeList
      readonly otherwise: NodeList
    }
  | { readonly kind: 'template'; readonly name: string; readonly pipe: Pipe | null; readonly offset: number }
  | { readonly kind: 'break' | 'continue' }

export type NodeList = readonly TemplateNode[]

/** Commands that hand their result on as the last argument of the next, and the variables that take the last one. */
export type Pipe = {
  readonly variables: readonly string[]
  /** `=` sets variables that exist, `:=` makes new ones. */
  readonly isAssignment: boolean
  readonly commands: readonly Command[]
  readonly offset: number
}

/** An operand, and when it is a function (or, refused when run, anything else) its arguments. */
export type Command = { readonly operands: readonly Operand[]; readonly offset: number }

export type Operand =
  | { readonly kind: 'dot'; readonly offset: number }
  | { readonly kind: 'nil'; readonly offset: number }
  | { readonly kind: 'constant'; readonly value: boolean | bigint | number | string; readonly offset: number }
  | { readonly kind: 'field'; readonly names: readonly string[]; readonly offset: number }
  | { readonly kind: 'variable'; readonly name: string; readonly names: readonly string[]; readonly offset: number }
  | { readonly kind: 'function'; readonly name: string; readonly offset: number }
  | { readonly kind: 'pipe'; readonly pipe: Pipe; readonly offset: number }
  | { readonly kind: 'chain'; readonly of: Operand; readonly names: readonly string[]; readonly offset: number }
