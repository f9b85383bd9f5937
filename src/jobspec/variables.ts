import { convertToType } from '../lang/hcl/convert-to-type.ts'
import { standardFunctions } from '../lang/hcl/functions/registry.ts'
import {
  type Attribute,
  type Block,
  type Body,
  type Expression,
  evaluate,
  hasErrors,
  objectOf,
  parseHcl,
  parseHclExpression,
  type RootMeaning,
  referencesOf,
  type Scope,
  suggestionHint,
  toBool,
  UNKNOWN,
  type Value,
} from '../lang/hcl/index.ts'
import { type HclType, parseTypeExpression } from '../lang/hcl/type-expression.ts'
import { type DecodeContext, labelOf, report } from './reader.ts'

/** Where values of variables come from, lowest precedence first: environment, files in order, flags in order. */
export type VariableInput = {
  readonly environment: Readonly<Record<string, string>>
  readonly files: readonly { readonly name: string; readonly content: string }[]
  readonly flags: readonly { readonly name: string; readonly value: string }[]
  /** Values for names that the file does not declare are errors; otherwise warnings. */
  readonly isStrict: boolean
}

type Declaration = {
  readonly name: string
  readonly block: Block | null
  readonly type: HclType | null
  readonly fallback: Expression | null
}

/** Names that are known only on a node: references to them stay in the text (nomad-behaviour §1.13). */
const deferredRoots = new Set(['node', 'attr', 'meta', 'env', 'secret', 'device', 'task', 'alloc'])
const isDeferred = (root: string): boolean =>
  deferredRoots.has(root) || /^[A-Z][A-Z0-9_]*$/.test(root) || root.startsWith('NOMAD_')

const nouns = new Map([
  ['var', 'variable'],
  ['local', 'local value'],
])

const scopeOf = (roots: ReadonlyMap<string, Value>): Scope => ({
  functions: standardFunctions,
  nouns,
  lookUp: (root): RootMeaning => {
    const value = roots.get(root)
    if (value !== undefined) return { kind: 'value', value }
    return isDeferred(root) ? { kind: 'deferred' } : { kind: 'absent', candidates: [...roots.keys(), ...deferredRoots] }
  },
})

const attributeOf = (body: Body, name: string): Attribute | undefined =>
  body.attributes.find(attribute => attribute.name === name)

const declare = (block: Block, context: DecodeContext): Declaration => {
  const name = labelOf(context, block, 'name')
  const typeAttribute = attributeOf(block.body, 'type')
  const parsed = typeAttribute === undefined ? null : parseTypeExpression(typeAttribute.expression)
  if (parsed !== null && !parsed.ok) context.diagnostics.push(...parsed.diagnostics)
  const known = new Set(['type', 'default', 'description', 'sensitive', 'nullable'])
  for (const attribute of block.body.attributes) {
    if (known.has(attribute.name)) continue
    const hint = suggestionHint(attribute.name, known)
    report(context, {
      summary: 'Unsupported argument',
      detail: `A variable has no "${attribute.name}".`,
      hint,
      range: attribute.nameRange,
    })
  }
  return {
    name,
    block,
    type: parsed?.ok === true ? parsed.type : null,
    fallback: attributeOf(block.body, 'default')?.expression ?? null,
  }
}

const declarationsOf = (body: Body, context: DecodeContext): ReadonlyMap<string, Declaration> => {
  const declarations = new Map<string, Declaration>()
  for (const block of body.blocks) {
    if (block.type === 'variable') {
      const declaration = declare(block, context)
      if (declarations.has(declaration.name)) {
        report(context, {
          summary: 'Duplicate variable',
          detail: `"${declaration.name}" is declared twice.`,
          range: block.headerRange,
        })
      }
      declarations.set(declaration.name, declaration)
    }
    if (block.type !== 'variables') continue
    for (const { name, expression } of block.body.attributes)
      declarations.set(name, { name, block, type: null, fallback: expression })
  }
  return declarations
}

type Given = { readonly value: Value; readonly from: string }

/** A value from a flag or the environment is text for a text variable, else an HCL expression. */
const fromText = (text: string, type: HclType | null): Value | null => {
  if (type === null || type.kind === 'string' || type.kind === 'any') return text
  const { expression, diagnostics } = parseHclExpression(text)
  if (hasErrors(diagnostics)) return type.kind === 'number' || type.kind === 'bool' ? text : null
  const result = evaluate(expression, scopeOf(new Map()))
  return hasErrors(result.diagnostics) ? null : result.value
}

const collectGiven = (
  body: Body,
  input: VariableInput,
  declarations: ReadonlyMap<string, Declaration>,
  context: DecodeContext,
): ReadonlyMap<string, Given> => {
  const given = new Map<string, Given>()
  const refuse = (name: string, from: string): void =>
    report(context, {
      severity: input.isStrict ? 'error' : 'warning',
      summary: 'Undefined variable',
      detail: `${from} gives a value to "${name}", which the file does not declare.`,
      hint: suggestionHint(name, declarations.keys()),
      range: body.range,
    })
  const take = (name: string, text: string, from: string): void => {
    const declaration = declarations.get(name)
    if (declaration === undefined) return refuse(name, from)
    const value = fromText(text, declaration.type)
    if (value !== null) given.set(name, { value, from })
    else
      report(context, {
        summary: 'Invalid value for variable',
        detail: `${from} gives "${name}" something that is no expression.`,
        range: body.range,
      })
  }
  for (const [name, text] of Object.entries(input.environment))
    if (declarations.has(name)) take(name, text, 'the environment')
  for (const file of input.files) {
    const parsed = parseHcl(file.content, file.name)
    for (const finding of parsed.diagnostics) {
      report(context, {
        ...finding,
        detail: `In ${file.name}:${finding.range.start.line}: ${finding.detail}`,
        range: body.range,
      })
    }
    for (const attribute of parsed.body.attributes) {
      const result = evaluate(attribute.expression, scopeOf(new Map()))
      for (const finding of result.diagnostics)
        report(context, { ...finding, detail: `In ${file.name}: ${finding.detail}`, range: body.range })
      if (declarations.has(attribute.name)) given.set(attribute.name, { value: result.value, from: file.name })
      else refuse(attribute.name, `The file ${file.name}`)
    }
  }
  for (const { name, value } of input.flags) take(name, value, `-var '${name}=…'`)
  return given
}

const settle = (declaration: Declaration, given: Given | undefined, body: Body, context: DecodeContext): Value => {
  const range = declaration.block?.headerRange ?? body.range
  const fallback = declaration.fallback === null ? undefined : evaluate(declaration.fallback, scopeOf(new Map()))
  if (fallback !== undefined) context.diagnostics.push(...fallback.diagnostics)
  const value = given === undefined ? fallback?.value : given.value
  if (value === undefined) {
    report(context, {
      summary: 'Unset variable',
      detail: `The variable "${declaration.name}" has no default and was not given.`,
      hint: `Give it with -var '${declaration.name}=…', in a -var-file, or as NOMAD_VAR_${declaration.name}.`,
      range,
    })
    return UNKNOWN
  }
  if (declaration.type === null) return value
  const converted = convertToType(value, declaration.type)
  if (converted.ok) return converted.value
  const from = given === undefined ? 'Its default' : `The value from ${given.from}`
  report(context, {
    summary: 'Invalid value for variable',
    detail: `${from} does not fit "${declaration.name}": ${converted.message}.`,
    range,
  })
  return UNKNOWN
}

const checkValidations = (
  declarations: ReadonlyMap<string, Declaration>,
  scope: Scope,
  context: DecodeContext,
): void => {
  for (const { name, block } of declarations.values()) {
    for (const validation of block?.type === 'variable' ? block.body.blocks : []) {
      const condition = attributeOf(validation.body, 'condition')
      if (validation.type !== 'validation' || condition === undefined) {
        report(context, {
          summary: 'Unsupported block',
          detail: 'A variable has validation blocks with a condition.',
          range: validation.headerRange,
        })
        continue
      }
      const result = evaluate(condition.expression, scope)
      context.diagnostics.push(...result.diagnostics)
      const holds = result.value === UNKNOWN ? null : toBool(result.value)
      if (holds === null || (holds.ok && holds.value)) continue
      const message = attributeOf(validation.body, 'error_message')
      const text =
        message === undefined ? `The value of "${name}" is not valid.` : evaluate(message.expression, scope).value
      report(context, {
        summary: 'Invalid value for variable',
        detail: typeof text === 'string' ? text : `The value of "${name}" is not valid.`,
        range: condition.range,
      })
    }
  }
}

/** Locals refer to each other in any order: each round settles those whose references are settled. */
const settleLocals = (body: Body, variables: Value, context: DecodeContext): Value => {
  const open = new Map(
    body.blocks
      .filter(block => block.type === 'locals')
      .flatMap(block => block.body.attributes.map(attribute => [attribute.name, attribute] as const)),
  )
  const settled = new Map<string, Value>()
  const needs = (attribute: Attribute): readonly string[] =>
    referencesOf(attribute.expression).flatMap(({ root, path }) =>
      root === 'local' && typeof path[0] === 'string' ? [path[0]] : [],
    )
  for (let rounds = open.size; open.size > 0 && rounds >= 0; rounds--) {
    for (const [name, attribute] of open) {
      if (needs(attribute).some(other => open.has(other))) continue
      const scope = scopeOf(
        new Map([
          ['var', variables],
          ['local', objectOf(settled)],
        ]),
      )
      const result = evaluate(attribute.expression, scope)
      context.diagnostics.push(...result.diagnostics)
      settled.set(name, result.value)
      open.delete(name)
    }
  }
  for (const [name, attribute] of open) {
    report(context, {
      summary: 'Circular reference',
      detail: `The local value "${name}" refers to itself, through others perhaps.`,
      range: attribute.range,
    })
    settled.set(name, UNKNOWN)
  }
  return objectOf(settled)
}

/** What expressions of the file mean: variables by their precedence, locals, functions, and names left for the node. */
export const buildScope = (body: Body, input: VariableInput, diagnostics: DecodeContext['diagnostics']): Scope => {
  const context: DecodeContext = { scope: scopeOf(new Map()), diagnostics }
  const declarations = declarationsOf(body, context)
  const given = collectGiven(body, input, declarations, context)
  const values = Array.from(
    declarations.values(),
    declaration => [declaration.name, settle(declaration, given.get(declaration.name), body, context)] as const,
  )
  const variables = objectOf(values)
  checkValidations(declarations, scopeOf(new Map([['var', variables]])), context)
  const locals = settleLocals(body, variables, context)
  return scopeOf(
    new Map([
      ['var', variables],
      ['local', locals],
    ]),
  )
}
