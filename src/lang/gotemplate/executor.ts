import { builtins } from './builtins.ts'
import { type GoValue, isMap, isStruct, isTrue, typeName } from './go-value.ts'
import { MAX_LOOP_ITERATIONS, MAX_OUTPUT_LENGTH, MAX_WORK_CHARACTERS } from './limits.ts'
import type { Operand } from './node.ts'
import type { TemplateSet } from './parse-tree.ts'
import { TemplateError, TemplateFunctionError } from './template-error.ts'
import type { FunctionTable, TemplateFunction } from './template-function.ts'

/** What a missing key of a map gives: its zero value as in Nomad's default, or an error (`error_on_missing_key`). */
export type MissingKey = 'zero' | 'error'

type Variable = { readonly name: string; value: GoValue }

/** One rendering: what it reads, how far it is, what it has used up. */
export type Execution = {
  readonly templates: TemplateSet
  readonly functions: FunctionTable
  readonly missingKey: MissingKey
  /** Variables in reach, innermost last. */
  variables: Variable[]
  output: string
  iterations: number
  work: number
  depth: number
}

export const createExecution = (
  templates: TemplateSet,
  functions: FunctionTable,
  missingKey: MissingKey,
): Execution => ({
  templates,
  functions,
  missingKey,
  variables: [],
  output: '',
  iterations: 0,
  work: 0,
  depth: 0,
})

/** Adds to what is rendered. */
export const write = (execution: Execution, text: string, offset: number): void => {
  if (execution.output.length + text.length > MAX_OUTPUT_LENGTH) {
    throw new TemplateError(`the template renders more than ${MAX_OUTPUT_LENGTH} characters`, offset)
  }
  execution.output += text
}

/** Counts one turn of a loop. */
export const countIteration = (execution: Execution, offset: number): void => {
  execution.iterations++
  if (execution.iterations <= MAX_LOOP_ITERATIONS) return
  throw new TemplateError(`the loops of the template turn more than ${MAX_LOOP_ITERATIONS} times`, offset)
}

const variableOf = (execution: Execution, name: string, offset: number): Variable => {
  const variable = execution.variables.findLast(candidate => candidate.name === name)
  if (variable === undefined) throw new TemplateError(`undefined variable: ${name}`, offset)
  return variable
}

export const variableValue = (execution: Execution, name: string, offset: number): GoValue =>
  variableOf(execution, name, offset).value

export const setVariable = (execution: Execution, name: string, value: GoValue, offset: number): void => {
  variableOf(execution, name, offset).value = value
}

/** An entry of a map or a field of a struct. */
const fieldOf = (execution: Execution, value: GoValue, name: string, offset: number): GoValue => {
  if (isMap(value)) {
    const entry = value.entries.get(name)
    if (entry === undefined && execution.missingKey === 'error') {
      throw new TemplateError(`map has no entry for key ${JSON.stringify(name)}`, offset)
    }
    return entry ?? value.zero
  }
  const field = isStruct(value) ? value.fields.get(name) : undefined
  if (field === undefined) throw new TemplateError(`can't evaluate field ${name} in type ${typeName(value)}`, offset)
  return field
}

/**
 * The value behind a chain of names. Asking nil itself for a field gives nil, or an error where missing keys are one;
 * nil in the middle of a chain is an error, as in Go.
 */
export const fieldsOf = (execution: Execution, value: GoValue, names: readonly string[], offset: number): GoValue => {
  const [first] = names
  if (value === null && first !== undefined) {
    if (execution.missingKey === 'zero') return null
    throw new TemplateError(`nil data; no entry for key ${JSON.stringify(first)}`, offset)
  }
  return names.reduce<GoValue>((current, name) => {
    if (current === null) throw new TemplateError(`nil pointer evaluating interface {}.${name}`, offset)
    return fieldOf(execution, current, name, offset)
  }, value)
}

const textLength = (value: GoValue): number => (typeof value === 'string' ? value.length : 1)

const totalLength = (args: readonly GoValue[]): number =>
  args.reduce((sum: number, value) => sum + textLength(value), 1)

/** Charges a rendering with work, and ends it when that is too much. */
const countWork = (execution: Execution, characters: number, offset: number): void => {
  execution.work += characters
  if (execution.work <= MAX_WORK_CHARACTERS) return
  throw new TemplateError(
    `the functions of the template work through more than ${MAX_WORK_CHARACTERS} characters`,
    offset,
  )
}

const arityError = (name: string, { minArguments, maxArguments }: TemplateFunction, count: number): string => {
  if (minArguments === maxArguments) return `wrong number of args for ${name}: want ${minArguments} got ${count}`
  if (count < minArguments) return `wrong number of args for ${name}: want at least ${minArguments} got ${count}`
  return `wrong number of args for ${name}: want at most ${maxArguments} got ${count}`
}

/** Calls a function by name. What it refuses becomes an error at its place; anything else it throws is passed on. */
export const callFunction = (execution: Execution, name: string, args: readonly GoValue[], offset: number): GoValue => {
  const called = execution.functions.get(name) ?? builtins.get(name)
  if (called === undefined) throw new TemplateError(`function ${JSON.stringify(name)} not defined`, offset)
  if (args.length < called.minArguments || args.length > called.maxArguments) {
    throw new TemplateError(arityError(name, called, args.length), offset)
  }
  countWork(execution, called.workOf?.(args) ?? totalLength(args), offset)
  try {
    const result = called.call(args)
    if (typeof result === 'string' && result.length > MAX_OUTPUT_LENGTH) {
      throw new TemplateFunctionError(`the result is longer than ${MAX_OUTPUT_LENGTH} characters`)
    }
    countWork(execution, textLength(result), offset)
    return result
  } catch (error) {
    if (error instanceof TemplateFunctionError)
      throw new TemplateError(`error calling ${name}: ${error.message}`, offset)
    throw error
  }
}

/** `and` and `or`: the first argument that decides, or the last; those behind the deciding one are not looked at. */
export const evaluateLogic = (
  name: 'and' | 'or',
  operands: readonly Operand[],
  evaluate: (operand: Operand) => GoValue,
  final: GoValue | undefined,
): GoValue => {
  let value: GoValue = null
  for (const operand of operands) {
    value = evaluate(operand)
    if (isTrue(value) === (name === 'or')) return value
  }
  return final === undefined ? value : final
}
