import { toStringValue } from './convert.ts'
import { kindOf, type Value } from './value.ts'

/** True if two values can be the two results of one conditional. */
export const areUnifiable = (left: Value, right: Value): boolean => {
  const kinds = [kindOf(left), kindOf(right)]
  if (kinds[0] === kinds[1] || kinds.includes('null') || kinds.includes('unknown')) return true
  return kinds.includes('string') && !kinds.includes('list') && !kinds.includes('object')
}

/** The value in the type that it has in common with the other: text, where one is text and the other is not. */
export const unify = (value: Value, other: Value): Value => {
  if (typeof other !== 'string' || typeof value === 'string') return value
  const text = toStringValue(value)
  return text.ok ? text.value : value
}
