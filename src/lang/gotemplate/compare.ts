import { compareStrings, type GoValue, typeName } from './go-value.ts'
import { TemplateFunctionError } from './template-error.ts'

const isComparable = (value: GoValue): boolean => typeof value !== 'object' || value === null

const assertComparable = (value: GoValue): void => {
  if (!isComparable(value)) throw new TemplateFunctionError(`non-comparable type: ${typeName(value)}`)
}

/** Go's `eq` of two values: they must be of one kind, unless one of them is nil. Throws TemplateFunctionError. */
export const isEqual = (left: GoValue, right: GoValue): boolean => {
  if (left === null || right === null) return left === right
  assertComparable(left)
  assertComparable(right)
  if (typeof left !== typeof right) throw new TemplateFunctionError('incompatible types for comparison')
  return left === right
}

/** Go's `lt` of two values: numbers or strings of one kind. Throws TemplateFunctionError. */
export const isLess = (left: GoValue, right: GoValue): boolean => {
  for (const value of [left, right]) {
    if (typeof value === 'boolean' || !isComparable(value) || value === null) {
      throw new TemplateFunctionError('invalid type for comparison')
    }
  }
  if (typeof left === 'string' && typeof right === 'string') return compareStrings(left, right) < 0
  if (typeof left === 'bigint' && typeof right === 'bigint') return left < right
  if (typeof left === 'number' && typeof right === 'number') return left < right
  throw new TemplateFunctionError('incompatible types for comparison')
}
