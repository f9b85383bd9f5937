import {
  addNumbers,
  compareNumbers,
  divideNumbers,
  multiplyNumbers,
  remainderOf,
  subtractNumbers,
} from './arithmetic.ts'
import { toBool, toNumber } from './convert.ts'
import { type Bindings, type Evaluation, reject } from './evaluation.ts'
import type { HclNumber } from './number-literal.ts'
import type { Range } from './range.ts'
import type { BinaryOperator, Expression } from './syntax.ts'
import { areEqual, holdsUnknown, UNKNOWN, type Value } from './value.ts'

type Binary = Expression & { readonly kind: 'binary' }

const invalidOperand = (e: Evaluation, range: Range, operator: string, message: string): typeof UNKNOWN =>
  reject(e, range, { summary: 'Invalid operand', detail: `For the operator "${operator}", ${message}.` })

const numberOperand = (e: Evaluation, value: Value, range: Range, operator: string): HclNumber | typeof UNKNOWN => {
  if (value === UNKNOWN) return UNKNOWN
  const number = toNumber(value)
  return number.ok ? number.value : invalidOperand(e, range, operator, number.message)
}

const boolOperand = (e: Evaluation, value: Value, range: Range, operator: string): boolean | typeof UNKNOWN => {
  if (value === UNKNOWN) return UNKNOWN
  const bool = toBool(value)
  return bool.ok ? bool.value : invalidOperand(e, range, operator, bool.message)
}

/** `-x` and `!x`. */
export const evaluateUnary = (
  e: Evaluation,
  expression: Expression & { readonly kind: 'unary' },
  operand: Value,
): Value => {
  const { range } = expression.operand
  if (expression.operator === '!') {
    const value = boolOperand(e, operand, range, '!')
    return value === UNKNOWN ? UNKNOWN : !value
  }
  const value = numberOperand(e, operand, range, '-')
  return value === UNKNOWN ? UNKNOWN : subtractNumbers(0, value)
}

/** The right side of `&&` and `||` is evaluated only if it decides. */
export const evaluateBinary = (e: Evaluation, expression: Binary, bindings: Bindings): Value => {
  const { operator, left, right } = expression
  if (operator === '&&' || operator === '||') return evaluateLogic(e, expression, bindings)
  const a = e.evaluate(e, left, bindings)
  const b = e.evaluate(e, right, bindings)
  if (operator === '==' || operator === '!=') {
    if (holdsUnknown(a) || holdsUnknown(b)) return UNKNOWN
    return areEqual(a, b) === (operator === '==')
  }
  const x = numberOperand(e, a, left.range, operator)
  const y = numberOperand(e, b, right.range, operator)
  if (x === UNKNOWN || y === UNKNOWN) return UNKNOWN
  const result = calculate(operator, x, y)
  if (result !== undefined) return result
  const isDivision = operator === '/' || operator === '%'
  return isDivision && Number(y) === 0
    ? reject(e, right.range, { summary: 'Division by zero', detail: 'The divisor is zero.' })
    : reject(e, expression.range, { summary: 'Operation failed', detail: 'The result is too large for a number.' })
}

const evaluateLogic = (e: Evaluation, expression: Binary, bindings: Bindings): Value => {
  const { operator, left, right } = expression
  const decides = operator === '||'
  const a = boolOperand(e, e.evaluate(e, left, bindings), left.range, operator)
  if (a === decides) return decides
  const b = boolOperand(e, e.evaluate(e, right, bindings), right.range, operator)
  if (b === decides) return decides
  return a === UNKNOWN || b === UNKNOWN ? UNKNOWN : !decides
}

/** The result, or undefined where there is none. */
const calculate = (
  operator: Exclude<BinaryOperator, '&&' | '||' | '==' | '!='>,
  x: HclNumber,
  y: HclNumber,
): Value | undefined => {
  switch (operator) {
    case '+':
      return addNumbers(x, y)
    case '-':
      return subtractNumbers(x, y)
    case '*':
      return multiplyNumbers(x, y)
    case '/':
      return divideNumbers(x, y)
    case '%':
      return remainderOf(x, y)
    case '<':
      return compareNumbers(x, y) < 0
    case '<=':
      return compareNumbers(x, y) <= 0
    case '>':
      return compareNumbers(x, y) > 0
    case '>=':
      return compareNumbers(x, y) >= 0
  }
}
