import { type GoMap, type GoValue, isList, isMap, typeName } from './go-value.ts'
import { TemplateFunctionError } from './template-error.ts'

/**
 * A function that templates may call. The executor checks the number of arguments; `call` checks their types and throws
 * TemplateFunctionError for what it refuses. A function is called while rendering and cannot wait: what it shows has to
 * be there before.
 */
export type TemplateFunction = {
  readonly minArguments: number
  /** Infinity for as many as one likes. */
  readonly maxArguments: number
  readonly call: (args: readonly GoValue[]) => GoValue
  /** How much work a call is, counted in characters read; the length of its strings when absent. */
  readonly workOf?: (args: readonly GoValue[]) => number
}

export type FunctionTable = ReadonlyMap<string, TemplateFunction>

/** A function that takes exactly `count` arguments. */
export const fixedArguments = (count: number, call: TemplateFunction['call']): TemplateFunction => ({
  minArguments: count,
  maxArguments: count,
  call,
})

/** A function that takes at least `minArguments`, and at most `maxArguments` where that is given. */
export const variadic = (
  minArguments: number,
  call: TemplateFunction['call'],
  maxArguments = Number.POSITIVE_INFINITY,
): TemplateFunction => ({
  minArguments,
  maxArguments,
  call,
})

const wrongType = (expected: string, value: GoValue | undefined): TemplateFunctionError =>
  value === null || value === undefined
    ? new TemplateFunctionError(`invalid value; expected ${expected}`)
    : new TemplateFunctionError(`wrong type for value; expected ${expected}; got ${typeName(value)}`)

/** The argument at an index (from 0) as a string, or an error in Go's words. */
export const textAt = (args: readonly GoValue[], index: number): string => {
  const value = args[index]
  if (typeof value === 'string') return value
  throw wrongType('string', value)
}

/** The argument at an index as an int. */
export const integerAt = (args: readonly GoValue[], index: number): bigint => {
  const value = args[index]
  if (typeof value === 'bigint') return value
  throw wrongType('int', value)
}

/** The argument at an index as a list. */
export const listAt = (args: readonly GoValue[], index: number): readonly GoValue[] => {
  const value = args[index] ?? null
  if (isList(value)) return value
  throw wrongType('[]interface {}', value)
}

/** The argument at an index as a map. */
export const mapAt = (args: readonly GoValue[], index: number): GoMap => {
  const value = args[index] ?? null
  if (isMap(value)) return value
  throw wrongType('map[string]interface {}', value)
}

/** The argument at an index as a list of strings. */
export const textsAt = (args: readonly GoValue[], index: number): readonly string[] =>
  listAt(args, index).map(element => {
    if (typeof element === 'string') return element
    throw wrongType('[]string', args[index])
  })
