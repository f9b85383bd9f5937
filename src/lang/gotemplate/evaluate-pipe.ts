import { callFunction, type Execution, evaluateLogic, fieldsOf, setVariable, variableValue } from './executor.ts'
import type { GoValue } from './go-value.ts'
import type { Command, Operand, Pipe } from './node.ts'
import { TemplateError } from './template-error.ts'

const isLogic = (name: string): name is 'and' | 'or' => name === 'and' || name === 'or'

const evaluateFunction = (
  execution: Execution,
  dot: GoValue,
  operand: Operand & { readonly kind: 'function' },
  passed: { readonly operands: readonly Operand[]; readonly final: GoValue | undefined },
): GoValue => {
  const { name, offset } = operand
  const { operands, final } = passed
  if (!isLogic(name)) {
    const args = operands.map(argument => evaluateOperand(execution, dot, argument))
    return callFunction(execution, name, final === undefined ? args : [...args, final], offset)
  }
  if (operands.length === 0 && final === undefined) {
    throw new TemplateError(`wrong number of args for ${name}: want at least 1 got 0`, offset)
  }
  return evaluateLogic(name, operands, argument => evaluateOperand(execution, dot, argument), final)
}

/** An operand on its own, or as an argument. A function among them is called without arguments. */
const evaluateOperand = (execution: Execution, dot: GoValue, operand: Operand): GoValue => {
  switch (operand.kind) {
    case 'dot':
      return dot
    case 'nil':
      return null
    case 'constant':
      return operand.value
    case 'field':
      return fieldsOf(execution, dot, operand.names, operand.offset)
    case 'variable':
      return fieldsOf(execution, variableValue(execution, operand.name, operand.offset), operand.names, operand.offset)
    case 'function':
      return evaluateFunction(execution, dot, operand, { operands: [], final: undefined })
    case 'pipe':
      return evaluatePipe(execution, dot, operand.pipe)
    case 'chain':
      return fieldsOf(execution, evaluateOperand(execution, dot, operand.of), operand.names, operand.offset)
  }
}

const describe = (operand: Operand): string => {
  switch (operand.kind) {
    case 'dot':
      return '.'
    case 'nil':
      return 'nil'
    case 'constant':
      return typeof operand.value === 'string' ? JSON.stringify(operand.value) : String(operand.value)
    case 'field':
      return `.${operand.names.join('.')}`
    case 'variable':
      return [operand.name, ...operand.names].join('.')
    case 'function':
      return operand.name
    case 'pipe':
      return '(…)'
    case 'chain':
      return `${describe(operand.of)}.${operand.names.join('.')}`
  }
}

/** One command of a pipeline; `final` is the result of the one before it, undefined for the first. */
const evaluateCommand = (execution: Execution, dot: GoValue, command: Command, final: GoValue | undefined): GoValue => {
  const [first, ...operands] = command.operands
  if (first === undefined) throw new TemplateError('empty command', command.offset)
  if (first.kind === 'function') return evaluateFunction(execution, dot, first, { operands, final })
  if (operands.length > 0 || final !== undefined) {
    throw new TemplateError(`can't give argument to non-function ${describe(first)}`, first.offset)
  }
  if (first.kind === 'nil') throw new TemplateError('nil is not a command', first.offset)
  return evaluateOperand(execution, dot, first)
}

/** The value of a pipeline without giving it to the pipeline's variables; for range, which gives them its own. */
export const evaluateCommands = (execution: Execution, dot: GoValue, pipe: Pipe): GoValue => {
  let value: GoValue | undefined
  for (const command of pipe.commands) value = evaluateCommand(execution, dot, command, value)
  return value ?? null
}

/** The value of a pipeline, which its variables have from then on. */
export const evaluatePipe = (execution: Execution, dot: GoValue, pipe: Pipe): GoValue => {
  const value = evaluateCommands(execution, dot, pipe)
  for (const name of pipe.variables) {
    if (pipe.isAssignment) setVariable(execution, name, value, pipe.offset)
    else execution.variables.push({ name, value })
  }
  return value
}
