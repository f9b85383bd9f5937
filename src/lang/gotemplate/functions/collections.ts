import {
  type GoMap,
  type GoStruct,
  type GoValue,
  goMap,
  isList,
  isMap,
  isStruct,
  isTrue,
  typeName,
} from '../go-value.ts'
import { MAX_DATA_DEPTH } from '../limits.ts'
import { TemplateFunctionError } from '../template-error.ts'
import { fixedArguments, listAt, mapAt, type TemplateFunction, textAt } from '../template-function.ts'
import { splitText, trimSpace } from './text.ts'

/** Whether a list holds a value, or a text another; values of different kinds are never the same. */
const holds = (container: GoValue, value: GoValue): boolean => {
  if (typeof container === 'string') return typeof value === 'string' && container.includes(value)
  if (value === null || typeof value === 'boolean' || typeof value === 'object' || !isList(container)) return false
  return container.includes(value)
}

/** containsAll and its like: the first value of which holding it is `decides` turns the result from `otherwise` around. */
const holdsSome = (otherwise: boolean, decides: boolean): TemplateFunction =>
  fixedArguments(2, args => {
    const container = args[1] ?? null
    return listAt(args, 0).some(value => holds(container, value) === decides) ? !otherwise : otherwise
  })

const fieldOf = (value: GoValue, name: string): GoValue => {
  if (isStruct(value)) return value.fields.get(name) ?? null
  return isMap(value) ? (value.entries.get(name) ?? null) : null
}

const keyOf = (pair: GoValue, name: string): string => {
  const key = fieldOf(pair, 'Key')
  if (typeof key === 'string') return key
  throw new TemplateFunctionError(`${name}: wrong argument type ${typeName(pair)}`)
}

const withKey = (pair: GoMap | GoStruct, key: string): GoValue =>
  isMap(pair)
    ? { ...pair, entries: new Map(pair.entries).set('Key', key) }
    : { ...pair, fields: new Map(pair.fields).set('Key', key) }

/** Pairs by the first part of their keys, then by the rest; pairs whose key has one part only are left out. */
const byKey = (pairs: readonly GoValue[]): GoValue => {
  const groups = new Map<string, Map<string, GoValue>>()
  for (const pair of pairs) {
    const [top = '', ...rest] = keyOf(pair, 'byKey').split('/')
    const key = rest.join('/')
    if (key === '' || !(isMap(pair) || isStruct(pair))) continue
    const group = groups.get(top) ?? new Map<string, GoValue>()
    groups.set(top, group.set(key, withKey(pair, key)))
  }
  return goMap([...groups].map(([top, group]) => [top, goMap(group)]))
}

/** Services by each of their tags. */
const byTag = (services: readonly GoValue[]): GoValue => {
  const groups = new Map<string, GoValue[]>()
  for (const service of services) {
    const tags = fieldOf(service, 'Tags')
    if (!isList(tags)) throw new TemplateFunctionError(`byTag: wrong argument type ${typeName(service)}`)
    for (const tag of tags) {
      if (typeof tag !== 'string') continue
      const group = groups.get(tag) ?? []
      group.push(service)
      groups.set(tag, group)
    }
  }
  return goMap(groups)
}

type Nested = { readonly entries: Map<string, Nested | { readonly leaf: GoValue }> }

const insert = (root: Nested, path: string, leaf: GoValue): void => {
  const parts = path.split('/')
  if (parts.length > MAX_DATA_DEPTH)
    throw new TemplateFunctionError(`the key ${JSON.stringify(path.slice(0, 80))} has too many parts`)
  let level = root
  for (const part of parts.slice(0, -1)) {
    const below = level.entries.get(part) ?? { entries: new Map() }
    if (!('entries' in below))
      throw new TemplateFunctionError(`not a map: ${JSON.stringify(path)}: ${JSON.stringify(part)} already has a value`)
    level.entries.set(part, below)
    level = below
  }
  const last = parts.at(-1) ?? ''
  if (last !== '') level.entries.set(last, { leaf })
}

const nestedMap = (nested: Nested): GoMap =>
  goMap([...nested.entries].map(([key, entry]) => [key, 'leaf' in entry ? entry.leaf : nestedMap(entry)]))

/** Entries whose keys are paths, as maps within maps. */
const explode = (entries: readonly (readonly [string, GoValue])[]): GoValue => {
  const root: Nested = { entries: new Map() }
  for (const [path, leaf] of entries) insert(root, path, leaf)
  return nestedMap(root)
}

/** What `target` says, filled up from `source`; with `isOverriding` what `source` says wins. Empty values say nothing. */
const merge = (target: GoMap, source: GoMap, isOverriding: boolean): GoMap => {
  const merged = new Map(target.entries)
  for (const [key, theirs] of source.entries) {
    const ours = merged.get(key) ?? null
    if (isMap(ours) && isMap(theirs)) merged.set(key, merge(ours, theirs, isOverriding))
    else if (!isTrue(ours) || (isOverriding && isTrue(theirs))) merged.set(key, theirs)
  }
  return { ...target, entries: merged }
}

/** `a=1,b=2` as a map; parts without the second separator are left out. */
const splitToMap = (outer: string, inner: string, text: string): GoValue => {
  const trimmed = trimSpace(text)
  const parts = trimmed === '' ? [] : splitText(trimmed, outer)
  const pairs = parts.flatMap(part => {
    const at = part.indexOf(inner)
    return at < 0 ? [] : [[part.slice(0, at), part.slice(at + inner.length)] as const]
  })
  return goMap(pairs, '')
}

const sortedByKey = (map: GoMap): readonly (readonly [string, GoValue])[] =>
  [...map.entries].sort(([left], [right]) => (left < right ? -1 : Number(left > right)))

/** What works on lists and maps. */
export const collectionFunctions: Readonly<Record<string, TemplateFunction>> = {
  in: fixedArguments(2, ([container = null, value = null]) => holds(container, value)),
  contains: fixedArguments(2, ([value = null, container = null]) => holds(container, value)),
  containsAll: holdsSome(true, false),
  containsAny: holdsSome(false, true),
  containsNone: holdsSome(true, true),
  containsNotAll: holdsSome(false, false),
  byKey: fixedArguments(1, args => byKey(listAt(args, 0))),
  byTag: fixedArguments(1, args => byTag(listAt(args, 0))),
  explode: fixedArguments(1, args =>
    explode(listAt(args, 0).map(pair => [keyOf(pair, 'explode'), fieldOf(pair, 'Value')] as const)),
  ),
  explodeMap: fixedArguments(1, args => explode(sortedByKey(mapAt(args, 0)))),
  mergeMap: fixedArguments(2, args => merge(mapAt(args, 0), mapAt(args, 1), false)),
  mergeMapWithOverride: fixedArguments(2, args => merge(mapAt(args, 0), mapAt(args, 1), true)),
  splitToMap: fixedArguments(3, args => splitToMap(textAt(args, 0), textAt(args, 1), textAt(args, 2))),
}
