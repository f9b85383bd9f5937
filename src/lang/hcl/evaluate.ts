import { evaluateCall } from './call.ts'
import { areUnifiable, unify } from './conditional.ts'
import { toBool, toStringValue } from './convert.ts'
import { type Diagnostic, hasErrors } from './diagnostic.ts'
import { type Bindings, createEvaluation, type Evaluation, reject, spend, splatItemIn, warn } from './evaluation.ts'
import { evaluateFor } from './for.ts'
import { MAX_VALUE_DEPTH, MAX_VALUE_SIZE } from './limits.ts'
import { evaluateChain, evaluateSplat, textOfDeferred } from './navigate.ts'
import { evaluateBinary, evaluateUnary } from './operators.ts'
import type { Scope } from './scope.ts'
import type { Expression, ObjectKey } from './syntax.ts'
import { evaluateTemplate } from './template-value.ts'
import { measureValue, objectOf, UNKNOWN, type Value } from './value.ts'

/** What an expression evaluates to. Where a finding is an error, `value` is `UNKNOWN` or holds it where the fault is. */
export type Evaluated = { readonly value: Value; readonly diagnostics: readonly Diagnostic[] }

/**
 * Evaluates an expression: pure, bounded in time and size, never throws. References to deferred roots stay in the result
 * as the text `${…}`.
 */
export const evaluate = (expression: Expression, scope: Scope): Evaluated => {
  const e = createEvaluation(scope, evaluatePart)
  const value = evaluatePart(e, expression, undefined)
  const { size, depth } = measureValue(value, MAX_VALUE_SIZE, MAX_VALUE_DEPTH)
  if (size <= MAX_VALUE_SIZE && depth <= MAX_VALUE_DEPTH) return { value, diagnostics: e.diagnostics }
  const rejected: Value = reject(e, expression.range, {
    summary: 'Value too large',
    detail: `A value may hold ${MAX_VALUE_SIZE} values, nested ${MAX_VALUE_DEPTH} deep; this holds more or is deeper.`,
  })
  return { value: rejected, diagnostics: e.diagnostics }
}

const evaluatePart = (e: Evaluation, expression: Expression, bindings: Bindings): Value => {
  if (!spend(e, expression.range, 1)) return UNKNOWN
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'template':
      return evaluateTemplate(e, expression, bindings)
    case 'variable':
    case 'attribute':
    case 'index':
      return textOfDeferred(evaluateChain(e, expression, bindings))
    case 'splat':
      return evaluateSplat(e, expression, bindings)
    case 'splat-item':
      return splatItemIn(bindings)
    case 'call':
      return evaluateCall(e, expression, bindings)
    case 'list':
      return expression.items.map(item => evaluatePart(e, item, bindings))
    case 'object':
      return evaluateObject(e, expression, bindings)
    case 'for':
      return evaluateFor(e, expression, bindings)
    case 'unary':
      return evaluateUnary(e, expression, evaluatePart(e, expression.operand, bindings))
    case 'binary':
      return evaluateBinary(e, expression, bindings)
    case 'conditional':
      return evaluateConditional(e, expression, bindings)
    case 'parentheses':
      return evaluatePart(e, expression.inner, bindings)
    case 'invalid':
      return UNKNOWN
  }
}

const evaluateKey = (e: Evaluation, key: ObjectKey, bindings: Bindings): string | undefined => {
  if (key.kind === 'name') return key.name
  if (key.expression.kind === 'attribute') {
    reject(e, key.range, {
      summary: 'Ambiguous attribute key',
      detail: 'A key with dots can be a reference or a name.',
      hint: 'Put it into parentheses if it is a reference, into quotes if it is a name.',
    })
    return undefined
  }
  const value = evaluatePart(e, key.expression, bindings)
  if (value === UNKNOWN) return undefined
  const text = toStringValue(value)
  if (text.ok) return text.value
  reject(e, key.range, { summary: 'Incorrect key type', detail: `As a key, ${text.message}.` })
  return undefined
}

const evaluateObject = (
  e: Evaluation,
  expression: Expression & { readonly kind: 'object' },
  bindings: Bindings,
): Value => {
  const entries = new Map<string, Value>()
  let isKnown = true
  for (const item of expression.items) {
    const key = evaluateKey(e, item.key, bindings)
    const value = evaluatePart(e, item.value, bindings)
    if (key === undefined) {
      isKnown = false
      continue
    }
    if (entries.has(key)) {
      warn(e, item.key.range, {
        summary: 'Duplicate key',
        detail: `The key "${key}" stands twice in this object; the later value counts.`,
      })
    }
    entries.set(key, value)
  }
  return isKnown ? objectOf(entries) : UNKNOWN
}

/** Evaluates without adding to the findings; undefined if there was an error. */
const attemptValue = (e: Evaluation, expression: Expression, bindings: Bindings): Value | undefined => {
  const attempt: Evaluation = { ...e, diagnostics: [] }
  const value = evaluatePart(attempt, expression, bindings)
  return hasErrors(attempt.diagnostics) ? undefined : value
}

/**
 * The branch that the condition chooses, converted to the type that both branches have in common: `c ? 1 : "a"` is
 * always a string. The other branch is looked at for its type only; its faults do not count.
 */
const evaluateConditional = (
  e: Evaluation,
  expression: Expression & { readonly kind: 'conditional' },
  bindings: Bindings,
): Value => {
  const condition = evaluatePart(e, expression.condition, bindings)
  if (condition === UNKNOWN) return UNKNOWN
  const chosen = toBool(condition)
  if (!chosen.ok) {
    return reject(e, expression.condition.range, {
      summary: 'Incorrect condition type',
      detail: `As the condition, ${chosen.message}.`,
    })
  }
  const [taken, other] = chosen.value
    ? [expression.whenTrue, expression.whenFalse]
    : [expression.whenFalse, expression.whenTrue]
  const value = evaluatePart(e, taken, bindings)
  const otherValue = attemptValue(e, other, bindings)
  if (otherValue === undefined || areUnifiable(value, otherValue)) return unify(value, otherValue ?? null)
  return reject(e, expression.range, {
    summary: 'Inconsistent conditional result types',
    detail: 'Both results of a conditional must have one type, and these have not.',
    hint: 'Convert one of them, for example with tostring(…).',
  })
}
