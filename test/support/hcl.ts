import { type Evaluated, evaluate } from '../../src/lang/hcl/evaluate.ts'
import { standardFunctions } from '../../src/lang/hcl/functions/registry.ts'
import { parseHclExpression } from '../../src/lang/hcl/scan.ts'
import type { Scope } from '../../src/lang/hcl/scope.ts'
import { objectOf, type Value } from '../../src/lang/hcl/value.ts'

const deferredRoots = new Set(['node', 'attr', 'meta', 'env'])

/** A scope with these variables, the standard functions, and the roots that are known only on a node. */
export const scopeOf = (variables: Readonly<Record<string, Value>> = {}): Scope => ({
  lookUp: root => {
    const value = variables[root]
    if (value !== undefined) return { kind: 'value', value }
    if (deferredRoots.has(root) || root.startsWith('NOMAD_')) return { kind: 'deferred' }
    return { kind: 'absent', candidates: Object.keys(variables) }
  },
  functions: standardFunctions,
  nouns: new Map([
    ['var', 'variable'],
    ['local', 'local value'],
  ]),
})

/** Reads and evaluates one expression, the findings of both together. */
export const evaluateText = (text: string, variables: Readonly<Record<string, Value>> = {}): Evaluated => {
  const { expression, diagnostics } = parseHclExpression(text)
  const evaluated = evaluate(expression, scopeOf(variables))
  return { value: evaluated.value, diagnostics: [...diagnostics, ...evaluated.diagnostics] }
}

/** Objects of the language have no prototype; this makes one of a plain object, at any depth. */
export const valueOf = (plain: unknown): Value => {
  if (Array.isArray(plain)) return plain.map(valueOf)
  if (typeof plain === 'object' && plain !== null) {
    return objectOf(Object.entries(plain).map(([key, value]) => [key, valueOf(value)] as const))
  }
  return plain as Value
}
