import { toBool, toStringValue } from './convert.ts'
import { type Bindings, bindRound, type Evaluation, reject } from './evaluation.ts'
import type { Range } from './range.ts'
import type { Expression, ForExpression } from './syntax.ts'
import { describeKind, isList, isObject, isSet, objectOf, sortedKeys, UNKNOWN, type Value } from './value.ts'

export type Round = { readonly key: Value; readonly value: Value }

/** The rounds of a `for` over a value: lists by index, sets with each member as its own key, objects by sorted keys. */
export const roundsOf = (e: Evaluation, collection: Value, range: Range): readonly Round[] | typeof UNKNOWN => {
  if (collection === UNKNOWN) return UNKNOWN
  if (isSet(collection) && isList(collection)) return collection.map(value => ({ key: value, value }))
  if (isList(collection)) return collection.map((value, key) => ({ key, value }))
  if (isObject(collection)) return sortedKeys(collection).map(key => ({ key, value: collection[key] ?? null }))
  return reject(e, range, {
    summary: collection === null ? 'Iteration over null value' : 'Iteration over non-iterable value',
    detail: `A "for" goes over a list, a set or an object, and this is ${describeKind(collection)}.`,
  })
}

/** Whether the round counts; unknown where that cannot be told. */
const isIncluded = (e: Evaluation, condition: Expression | undefined, bindings: Bindings): boolean | typeof UNKNOWN => {
  if (condition === undefined) return true
  const value = e.evaluate(e, condition, bindings)
  if (value === UNKNOWN) return UNKNOWN
  const included = toBool(value)
  if (included.ok) return included.value
  return reject(e, condition.range, {
    summary: 'Invalid "for" condition',
    detail: `As the condition, ${included.message}.`,
  })
}

/** Evaluates `[for …]` and `{for …}`. */
export const evaluateFor = (e: Evaluation, expression: ForExpression, bindings: Bindings): Value => {
  const collection = e.evaluate(e, expression.collection, bindings)
  const rounds = roundsOf(e, collection, expression.collection.range)
  if (rounds === UNKNOWN) return UNKNOWN
  const items: Value[] = []
  const groups = new Map<string, Value[]>()
  for (const round of rounds) {
    const inner = bindRound(bindings, expression, round)
    const included = isIncluded(e, expression.condition, inner)
    if (included === UNKNOWN || e.budget.stepsLeft < 0) return UNKNOWN
    if (!included) continue
    const { result } = expression
    if (result.kind === 'list') {
      items.push(e.evaluate(e, result.value, inner))
      continue
    }
    const key = keyOf(e, result.key, inner)
    if (key === undefined) return UNKNOWN
    const value = e.evaluate(e, result.value, inner)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [value])
    else if (result.kind === 'groups') group.push(value)
    else return duplicateKey(e, result.key.range, key)
  }
  if (expression.result.kind === 'list') return items
  const isGrouped = expression.result.kind === 'groups'
  return objectOf([...groups].map(([key, values]) => [key, isGrouped ? values : (values[0] ?? null)] as const))
}

const keyOf = (e: Evaluation, expression: Expression, bindings: Bindings): string | undefined => {
  const value = e.evaluate(e, expression, bindings)
  if (value === UNKNOWN) return undefined
  const key = toStringValue(value)
  if (key.ok) return key.value
  reject(e, expression.range, { summary: 'Invalid object key', detail: `As a key, ${key.message}.` })
  return undefined
}

const duplicateKey = (e: Evaluation, range: Range, key: string): typeof UNKNOWN =>
  reject(e, range, {
    summary: 'Duplicate object key',
    detail: `Two rounds of this "for" have the key "${key}".`,
    hint: 'Add "..." after the value to collect the values of each key in a list.',
  })
