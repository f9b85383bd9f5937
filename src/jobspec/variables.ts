import {
  type Attribute,
  type Block,
  type Body,
  type Budget,
  convertToType,
  createBudget,
  type DecodeContext,
  decodeJson,
  type Expression,
  evaluate,
  type HclType,
  hasErrors,
  isList,
  isObject,
  labelOf,
  objectOf,
  parseHcl,
  parseHclExpression,
  parseTypeExpression,
  type Range,
  report,
  type Scope,
  suggestionHint,
  toBool,
  UNKNOWN,
  type Value,
} from '../lang/hcl/index.ts'
import { settleLocals } from './locals.ts'
import { scopeOf } from './scope.ts'

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
  readonly range: Range
  readonly type: HclType | null
  /** The default's value; undefined where the variable has none. */
  readonly fallback: Value | undefined
  readonly validations: readonly Block[]
}

type Context = Pick<DecodeContext, 'diagnostics'> & { readonly budget: Budget }

const attributeOf = (body: Body, name: string): Attribute | undefined =>
  body.attributes.find(attribute => attribute.name === name)

const constantOf = (expression: Expression, context: Context): Value => {
  const { value, diagnostics } = evaluate(expression, scopeOf(new Map(), context.budget))
  context.diagnostics.push(...diagnostics)
  return value
}

/** A variable without a type has its default's, as far as a text from outside has to be read by it. */
const typeOfDefault = (value: Value | undefined): HclType | null => {
  if (value === undefined || value === null || value === UNKNOWN) return null
  if (typeof value === 'string') return { kind: 'string' }
  if (typeof value === 'boolean') return { kind: 'bool' }
  return isList(value) || isObject(value) ? { kind: 'any' } : { kind: 'number' }
}

const variableNames = new Set(['type', 'default', 'description'])

const reportOthers = (block: Block, context: Context): void => {
  for (const { name, nameRange } of block.body.attributes) {
    if (variableNames.has(name)) continue
    const hint = suggestionHint(name, variableNames)
    report(context, {
      summary: 'Unsupported argument',
      detail: `A variable has no "${name}".`,
      hint,
      range: nameRange,
    })
  }
  for (const inner of block.body.blocks) {
    if (inner.type === 'validation') continue
    const hint = suggestionHint(inner.type, ['validation'])
    const detail = `A variable has no "${inner.type}" blocks.`
    report(context, { summary: 'Unsupported block', detail, hint, range: inner.headerRange })
  }
}

const declare = (block: Block, context: Context): Declaration => {
  const name = labelOf(context, block, 'name')
  const typeAttribute = attributeOf(block.body, 'type')
  const parsed = typeAttribute === undefined ? null : parseTypeExpression(typeAttribute.expression)
  if (parsed !== null && !parsed.ok) context.diagnostics.push(...parsed.diagnostics)
  reportOthers(block, context)
  const fallback = attributeOf(block.body, 'default')
  const value = fallback === undefined ? undefined : constantOf(fallback.expression, context)
  return {
    name,
    range: block.headerRange,
    type: parsed?.ok === true ? parsed.type : typeOfDefault(value),
    fallback: value,
    validations: block.body.blocks.filter(inner => inner.type === 'validation'),
  }
}

const declarationsOf = (body: Body, context: Context): ReadonlyMap<string, Declaration> => {
  const declarations = new Map<string, Declaration>()
  const add = (declaration: Declaration): void => {
    const before = declarations.get(declaration.name)
    if (before === undefined) {
      declarations.set(declaration.name, declaration)
      return
    }
    const detail = `The variable "${declaration.name}" is declared at line ${before.range.start.line} already.`
    report(context, { summary: 'Duplicate variable', detail, range: declaration.range })
  }
  for (const block of body.blocks) {
    if (block.type === 'variable') add(declare(block, context))
    if (block.type !== 'variables') continue
    for (const { name, nameRange, expression } of block.body.attributes) {
      const fallback = constantOf(expression, context)
      add({ name, range: nameRange, type: typeOfDefault(fallback), fallback, validations: [] })
    }
  }
  return declarations
}

type Given = { readonly value: Value; readonly from: string }

/** A value from a flag or the environment: text where that can be converted, else an expression; null if it is neither. */
const fromText = (text: string, type: HclType | null, context: Context): Value | null => {
  if (type === null || type.kind === 'string' || type.kind === 'number' || type.kind === 'bool') return text
  const instead = type.kind === 'any' ? text : null
  const { expression, diagnostics } = parseHclExpression(text)
  if (hasErrors(diagnostics)) return instead
  const result = evaluate(expression, scopeOf(new Map(), context.budget))
  return hasErrors(result.diagnostics) ? instead : result.value
}

type Taking = {
  readonly place: Range
  readonly input: VariableInput
  readonly declarations: ReadonlyMap<string, Declaration>
  readonly context: Context
  readonly given: Map<string, Given>
}

const refuseUndeclared = ({ input, declarations, context, place }: Taking, name: string, from: string): void =>
  report(context, {
    severity: input.isStrict ? 'error' : 'warning',
    summary: 'Undefined variable',
    detail: `${from} gives a value to "${name}", which the file does not declare.`,
    hint: suggestionHint(name, declarations.keys()),
    range: place,
  })

const takeText = (taking: Taking, name: string, text: string, from: string): void => {
  const { declarations, context, given } = taking
  const declaration = declarations.get(name)
  if (declaration === undefined) return refuseUndeclared(taking, name, from)
  const value = fromText(text, declaration.type, context)
  if (value !== null) given.set(name, { value, from })
  else {
    const detail = `${from} gives "${name}" something that is no expression.`
    report(context, { summary: 'Invalid value for variable', detail, range: declaration.range })
  }
}

/** A file whose name ends in .json is an object of values. */
const takeJsonFile = (taking: Taking, file: VariableInput['files'][number]): void => {
  const { declarations, context, given, place } = taking
  const parsed = decodeJson(file.content)
  if (!parsed.ok || !isObject(parsed.value)) {
    const detail = parsed.ok ? 'it holds no object of names and values' : parsed.message
    report(context, { summary: 'Invalid file of variables', detail: `In ${file.name}: ${detail}.`, range: place })
    return
  }
  for (const [name, value] of Object.entries(parsed.value)) {
    if (declarations.has(name)) given.set(name, { value, from: file.name })
    else refuseUndeclared(taking, name, `The file ${file.name}`)
  }
}

const takeFile = (taking: Taking, file: VariableInput['files'][number]): void => {
  const { declarations, context, given, place } = taking
  const parsed = parseHcl(file.content, file.name)
  const found = [...parsed.diagnostics]
  for (const attribute of parsed.body.attributes) {
    const result = evaluate(attribute.expression, scopeOf(new Map(), context.budget))
    found.push(...result.diagnostics)
    if (declarations.has(attribute.name)) given.set(attribute.name, { value: result.value, from: file.name })
    else refuseUndeclared(taking, attribute.name, `The file ${file.name}`)
  }
  for (const block of parsed.body.blocks) {
    const detail = `A file of variables holds "name = value" lines; "${block.type}" is a block.`
    found.push({ severity: 'error', summary: 'Unsupported block', detail, range: block.headerRange })
  }
  for (const finding of found) {
    const { line, column } = finding.range.start
    report(context, { ...finding, detail: `In ${file.name}:${line}:${column}: ${finding.detail}`, range: place })
  }
}

const collectGiven = (taking: Taking): ReadonlyMap<string, Given> => {
  const { input, declarations, given } = taking
  for (const [name, text] of Object.entries(input.environment)) {
    if (declarations.has(name)) takeText(taking, name, text, `NOMAD_VAR_${name}`)
  }
  for (const file of input.files) (file.name.endsWith('.json') ? takeJsonFile : takeFile)(taking, file)
  for (const { name, value } of input.flags) takeText(taking, name, value, `-var '${name}=…'`)
  return given
}

const settle = ({ name, range, type, fallback }: Declaration, given: Given | undefined, context: Context): Value => {
  const value = given === undefined ? fallback : given.value
  if (value === undefined) {
    const hint = `Give it with -var '${name}=…', in a -var-file, or as NOMAD_VAR_${name}.`
    const detail = `The variable "${name}" has no default and was not given.`
    report(context, { summary: 'Unset variable', detail, hint, range })
    return UNKNOWN
  }
  if (type === null) return value
  const converted = convertToType(value, type)
  if (converted.ok) return converted.value
  const from = given === undefined ? 'Its default' : `The value from ${given.from}`
  const detail = `${from} does not fit "${name}": ${converted.message}.`
  report(context, { summary: 'Invalid value for variable', detail, range })
  return UNKNOWN
}

const checkValidation = (name: string, validation: Block, scope: Scope, context: Context): void => {
  const condition = attributeOf(validation.body, 'condition')
  if (condition === undefined) {
    const detail = `A validation of "${name}" needs a condition.`
    report(context, { summary: 'Missing condition', detail, range: validation.headerRange })
    return
  }
  const result = evaluate(condition.expression, scope)
  context.diagnostics.push(...result.diagnostics)
  if (result.value === UNKNOWN) return
  const holds = toBool(result.value)
  if (holds.ok && holds.value) return
  const message = attributeOf(validation.body, 'error_message')
  const text = message === undefined ? null : evaluate(message.expression, scope).value
  report(context, {
    summary: 'Invalid value for variable',
    detail: typeof text === 'string' && holds.ok ? text : `The value of "${name}" is not valid.`,
    range: condition.expression.range,
  })
}

const firstPlace: Range = { start: { line: 1, column: 1, byte: 0 }, end: { line: 1, column: 1, byte: 0 } }

/** What expressions of the file mean: variables by their precedence, locals, functions, and names left for the node. */
export const buildScope = (body: Body, input: VariableInput, diagnostics: DecodeContext['diagnostics']): Scope => {
  const context: Context = { diagnostics, budget: createBudget() }
  const declarations = declarationsOf(body, context)
  const given = collectGiven({ place: firstPlace, input, declarations, context, given: new Map() })
  const variables = objectOf(
    Array.from(declarations.values(), declaration => [
      declaration.name,
      settle(declaration, given.get(declaration.name), context),
    ]),
  )
  const scope = scopeOf(new Map([['var', variables]]), context.budget)
  for (const { name, validations } of declarations.values()) {
    for (const validation of validations) checkValidation(name, validation, scope, context)
  }
  const locals = settleLocals(body, variables, context.budget, diagnostics)
  return scopeOf(
    new Map([
      ['var', variables],
      ['local', locals],
    ]),
    context.budget,
  )
}
