import { addNumbers, compareNumbers } from '../arithmetic.ts'
import { toStringValue } from '../convert.ts'
import { define, defineVariadic, done, failed, type HclFunction, type Outcome, takes } from '../function.ts'
import { MAX_GENERATED_ELEMENTS } from '../limits.ts'
import type { HclNumber } from '../number-literal.ts'
import {
  areEqual,
  compareStrings,
  describeKind,
  type HclObject,
  identityOf,
  isList,
  isObject,
  objectOf,
  propertyOf,
  setOf,
  sortedKeys,
  type Value,
} from '../value.ts'

const merge = (objects: readonly Value[]): Outcome => {
  const entries: (readonly [string, Value])[] = []
  for (const [index, object] of objects.entries()) {
    if (object === null) continue
    if (!isObject(object)) return failed(`an object or map is required, and this is ${describeKind(object)}`, index)
    for (const key of sortedKeys(object)) entries.push([key, object[key] ?? null])
  }
  return done(objectOf(entries))
}

const lookUp = (object: HclObject, key: string, fallback: readonly Value[]): Outcome => {
  if (fallback.length > 1) return failed('it takes a map, a key and one default', 3)
  const found = propertyOf(object, key) ?? fallback[0]
  return found === undefined ? failed(`the map has no key "${key}", and no default is given`, 1) : done(found)
}

const lengthOf = (value: Value): Outcome => {
  if (isList(value)) return done(value.length)
  if (isObject(value)) return done(Object.keys(value).length)
  return failed(`a list, set or map is required, and this is ${describeKind(value)} (strlen counts characters)`, 0)
}

const rangeOf = (numbers: readonly HclNumber[]): Outcome => {
  const [first = 0, second, third] = numbers
  if (numbers.length === 0 || numbers.length > 3)
    return failed('it takes (limit), (start, limit) or (start, limit, step)')
  const start = second === undefined ? 0 : first
  const limit = second ?? first
  const step = third ?? (compareNumbers(limit, start) < 0 ? -1 : 1)
  if (Number(step) === 0) return failed('the step must not be zero', 2)
  const isUp = compareNumbers(step, 0) > 0
  if (isUp !== compareNumbers(limit, start) >= 0 && compareNumbers(limit, start) !== 0) {
    return failed('the step leads away from the limit', 2)
  }
  const numbersFound: HclNumber[] = []
  for (let at: HclNumber = start; isUp ? compareNumbers(at, limit) < 0 : compareNumbers(at, limit) > 0; ) {
    if (numbersFound.length >= MAX_GENERATED_ELEMENTS) {
      return failed(`it would yield more than ${MAX_GENERATED_ELEMENTS} numbers`)
    }
    numbersFound.push(at)
    const next = addNumbers(at, step)
    if (next === undefined) break
    at = next
  }
  return done(numbersFound)
}

/** The element at the index, going round; a negative index is refused. */
const elementAt = (list: readonly Value[], index: HclNumber): Outcome => {
  if (list.length === 0) return failed('the list is empty', 0)
  if (typeof index === 'number' && !Number.isInteger(index)) return failed('the index must be a whole number', 1)
  if (compareNumbers(index, 0) < 0) return failed('the index must not be negative', 1)
  return done(list[Number(BigInt(index) % BigInt(list.length))] ?? null)
}

const flatten = (list: readonly Value[]): readonly Value[] =>
  list.flatMap(item => (isList(item) ? flatten(item) : [item]))

const indexOf = (collection: Value, wanted: Value): Outcome => {
  if (!isList(collection)) return failed(`a list is required, and this is ${describeKind(collection)}`, 0)
  const found = collection.findIndex(item => areEqual(item, wanted))
  return found < 0 ? failed('the list does not contain this value', 1) : done(found)
}

const slice = (list: readonly Value[], start: HclNumber, end: HclNumber): Outcome => {
  const [from, to] = [Number(start), Number(end)]
  if (!Number.isInteger(from) || from < 0) return failed('the start must be a whole number from 0', 1)
  if (!Number.isInteger(to) || to > list.length) return failed(`the end must be a whole number up to ${list.length}`, 2)
  if (from > to) return failed('the start must not be after the end', 1)
  return done(list.slice(from, to))
}

const textsOf = (list: readonly Value[]): readonly string[] | Outcome => {
  const texts: string[] = []
  for (const [index, item] of list.entries()) {
    const text = toStringValue(item)
    if (!text.ok) return failed(`for element ${index}, ${text.message}`, 0)
    texts.push(text.value)
  }
  return texts
}

const isOutcome = (result: readonly string[] | Outcome): result is Outcome => 'kind' in result

const sorted = (list: readonly Value[]): Outcome => {
  const texts = textsOf(list)
  return isOutcome(texts) ? texts : done(texts.toSorted(compareStrings))
}

const zip = (keys: readonly Value[], values: readonly Value[]): Outcome => {
  const names = textsOf(keys)
  if (isOutcome(names)) return names
  if (names.length !== values.length) return failed(`there are ${names.length} keys and ${values.length} values`, 1)
  return done(objectOf(names.map((name, index) => [name, values[index] ?? null])))
}

const isIn = (list: readonly Value[], wanted: Value): boolean => list.some(item => areEqual(item, wanted))

const product = (lists: readonly (readonly Value[])[]): Outcome => {
  const size = lists.reduce((count, list) => count * list.length, 1)
  if (size > MAX_GENERATED_ELEMENTS) return failed(`it would yield more than ${MAX_GENERATED_ELEMENTS} combinations`)
  return done(lists.reduce<Value[][]>((rows, list) => rows.flatMap(row => list.map(item => [...row, item])), [[]]))
}

const chunks = (list: readonly Value[], size: HclNumber): Outcome => {
  const width = Number(size)
  if (!Number.isInteger(width) || width < 0) return failed('the size must be a whole number from 0', 1)
  if (width === 0) return done([list])
  const count = Math.ceil(list.length / width)
  return done(Array.from({ length: count }, (_, index) => list.slice(index * width, (index + 1) * width)))
}

const withoutEmpty = (list: readonly Value[]): readonly Value[] => list.filter(item => item !== null && item !== '')

const keepFirst = (seen: Map<string, Value>, key: string, item: Value): Map<string, Value> =>
  seen.has(key) ? seen : seen.set(key, item)

const distinct = (list: readonly Value[]): readonly Value[] => [
  ...list.reduce((seen, item) => keepFirst(seen, identityOf(item), item), new Map<string, Value>()).values(),
]

const intersection = (first: readonly Value[], others: readonly (readonly Value[])[]): readonly Value[] => {
  const members = others.map(other => new Set(other.map(identityOf)))
  return setOf(first.filter(item => members.every(known => known.has(identityOf(item)))))
}

const firstPresent = (values: readonly Value[]): Outcome => {
  const found = values.find(value => value !== null)
  return found === undefined ? failed('all arguments are null') : done(found)
}

const firstFilled = (lists: readonly (readonly Value[])[]): Outcome => {
  const found = lists.find(list => list.length > 0)
  return found === undefined ? failed('all lists are empty') : done(found)
}

const list = takes.list('list')

export const collectionFunctions: readonly HclFunction[] = [
  defineVariadic('concat', [], list, (_, lists) => done(lists.flat())),
  defineVariadic('merge', [], takes.any('maps'), (_, maps) => merge(maps)),
  defineVariadic('lookup', [takes.object('map'), takes.string('key')], takes.any('default'), ([map, key], fallback) =>
    lookUp(map, key, fallback),
  ),
  define('contains', [list, takes.any('value')], (items, value) => done(isIn(items, value))),
  define('length', [takes.any('value')], lengthOf),
  define('keys', [takes.object('map')], map => done(sortedKeys(map))),
  define('values', [takes.object('map')], map => done(sortedKeys(map).map(key => map[key] ?? null))),
  defineVariadic('range', [], takes.number('numbers'), (_, numbers) => rangeOf(numbers)),
  define('element', [list, takes.number('index')], elementAt),
  defineVariadic('coalesce', [], takes.any('values'), (_, values) => firstPresent(values)),
  defineVariadic('coalescelist', [], takes.list('lists'), (_, lists) => firstFilled(lists)),
  define('compact', [list], items => done(withoutEmpty(items))),
  define('distinct', [list], items => done(distinct(items))),
  define('flatten', [list], items => done(flatten(items))),
  define('index', [takes.any('list'), takes.any('value')], indexOf),
  define('reverse', [list], items => done(items.toReversed())),
  define('slice', [list, takes.number('start'), takes.number('end')], slice),
  define('sort', [list], sorted),
  define('zipmap', [takes.list('keys'), takes.list('values')], zip),
  defineVariadic('setunion', [list], takes.list('others'), ([first], others) => done(setOf([first, ...others].flat()))),
  defineVariadic('setintersection', [list], takes.list('others'), ([first], others) =>
    done(intersection(first, others)),
  ),
  defineVariadic('setproduct', [list], takes.list('others'), ([first], others) => product([first, ...others])),
  define('chunklist', [list, takes.number('size')], chunks),
]
