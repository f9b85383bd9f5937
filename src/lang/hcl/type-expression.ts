import { toBool, toNumber, toStringValue } from './convert.ts'
import type { Diagnostic, Fault } from './diagnostic.ts'
import { evaluate } from './evaluate.ts'
import type { Range } from './range.ts'
import type { Scope } from './scope.ts'
import { suggestionHint } from './suggest.ts'
import type { Expression } from './syntax.ts'
import type { Value } from './value.ts'

/** A type as it is written for a variable: `list(string)`, `object({ port = optional(number, 80) })`. */
export type HclType =
  | { readonly kind: 'string' | 'number' | 'bool' | 'any' }
  | { readonly kind: 'list' | 'set' | 'map'; readonly element: HclType }
  | { readonly kind: 'tuple'; readonly elements: readonly HclType[] }
  | { readonly kind: 'object'; readonly attributes: readonly ObjectAttribute[] }

/** An attribute of an object type. An optional one that is left out is its default, or null. */
export type ObjectAttribute = { readonly name: string; readonly type: HclType } & (
  | { readonly presence: 'required' }
  | { readonly presence: 'optional'; readonly defaultValue: Value }
)

export type ParsedType =
  | { readonly ok: true; readonly type: HclType }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] }

const primitives = { string: 'string', number: 'number', bool: 'bool', any: 'any' } as const
const collections = { list: 'list', set: 'set', map: 'map' } as const
const typeNames = [...Object.keys(primitives), ...Object.keys(collections), 'tuple', 'object']

const isKey = <T extends object>(table: T, name: string): name is Extract<keyof T, string> => Object.hasOwn(table, name)

/** Defaults are constants: no variable and no function is known to them. */
const constantScope: Scope = { lookUp: () => ({ kind: 'absent', candidates: [] }), functions: new Map() }

const refuse = (range: Range, fault: Fault): ParsedType => ({
  ok: false,
  diagnostics: [{ severity: 'error', ...fault, range }],
})

const invalidType = (range: Range, detail: string, hint?: string): ParsedType =>
  refuse(range, { summary: 'Invalid type specification', detail, ...(hint === undefined ? {} : { hint }) })

/** Reads the expression as a type. Quoted names of primitives (`"string"`) are accepted, as they long were. */
export const parseTypeExpression = (expression: Expression): ParsedType => {
  const name = wordOf(expression)
  if (name !== undefined) {
    if (isKey(primitives, name)) return { ok: true, type: { kind: primitives[name] } }
    if (isKey(collections, name)) return { ok: true, type: { kind: collections[name], element: { kind: 'any' } } }
    return invalidType(
      expression.range,
      `"${name}" is not a type, or needs its parts in parentheses.`,
      suggestionHint(name, typeNames),
    )
  }
  if (expression.kind === 'parentheses') return parseTypeExpression(expression.inner)
  if (expression.kind === 'call') return parseConstructor(expression)
  return invalidType(expression.range, `A type is one of ${typeNames.join(', ')}.`)
}

const wordOf = (expression: Expression): string | undefined => {
  if (expression.kind === 'variable') return expression.name
  if (expression.kind !== 'template' || expression.parts.length !== 1) return undefined
  const [only] = expression.parts
  return only?.kind === 'text' ? only.value : undefined
}

const parseConstructor = (call: Expression & { readonly kind: 'call' }): ParsedType => {
  const [argument] = call.args
  if (argument === undefined || call.args.length !== 1) {
    return invalidType(call.range, `The type ${call.name}(…) takes one argument; given: ${call.args.length}.`)
  }
  if (isKey(collections, call.name)) {
    const element = parseTypeExpression(argument)
    return element.ok ? { ok: true, type: { kind: collections[call.name], element: element.type } } : element
  }
  if (call.name === 'tuple') return parseTuple(argument)
  if (call.name === 'object') return parseObject(argument)
  const detail =
    call.name === 'optional'
      ? 'Only an attribute of object({…}) can be optional.'
      : `"${call.name}" is not a type that is made of others.`
  return invalidType(call.nameRange, detail, suggestionHint(call.name, typeNames))
}

const parseTuple = (argument: Expression): ParsedType => {
  if (argument.kind !== 'list') return invalidType(argument.range, 'A tuple is written tuple([type, …]).')
  const elements: HclType[] = []
  for (const item of argument.items) {
    const element = parseTypeExpression(item)
    if (!element.ok) return element
    elements.push(element.type)
  }
  return { ok: true, type: { kind: 'tuple', elements } }
}

const parseObject = (argument: Expression): ParsedType => {
  if (argument.kind !== 'object')
    return invalidType(argument.range, 'An object type is written object({ name = type, … }).')
  const attributes: ObjectAttribute[] = []
  for (const item of argument.items) {
    const name = item.key.kind === 'name' ? item.key.name : wordOf(item.key.expression)
    if (name === undefined) return invalidType(item.key.range, 'The names of attributes in a type are plain words.')
    const attribute = parseAttribute(name, item.value)
    if (!('name' in attribute)) return attribute
    attributes.push(attribute)
  }
  return { ok: true, type: { kind: 'object', attributes } }
}

const parseAttribute = (name: string, expression: Expression): ObjectAttribute | ParsedType => {
  if (expression.kind !== 'call' || expression.name !== 'optional') {
    const required = parseTypeExpression(expression)
    return required.ok ? { name, type: required.type, presence: 'required' } : required
  }
  const [typeArgument, defaultArgument] = expression.args
  if (typeArgument === undefined || expression.args.length > 2) {
    return invalidType(expression.range, 'An optional attribute is written optional(type) or optional(type, default).')
  }
  const parsed = parseTypeExpression(typeArgument)
  if (!parsed.ok) return parsed
  if (defaultArgument === undefined) return { name, type: parsed.type, presence: 'optional', defaultValue: null }
  const { value, diagnostics } = evaluate(defaultArgument, constantScope)
  if (diagnostics.length > 0) return { ok: false, diagnostics }
  return { name, type: parsed.type, presence: 'optional', defaultValue: value }
}

/** The type as it is written. */
export const renderType = (type: HclType): string => {
  switch (type.kind) {
    case 'string':
    case 'number':
    case 'bool':
    case 'any':
      return type.kind
    case 'list':
    case 'set':
    case 'map':
      return `${type.kind}(${renderType(type.element)})`
    case 'tuple':
      return `tuple([${type.elements.map(renderType).join(', ')}])`
    case 'object': {
      const written = type.attributes.map(a =>
        a.presence === 'required' ? `${a.name} = ${renderType(a.type)}` : `${a.name} = optional(${renderType(a.type)})`,
      )
      return `object({${written.join(', ')}})`
    }
  }
}

/** The primitive conversions by the kind of type. */
export const primitiveConversions = { string: toStringValue, number: toNumber, bool: toBool } as const
