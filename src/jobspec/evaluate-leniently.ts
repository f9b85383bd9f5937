import {
  type Diagnostic,
  type Evaluated,
  type Expression,
  evaluate,
  type Reference,
  referencesOf,
  type Scope,
  suggestionHint,
} from '../lang/hcl/index.ts'
import { childrenOf } from '../lang/hcl/references.ts'

/** Names that are read outside of every `"${…}"`. */
const collectBareNames = (expression: Expression, into: Set<string>): void => {
  if (expression.kind === 'template') return
  if (expression.kind === 'variable') into.add(expression.name)
  for (const child of childrenOf(expression)) collectBareNames(child, into)
}

/** An unknown name with something after it, `${vars.image}`, is likely to be a slip. */
const slipOf = (reference: Reference, candidates: readonly string[]): readonly Diagnostic[] => {
  const hint = reference.path.length === 0 ? undefined : suggestionHint(reference.root, candidates)
  if (hint === undefined) return []
  return [
    {
      severity: 'warning',
      summary: 'Unknown name',
      detail: `"${reference.root}" means nothing here: the text is left as it stands, for the node to fill in.`,
      hint,
      range: reference.range,
    },
  ]
}

/**
 * Evaluates an expression of a job file. A name that is not known and stands inside `"${…}"` is left as it is written:
 * only the node can tell whether the task's environment has it. Outside of a text it is a fault.
 */
export const evaluateLeniently = (expression: Expression, scope: Scope): Evaluated => {
  const unknown = referencesOf(expression).flatMap(reference => {
    const meaning = scope.lookUp(reference.root)
    return meaning.kind === 'absent' ? [{ reference, candidates: meaning.candidates }] : []
  })
  if (unknown.length === 0) return evaluate(expression, scope)
  const bare = new Set<string>()
  collectBareNames(expression, bare)
  const left = unknown.filter(({ reference }) => !bare.has(reference.root))
  const names = new Set(left.map(({ reference }) => reference.root))
  const { value, diagnostics } = evaluate(expression, {
    ...scope,
    lookUp: root => (names.has(root) ? { kind: 'deferred' } : scope.lookUp(root)),
  })
  return {
    value,
    diagnostics: [...diagnostics, ...left.flatMap(({ reference, candidates }) => slipOf(reference, candidates))],
  }
}
