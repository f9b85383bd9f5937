import { isEqual, isLess } from './compare.ts'
import { escapeHtml, escapeQuery, escapeScript } from './escape.ts'
import { type GoValue, isList, isMap, isTrue, typeName } from './go-value.ts'
import { NO_VALUE } from './no-value.ts'
import { goSprint, goSprintf, goSprintln } from './printf.ts'
import { TemplateFunctionError } from './template-error.ts'
import { type FunctionTable, fixedArguments, textAt, variadic } from './template-function.ts'

/** An index into something of the given length. A slice may also end right behind the last element. */
const indexInto = (index: GoValue, length: number, isSliceEnd = false): number => {
  if (index === null) throw new TemplateFunctionError('cannot index slice/array with nil')
  if (typeof index !== 'bigint')
    throw new TemplateFunctionError(`cannot index slice/array with type ${typeName(index)}`)
  if (index >= 0n && (isSliceEnd ? index <= BigInt(length) : index < BigInt(length))) return Number(index)
  throw new TemplateFunctionError(`index out of range: ${index}`)
}

const step = (item: GoValue, index: GoValue): GoValue => {
  if (item === null) throw new TemplateFunctionError('index of untyped nil')
  if (isList(item)) return item[indexInto(index, item.length)] ?? null
  if (typeof item === 'string') {
    const bytes = Buffer.from(item)
    return BigInt(bytes[indexInto(index, bytes.length)] ?? 0)
  }
  if (!isMap(item)) throw new TemplateFunctionError(`can't index item of type ${typeName(item)}`)
  if (typeof index !== 'string') throw new TemplateFunctionError(`value has type ${typeName(index)}; should be string`)
  return item.entries.get(index) ?? item.zero
}

const slice = ([item = null, ...indexes]: readonly GoValue[]): GoValue => {
  if (item === null) throw new TemplateFunctionError('slice of untyped nil')
  const isText = typeof item === 'string'
  if (!isText && !isList(item)) throw new TemplateFunctionError(`can't slice item of type ${typeName(item)}`)
  if (isText && indexes.length === 3) throw new TemplateFunctionError('cannot 3-index slice a string')
  const content = isText ? Buffer.from(item) : item
  const [from, to, capacity] = indexes.map(index => indexInto(index, content.length, true))
  const [start, end] = [from ?? 0, to ?? content.length]
  if (start > end) throw new TemplateFunctionError(`invalid slice index: ${start} > ${end}`)
  if (capacity !== undefined && end > capacity)
    throw new TemplateFunctionError(`invalid slice index: ${end} > ${capacity}`)
  const part = content.slice(start, end)
  return Buffer.isBuffer(part) ? part.toString() : part
}

const length = (item: GoValue): bigint => {
  if (typeof item === 'string') return BigInt(Buffer.byteLength(item))
  if (isList(item)) return BigInt(item.length)
  if (isMap(item)) return BigInt(item.entries.size)
  throw new TemplateFunctionError(item === null ? 'len of nil pointer' : `len of type ${typeName(item)}`)
}

const equalsAny = ([first = null, ...others]: readonly GoValue[]): boolean => {
  if (others.length === 0) throw new TemplateFunctionError('missing argument for comparison')
  return others.some(other => isEqual(first, other))
}

/** What the escaping functions see of their arguments: nil as an action shows it, else as print does. */
const printable = (args: readonly GoValue[]): string => goSprint(args.map(value => value ?? NO_VALUE))

type Pair = readonly [GoValue, GoValue]

const compared = (holds: (pair: Pair) => boolean): ReturnType<typeof fixedArguments> =>
  fixedArguments(2, ([left = null, right = null]) => holds([left, right]))

/**
 * The functions that every template has. `and` and `or` are not among them: they look at their arguments one by one, so
 * the executor does them. `call` is refused, since no value of ours is a function.
 */
export const builtins: FunctionTable = new Map([
  ['not', fixedArguments(1, ([value = null]) => !isTrue(value))],
  ['eq', variadic(1, equalsAny)],
  ['ne', compared(([left, right]) => !isEqual(left, right))],
  ['lt', compared(([left, right]) => isLess(left, right))],
  ['le', compared(([left, right]) => isLess(left, right) || isEqual(left, right))],
  ['gt', compared(([left, right]) => !isLess(left, right) && !isEqual(left, right))],
  ['ge', compared(([left, right]) => !isLess(left, right))],
  ['len', fixedArguments(1, ([item = null]) => length(item))],
  ['index', variadic(1, ([item = null, ...indexes]) => indexes.reduce(step, item))],
  ['slice', variadic(1, slice, 4)],
  ['print', variadic(0, goSprint)],
  ['printf', variadic(1, args => goSprintf(textAt(args, 0), args.slice(1)))],
  ['println', variadic(0, goSprintln)],
  ['html', variadic(0, args => escapeHtml(printable(args)))],
  ['js', variadic(0, args => escapeScript(printable(args)))],
  ['urlquery', variadic(0, args => escapeQuery(printable(args)))],
  [
    'call',
    variadic(0, () => {
      throw new TemplateFunctionError('call is not supported: no value of a template is a function here')
    }),
  ],
])

/** Names that a template may use without their being in any table. */
export const builtinNames: ReadonlySet<string> = new Set([...builtins.keys(), 'and', 'or'])
