import { toNumber, toStringValue } from './convert.ts'
import { type Bindings, boundValue, type Evaluation, reject } from './evaluation.ts'
import type { Range } from './range.ts'
import { suggestionHint } from './suggest.ts'
import type { Expression } from './syntax.ts'
import { describeKind, isList, isObject, propertyOf, sortedKeys, UNKNOWN, type Value } from './value.ts'

/** A reference that is known only later; `text` is what stands between `${` and `}`. */
type Deferred = { readonly deferredText: string }

type ChainValue = { readonly known: Value } | Deferred

const known = (value: Value): ChainValue => ({ known: value })

/** A deferred reference as it stays in the result. */
export const textOfDeferred = (value: ChainValue): Value =>
  'known' in value ? value.known : `\${${value.deferredText}}`

/** Evaluates a variable with the attributes and indexes that follow it. */
export const evaluateChain = (e: Evaluation, expression: Expression, bindings: Bindings): ChainValue => {
  if (expression.kind === 'variable') return evaluateVariable(e, expression.name, expression.range, bindings)
  if (expression.kind === 'attribute') {
    const target = evaluateChain(e, expression.target, bindings)
    if (!('known' in target)) return { deferredText: `${target.deferredText}.${expression.name}` }
    return known(attributeOf(e, target.known, expression))
  }
  if (expression.kind === 'index') {
    const target = evaluateChain(e, expression.target, bindings)
    const key = e.evaluate(e, expression.key, bindings)
    if ('known' in target) return known(indexInto(e, target.known, key, expression))
    return deferredIndex(e, target, key, expression)
  }
  return known(e.evaluate(e, expression, bindings))
}

const evaluateVariable = (e: Evaluation, name: string, range: Range, bindings: Bindings): ChainValue => {
  const bound = boundValue(bindings, name)
  if (bound !== undefined) return known(bound)
  const meaning = e.scope.lookUp(name)
  switch (meaning.kind) {
    case 'value':
      return known(meaning.value)
    case 'deferred':
      return { deferredText: name }
    case 'absent': {
      const hint = suggestionHint(name, meaning.candidates)
      const fault = { summary: 'Unknown variable', detail: `There is no variable named "${name}" here.` }
      return known(reject(e, range, hint === undefined ? fault : { ...fault, hint }))
    }
  }
}

const deferredIndex = (
  e: Evaluation,
  target: Deferred,
  key: Value,
  expression: Expression & { readonly kind: 'index' },
): ChainValue => {
  if (key === UNKNOWN) return known(UNKNOWN)
  if (typeof key === 'number') {
    const { deferredText } = target
    return { deferredText: expression.form === 'dotted' ? `${deferredText}.${key}` : `${deferredText}[${key}]` }
  }
  const text = toStringValue(key)
  if (text.ok) return { deferredText: `${target.deferredText}[${JSON.stringify(text.value)}]` }
  return known(reject(e, expression.key.range, { summary: 'Invalid index', detail: `As the key, ${text.message}.` }))
}

const attributeOf = (e: Evaluation, target: Value, expression: Expression & { readonly kind: 'attribute' }): Value => {
  const { name, range } = expression
  if (target === UNKNOWN) return UNKNOWN
  if (isObject(target)) {
    const found = propertyOf(target, name)
    return found === undefined ? missingAttribute(e, target, expression) : found
  }
  if (target === null) {
    return reject(e, range, {
      summary: 'Attempt to get attribute from null value',
      detail: `This value is null, so it has no attribute "${name}".`,
    })
  }
  const fault = {
    summary: 'Unsupported attribute',
    detail: `This is ${describeKind(target)}, which has no attributes.`,
  }
  const hint = `For "${name}" of each element write [*].${name}; for one element write [0].${name}.`
  return reject(e, range, isList(target) ? { ...fault, hint } : fault)
}

const missingAttribute = (
  e: Evaluation,
  target: { readonly [key: string]: Value },
  expression: Expression & { readonly kind: 'attribute' },
): Value => {
  const { name, range } = expression
  const root = expression.target.kind === 'variable' ? expression.target.name : undefined
  const noun = root === undefined ? undefined : e.scope.nouns?.get(root)
  const hint = suggestionHint(name, sortedKeys(target))
  const fault =
    noun === undefined
      ? { summary: 'Unsupported attribute', detail: `This object has no attribute named "${name}".` }
      : { summary: `Undeclared ${noun}`, detail: `There is no ${noun} named "${name}".` }
  return reject(e, range, hint === undefined ? fault : { ...fault, hint })
}

const invalidIndex = (e: Evaluation, range: Range, detail: string, hint?: string): Value =>
  reject(e, range, { summary: 'Invalid index', detail, ...(hint === undefined ? {} : { hint }) })

const indexInto = (
  e: Evaluation,
  target: Value,
  key: Value,
  expression: Expression & { readonly kind: 'index' },
): Value => {
  if (target === UNKNOWN || key === UNKNOWN) return UNKNOWN
  const { range } = expression.key
  if (isList(target)) {
    const index = toNumber(key)
    if (!index.ok) return invalidIndex(e, range, `As an index into a list, ${index.message}.`)
    const position = Number(index.value)
    const found = Number.isInteger(position) && position >= 0 ? target[position] : undefined
    if (found !== undefined) return found
    return invalidIndex(
      e,
      range,
      `There is no element ${String(index.value)} in a list of ${target.length}; indexes count from 0.`,
    )
  }
  if (isObject(target)) {
    const name = toStringValue(key)
    if (!name.ok) return invalidIndex(e, range, `As a key, ${name.message}.`)
    const found = propertyOf(target, name.value)
    if (found !== undefined) return found
    return invalidIndex(
      e,
      range,
      `There is no key "${name.value}" here.`,
      suggestionHint(name.value, sortedKeys(target)),
    )
  }
  return invalidIndex(e, range, `Only lists and objects have elements, and this is ${describeKind(target)}.`)
}

/** A splat goes over a list; null is no element, and any other value is one. */
export const evaluateSplat = (
  e: Evaluation,
  expression: Expression & { readonly kind: 'splat' },
  bindings: Bindings,
): Value => {
  const target = e.evaluate(e, expression.target, bindings)
  if (target === UNKNOWN) return UNKNOWN
  const items = target === null ? [] : isList(target) ? target : [target]
  return items.map(value => e.evaluate(e, expression.each, { kind: 'splat-item', value, outer: bindings }))
}
