import type { HclNumber } from './number-literal.ts'
import type { Expression } from './syntax.ts'
import type { HclObject, Value } from './value.ts'

/** What a call gives: a value, or why there is none. `argument` is the index of the argument at fault. */
export type Outcome =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'failed'; readonly message: string; readonly argument?: number }

export const done = (value: Value): Outcome => ({ kind: 'value', value })

export const failed = (message: string, argument?: number): Outcome =>
  argument === undefined ? { kind: 'failed', message } : { kind: 'failed', message, argument }

/** What a parameter takes. Primitive ones are converted as HCL converts; `any` also takes null. */
export type ParameterType = 'string' | 'number' | 'bool' | 'list' | 'object' | 'any'

export type Parameter = { readonly name: string; readonly type: ParameterType }

type TypeOf<T extends ParameterType> = {
  readonly string: string
  readonly number: HclNumber
  readonly bool: boolean
  readonly list: readonly Value[]
  readonly object: HclObject
  readonly any: Value
}[T]

type ArgumentsOf<P extends readonly Parameter[]> = { readonly [K in keyof P]: TypeOf<P[K]['type']> }

/**
 * A function of the language. `strict` ones get their arguments evaluated and converted; `lazy` ones get the expressions,
 * and what evaluates them without reporting. `refused` ones exist elsewhere and not here, for the reason given.
 */
export type HclFunction =
  | {
      readonly kind: 'strict'
      readonly name: string
      readonly parameters: readonly Parameter[]
      /** How many of the parameters must be given. */
      readonly requiredCount: number
      /** Takes every further argument. */
      readonly rest?: Parameter
      readonly call: (args: readonly Value[]) => Outcome
    }
  | {
      readonly kind: 'lazy'
      readonly name: string
      readonly minArguments: number
      readonly maxArguments: number
      readonly call: (args: readonly Expression[], attempt: (expression: Expression) => Attempt) => Outcome
    }
  | { readonly kind: 'refused'; readonly name: string; readonly reason: string }

/** An expression evaluated by a lazy function: its value, or the first fault's detail. */
export type Attempt =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'failed'; readonly message: string }

/** A function of a fixed number of arguments, of which the last may be left out from `requiredCount` on. */
export const define = <const P extends readonly Parameter[]>(
  name: string,
  parameters: P,
  call: (...args: ArgumentsOf<P>) => Outcome,
): HclFunction => ({
  kind: 'strict',
  name,
  parameters,
  requiredCount: parameters.length,
  call: args => call(...(args as ArgumentsOf<P>)),
})

/** A function with further arguments, all of one type, after those of `parameters`. */
export const defineVariadic = <const P extends readonly Parameter[], R extends ParameterType>(
  name: string,
  parameters: P,
  rest: { readonly name: string; readonly type: R },
  call: (first: ArgumentsOf<P>, rest: readonly TypeOf<R>[]) => Outcome,
): HclFunction => ({
  kind: 'strict',
  name,
  parameters,
  requiredCount: parameters.length,
  rest,
  call: args =>
    call(
      args.slice(0, parameters.length) as unknown as ArgumentsOf<P>,
      args.slice(parameters.length) as unknown as readonly TypeOf<R>[],
    ),
})

const parameter =
  <T extends ParameterType>(type: T) =>
  (name: string): { readonly name: string; readonly type: T } => ({ name, type })

/** Parameters by type: `takes.string('separator')`. */
export const takes = {
  string: parameter('string'),
  number: parameter('number'),
  bool: parameter('bool'),
  list: parameter('list'),
  object: parameter('object'),
  any: parameter('any'),
}
