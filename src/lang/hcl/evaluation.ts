import type { Diagnostic, Fault } from './diagnostic.ts'
import { MAX_DIAGNOSTICS, MAX_EVALUATION_STEPS, MAX_SHARED_STEPS, MAX_STRING_LENGTH } from './limits.ts'
import type { Range } from './range.ts'
import type { Budget, Scope } from './scope.ts'
import type { Expression } from './syntax.ts'
import { UNKNOWN, type Value } from './value.ts'

/** Variables that the expression itself binds: those of `for`, and the element that a splat is at. */
export type Bindings =
  | undefined
  | { readonly kind: 'name'; readonly name: string; readonly value: Value; readonly outer: Bindings }
  | { readonly kind: 'splat-item'; readonly value: Value; readonly outer: Bindings }

/** One run of the evaluator. `budget` is shared with the attempts that lazy functions make. */
export type Evaluation = {
  readonly scope: Scope
  readonly diagnostics: Diagnostic[]
  readonly budget: Budget
  readonly shared: Budget
  /** Evaluates a part. Handed down, because the parts' evaluators and this one need each other. */
  readonly evaluate: (e: Evaluation, expression: Expression, bindings: Bindings) => Value
}

export const createEvaluation = (scope: Scope, evaluate: Evaluation['evaluate']): Evaluation => ({
  scope,
  diagnostics: [],
  budget: { stepsLeft: MAX_EVALUATION_STEPS },
  shared: scope.budget ?? { stepsLeft: MAX_EVALUATION_STEPS },
  evaluate,
})

/** Reports a fault; the result is what the faulty expression evaluates to. */
export const reject = (e: Evaluation, range: Range, fault: Fault): typeof UNKNOWN => {
  if (e.diagnostics.length < MAX_DIAGNOSTICS) e.diagnostics.push({ severity: 'error', ...fault, range })
  return UNKNOWN
}

export const warn = (e: Evaluation, range: Range, fault: Fault): void => {
  if (e.diagnostics.length < MAX_DIAGNOSTICS) e.diagnostics.push({ severity: 'warning', ...fault, range })
}

const useUp = (budget: Budget, stepCount: number): 'enough' | 'just used up' | 'used up' => {
  const before = budget.stepsLeft
  budget.stepsLeft = Math.max(-1, before - stepCount)
  if (budget.stepsLeft >= 0) return 'enough'
  return before >= 0 ? 'just used up' : 'used up'
}

/** Takes steps from the budgets. False once one is used up, with one finding when it happens. */
export const spend = (e: Evaluation, range: Range, stepCount: number): boolean => {
  const results = [useUp(e.budget, stepCount), useUp(e.shared, stepCount)]
  if (results.every(result => result === 'enough')) return true
  e.budget.stepsLeft = -1
  if (results.includes('just used up') && !results.includes('used up')) {
    reject(e, range, {
      summary: 'Evaluation takes too long',
      detail: `One expression may take ${MAX_EVALUATION_STEPS} steps, all of a file ${MAX_SHARED_STEPS}, and this takes more.`,
      hint: 'Use smaller lists, or nest fewer "for" expressions.',
    })
  }
  return false
}

/** The string, or a finding if it is longer than a string may be. */
export const boundedString = (e: Evaluation, range: Range, text: string): Value =>
  text.length <= MAX_STRING_LENGTH
    ? text
    : reject(e, range, {
        summary: 'String too long',
        detail: `A string may have ${MAX_STRING_LENGTH} characters; this has ${text.length}.`,
      })

/** The element that the innermost splat is at. */
export const splatItemIn = (bindings: Bindings): Value => {
  for (let at = bindings; at !== undefined; at = at.outer) if (at.kind === 'splat-item') return at.value
  return UNKNOWN
}

/** The value bound to a name by a surrounding `for`, or undefined. */
export const boundValue = (bindings: Bindings, name: string): Value | undefined => {
  for (let at = bindings; at !== undefined; at = at.outer) if (at.kind === 'name' && at.name === name) return at.value
  return undefined
}

/** Binds the variables of one round of a `for`. */
export const bindRound = (
  bindings: Bindings,
  names: { readonly keyName?: string; readonly valueName: string },
  round: { readonly key: Value; readonly value: Value },
): Bindings => {
  const outer: Bindings =
    names.keyName === undefined ? bindings : { kind: 'name', name: names.keyName, value: round.key, outer: bindings }
  return { kind: 'name', name: names.valueName, value: round.value, outer }
}
