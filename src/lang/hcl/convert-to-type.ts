import type { Converted } from './convert.ts'
import { type HclType, type ObjectAttribute, primitiveConversions, renderType } from './type-expression.ts'
import {
  describeKind,
  isList,
  isObject,
  isSet,
  objectOf,
  propertyOf,
  setOf,
  sortedKeys,
  UNKNOWN,
  type Value,
} from './value.ts'

const refuse = (path: string, message: string): { readonly ok: false; readonly message: string } => ({
  ok: false,
  message: path === '' ? message : `at ${path}: ${message}`,
})

/**
 * Converts a value to a type as HCL does: numbers become text, lists sets, objects maps. Attributes that an object type
 * does not name are dropped, and those that it says are optional get their defaults. Null and unknown have every type.
 * The message of a refusal names the place inside the value.
 */
export const convertToType = (value: Value, type: HclType): Converted<Value> => convertAt(value, type, '')

const convertAt = (value: Value, type: HclType, path: string): Converted<Value> => {
  if (value === null || value === UNKNOWN) return { ok: true, value }
  switch (type.kind) {
    case 'any':
      return { ok: true, value }
    case 'string':
    case 'number':
    case 'bool': {
      const converted = primitiveConversions[type.kind](value)
      return converted.ok ? converted : refuse(path, converted.message)
    }
    case 'list':
    case 'set': {
      if (!isList(value)) return refuse(path, `a ${renderType(type)} is required, and this is ${describeKind(value)}`)
      const items = convertAll(value.map((item, index) => [item, type.element, `${path}[${index}]`]))
      if (!items.ok) return items
      return { ok: true, value: type.kind === 'set' ? setOf(items.value) : items.value }
    }
    case 'map': {
      if (!isObject(value)) return refuse(path, `a ${renderType(type)} is required, and this is ${describeKind(value)}`)
      const keys = sortedKeys(value)
      const items = convertAll(keys.map(key => [value[key] ?? null, type.element, `${path}[${JSON.stringify(key)}]`]))
      if (!items.ok) return items
      return { ok: true, value: objectOf(keys.map((key, index) => [key, items.value[index] ?? null])) }
    }
    case 'tuple':
      return convertToTuple(value, type, path)
    case 'object':
      return convertToObject(value, type, path)
  }
}

const convertAll = (
  items: readonly (readonly [value: Value, type: HclType, path: string])[],
): Converted<readonly Value[]> => {
  const converted: Value[] = []
  for (const [value, type, path] of items) {
    const item = convertAt(value, type, path)
    if (!item.ok) return item
    converted.push(item.value)
  }
  return { ok: true, value: converted }
}

const convertToTuple = (value: Value, type: HclType & { readonly kind: 'tuple' }, path: string): Converted<Value> => {
  if (!isList(value) || isSet(value)) {
    return refuse(
      path,
      `a ${renderType(type)} is required, and this is ${isSet(value) ? 'a set' : describeKind(value)}`,
    )
  }
  if (value.length !== type.elements.length) {
    return refuse(path, `${type.elements.length} elements are required, and there are ${value.length}`)
  }
  return convertAll(type.elements.map((element, index) => [value[index] ?? null, element, `${path}[${index}]`]))
}

const convertToObject = (value: Value, type: HclType & { readonly kind: 'object' }, path: string): Converted<Value> => {
  if (!isObject(value)) return refuse(path, `an object is required, and this is ${describeKind(value)}`)
  const missing = type.attributes.find(a => a.presence === 'required' && propertyOf(value, a.name) === undefined)
  if (missing !== undefined) return refuse(path, `the attribute "${missing.name}" is required`)
  const given = (attribute: ObjectAttribute): Value => {
    const found = propertyOf(value, attribute.name) ?? null
    return found === null && attribute.presence === 'optional' ? attribute.defaultValue : found
  }
  const items = convertAll(
    type.attributes.map(a => [given(a), a.type, path === '' ? `.${a.name}` : `${path}.${a.name}`]),
  )
  if (!items.ok) return items
  return { ok: true, value: objectOf(type.attributes.map((a, index) => [a.name, items.value[index] ?? null])) }
}
