import { parseGoBoolean } from '../../goflags/index.ts'
import { showValue } from '../format-value.ts'
import { type GoValue, typeName } from '../go-value.ts'
import { MAX_LOOP_ITERATIONS } from '../limits.ts'
import { TemplateFunctionError } from '../template-error.ts'
import { fixedArguments, type TemplateFunction, textAt, variadic } from '../template-function.ts'

const INT_BITS = 64
const MAX_INT = 2n ** 63n - 1n
const MIN_INT = -(2n ** 63n)

type Operation = {
  readonly onInts: (left: bigint, right: bigint) => bigint
  /** Absent where the operation knows whole numbers only. */
  readonly onFloats?: (left: number, right: number) => number
}

const isNumber = (value: GoValue | undefined): value is bigint | number =>
  typeof value === 'bigint' || typeof value === 'number'

const unknownType = (name: string, value: GoValue): TemplateFunctionError =>
  new TemplateFunctionError(`${name}: unknown type for ${JSON.stringify(showValue(value))} (${typeName(value)})`)

/**
 * A function of two numbers: of two ints an int that wraps around at 64 bits, else a float. The second argument is the
 * left operand, so that `10 | subtract 3` is 7.
 */
const arithmetic = (name: string, { onInts, onFloats }: Operation): TemplateFunction =>
  fixedArguments(2, ([right = null, left = null]) => {
    if (!isNumber(left)) throw unknownType(name, left)
    if (!isNumber(right)) throw unknownType(name, right)
    if (typeof left === 'bigint' && typeof right === 'bigint') return BigInt.asIntN(INT_BITS, onInts(left, right))
    if (onFloats === undefined) throw unknownType(name, typeof left === 'number' ? left : right)
    return onFloats(Number(left), Number(right))
  })

const nonZero = (divisor: bigint): bigint => {
  if (divisor === 0n) throw new TemplateFunctionError('integer divide by zero')
  return divisor
}

/** The smaller or larger of two numbers as it was given, an int or a float. */
const choice = (name: string, isBetter: (left: bigint | number, right: bigint | number) => boolean): TemplateFunction =>
  fixedArguments(2, ([right = null, left = null]) => {
    if (!isNumber(left)) throw unknownType(name, left)
    if (!isNumber(right)) throw unknownType(name, right)
    return isBetter(left, right) ? left : right
  })

const parseWhole = (name: string, text: string, pattern: RegExp, bounds: readonly [bigint, bigint]): bigint => {
  if (text === '') return 0n
  if (!pattern.test(text)) throw new TemplateFunctionError(`${name}: parsing ${JSON.stringify(text)}: invalid syntax`)
  const value = BigInt(text.replace(/^\+/, ''))
  if (value < bounds[0] || value > bounds[1])
    throw new TemplateFunctionError(`${name}: parsing ${JSON.stringify(text)}: value out of range`)
  return value
}

const parseInt64 = (name: string, text: string): bigint => parseWhole(name, text, /^[+-]?\d{1,64}$/, [MIN_INT, MAX_INT])

const parseFloat64 = (text: string): number => {
  if (text === '') return 0
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text)
  if (special !== null) {
    if (special[2]?.toLowerCase() === 'nan') return Number.NaN
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(value))
    throw new TemplateFunctionError(`parseFloat: parsing ${JSON.stringify(text)}: invalid syntax`)
  if (!Number.isFinite(value))
    throw new TemplateFunctionError(`parseFloat: parsing ${JSON.stringify(text)}: value out of range`)
  return value
}

const parseBool = (text: string): boolean => {
  const value = text === '' ? false : parseGoBoolean(text)
  if (value === null) throw new TemplateFunctionError(`parseBool: parsing ${JSON.stringify(text)}: invalid syntax`)
  return value
}

const loopBound = (value: GoValue): bigint => {
  if (typeof value === 'bigint') return value
  if (typeof value === 'string') return parseInt64('loop', value)
  throw new TemplateFunctionError(`loop: bad argument type: ${typeName(value)}`)
}

/** `loop 3` is 0, 1, 2 and `loop 5 8` is 5, 6, 7. */
const loop = (args: readonly GoValue[]): GoValue => {
  const [start, stop] =
    args.length === 1 ? [0n, loopBound(args[0] ?? null)] : [loopBound(args[0] ?? null), loopBound(args[1] ?? null)]
  if (stop - start > BigInt(MAX_LOOP_ITERATIONS))
    throw new TemplateFunctionError(`loop: more than ${MAX_LOOP_ITERATIONS} turns`)
  return Array.from({ length: Math.max(0, Number(stop - start)) }, (_, index) => start + BigInt(index))
}

/** Arithmetic, reading of numbers, and loop. */
export const numberFunctions: Readonly<Record<string, TemplateFunction>> = {
  add: arithmetic('add', { onInts: (left, right) => left + right, onFloats: (left, right) => left + right }),
  subtract: arithmetic('subtract', { onInts: (left, right) => left - right, onFloats: (left, right) => left - right }),
  multiply: arithmetic('multiply', { onInts: (left, right) => left * right, onFloats: (left, right) => left * right }),
  divide: arithmetic('divide', {
    onInts: (left, right) => left / nonZero(right),
    onFloats: (left, right) => left / right,
  }),
  modulo: arithmetic('modulo', { onInts: (left, right) => left % nonZero(right) }),
  minimum: choice('minimum', (left, right) => left < right),
  maximum: choice('maximum', (left, right) => left > right),
  parseBool: fixedArguments(1, args => parseBool(textAt(args, 0))),
  parseFloat: fixedArguments(1, args => parseFloat64(textAt(args, 0))),
  parseInt: fixedArguments(1, args => parseInt64('parseInt', textAt(args, 0))),
  parseUint: fixedArguments(1, args => parseWhole('parseUint', textAt(args, 0), /^\d{1,64}$/, [0n, 2n ** 64n - 1n])),
  loop: variadic(1, loop, 2),
}
