import { builtinNames } from './builtins.ts'
import { execute } from './execute.ts'
import { createExecution, type MissingKey } from './executor.ts'
import { goValue } from './go-value.ts'
import { lex } from './lex.ts'
import { MAX_SOURCE_LENGTH } from './limits.ts'
import { parseTree, type TemplateSet } from './parse-tree.ts'
import { createLocator, errorInfo, TemplateError, type TemplateErrorInfo } from './template-error.ts'
import type { FunctionTable } from './template-function.ts'
import { createTokenReader } from './token-reader.ts'

export type TemplateOptions = {
  /** What opens an action; `{{` when absent or empty. */
  readonly leftDelimiter?: string
  /** What closes an action; `}}` when absent or empty. */
  readonly rightDelimiter?: string
  /** The functions that the template may call, next to Go's built-in ones. */
  readonly functions?: FunctionTable
}

export type ExecuteOptions = {
  /** `zero` when absent. */
  readonly missingKey?: MissingKey
  /** Functions for this rendering alone; they go before those given when parsing. */
  readonly functions?: FunctionTable
}

/** A use of a function that is not one of Go's built-in ones: where, counting from 1. */
export type FunctionUse = { readonly name: string; readonly line: number; readonly column: number }

export type Rendered =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly error: TemplateErrorInfo }

export type Template = {
  /** Every use of a function in the order of the source, so that a caller can refuse those it does not know. */
  readonly functions: readonly FunctionUse[]
  /** Renders over JSON-like data (see goValue). Never throws for anything that a template can do. */
  readonly execute: (data?: unknown, options?: ExecuteOptions) => Rendered
}

export type ParsedTemplate =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly error: TemplateErrorInfo }

const outcome = <T>(
  source: string,
  run: () => T,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: TemplateErrorInfo } => {
  try {
    return { ok: true, value: run() }
  } catch (error) {
    if (error instanceof TemplateError) return { ok: false, error: errorInfo(error, source) }
    throw error
  }
}

const createTemplate = (
  source: string,
  templates: TemplateSet,
  uses: readonly FunctionUse[],
  functions: FunctionTable,
): Template => ({
  functions: uses,
  execute: (data = null, options = {}) => {
    const table = options.functions === undefined ? functions : new Map([...functions, ...options.functions])
    const result = outcome(source, () =>
      execute(createExecution(templates, table, options.missingKey ?? 'zero'), goValue(data)),
    )
    return result.ok ? { ok: true, text: result.value } : result
  },
})

/**
 * Reads a template of Go's text/template. Functions are not looked for until they are called; `template.functions` says
 * which are used and where. Limits are in limits.ts; what goes beyond them is an error of parsing or rendering.
 */
export const parseTemplate = (source: string, options: TemplateOptions = {}): ParsedTemplate => {
  const uses: FunctionUse[] = []
  const delimiters = { left: options.leftDelimiter || '{{', right: options.rightDelimiter || '}}' }
  const result = outcome(source, () => {
    if (source.length > MAX_SOURCE_LENGTH) {
      throw new TemplateError(
        `the template has ${source.length} characters, more than the ${MAX_SOURCE_LENGTH} allowed`,
        0,
      )
    }
    const locate = createLocator(source)
    return parseTree(createTokenReader(lex(source, delimiters)), (name, offset) => {
      if (!builtinNames.has(name)) uses.push({ name, ...locate(offset) })
    })
  })
  if (!result.ok) return result
  return { ok: true, template: createTemplate(source, result.value, uses, options.functions ?? new Map()) }
}
