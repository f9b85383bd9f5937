import type { Diagnostic } from './diagnostic.ts'
import { type Evaluated, evaluate } from './evaluate.ts'
import type { Range } from './range.ts'
import type { Scope } from './scope.ts'
import type { Attribute, Body, Expression } from './syntax.ts'
import type { Json } from './to-json.ts'
import type { Value } from './value.ts'

/** A name that a body may hold, as the code that decodes it asks for it. */
export type Field = {
  readonly name: string
  readonly form: 'string' | 'integer' | 'bool' | 'duration' | 'choice' | 'list' | 'map' | 'any' | 'block'
  /** What holds when it is not written; milliseconds for a duration, null for nothing. */
  readonly fallback: Json
  readonly choices: readonly string[]
}

/**
 * Names of a body that are known but not acted on. `ignored`: accepted with a warning. `refused`: leaving it out would
 * change what may be done or where data is, so the file is refused, by name and with the reason.
 */
export type KnownNames = {
  readonly ignored?: Readonly<Record<string, string>>
  readonly refused?: Readonly<Record<string, string>>
}

/** What the decoding of one file shares: where names are looked up, and every finding so far. */
export type DecodeContext = {
  readonly scope: Scope
  /** In place of the language's own evaluation, which takes a name that is not known for a fault. */
  readonly evaluate?: (expression: Expression, scope: Scope) => Evaluated
  /** The scopes of bodies that a `dynamic` block made: its iterator has a value there. */
  readonly scopes: WeakMap<Body, Scope>
  readonly diagnostics: Diagnostic[]
  /** Told which names each body may hold, once it is decoded: the reference page is made of it. */
  readonly onVocabulary?: (body: Body, fields: readonly Field[], known: KnownNames) => void
}

export type Finding = {
  readonly severity?: 'error' | 'warning'
  readonly summary: string
  readonly detail: string
  readonly hint?: string | undefined
  readonly range: Range
}

export const report = (context: Pick<DecodeContext, 'diagnostics'>, finding: Finding): void => {
  const { severity = 'error', summary, detail, hint, range } = finding
  context.diagnostics.push({ severity, summary, detail, range, ...(hint === undefined ? {} : { hint }) })
}

/** Evaluates an expression and keeps its findings. */
export const valueOf = (context: DecodeContext, attribute: Pick<Attribute, 'expression'>, body?: Body): Value => {
  const scope = (body === undefined ? undefined : context.scopes.get(body)) ?? context.scope
  const { value, diagnostics } = (context.evaluate ?? evaluate)(attribute.expression, scope)
  context.diagnostics.push(...diagnostics)
  return value
}
