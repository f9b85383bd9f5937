import { assertTextLength, joinBounded } from './bounded-text.ts'
import type { FormatSpec } from './format-spec.ts'
import { formatValue, showValue } from './format-value.ts'
import { type GoValue, isList, isMap, typeName } from './go-value.ts'
import { MAX_FORMAT_NUMBER } from './limits.ts'

type Printer = {
  readonly format: string
  readonly args: readonly GoValue[]
  position: number
  argument: number
  /** An explicit index such as `%[1]d` was used, so arguments left over are no mistake. */
  isReordered: boolean
  hasBadIndex: boolean
  output: string
}

const write = (printer: Printer, text: string): void => {
  assertTextLength(printer.output.length + text.length)
  printer.output += text
}

const readFlags = (printer: Printer): string => {
  const start = printer.position
  while ('+-# 0'.includes(printer.format[printer.position] ?? '?')) printer.position++
  return printer.format.slice(start, printer.position)
}

/** `[n]`: the next argument is the n-th. */
const readIndex = (printer: Printer): void => {
  if (printer.format[printer.position] !== '[') return
  const match = /^\[(\d{1,9})\]/.exec(printer.format.slice(printer.position, printer.position + 12))
  const index = Number(match?.[1] ?? '0')
  printer.isReordered = true
  if (match !== null && index >= 1 && index <= printer.args.length) {
    printer.position += match[0].length
    printer.argument = index - 1
    return
  }
  const end = printer.format.indexOf(']', printer.position)
  printer.position = end < 0 ? printer.position + 1 : end + 1
  printer.hasBadIndex = true
}

type Amount = { readonly kind: 'none' } | { readonly kind: 'number'; readonly value: number } | { readonly kind: 'bad' }

/** A width or precision: digits, or `*` for the next argument. */
const readAmount = (printer: Printer): Amount => {
  if (printer.format[printer.position] === '*') {
    printer.position++
    const value = printer.args[printer.argument++]
    const isUsable =
      typeof value === 'bigint' && value >= -BigInt(MAX_FORMAT_NUMBER) && value <= BigInt(MAX_FORMAT_NUMBER)
    return isUsable ? { kind: 'number', value: Number(value) } : { kind: 'bad' }
  }
  const start = printer.position
  while (/[0-9]/.test(printer.format[printer.position] ?? '')) printer.position++
  if (start === printer.position) return { kind: 'none' }
  const value = Number(printer.format.slice(start, printer.position))
  return value > MAX_FORMAT_NUMBER ? { kind: 'bad' } : { kind: 'number', value }
}

const readWidth = (printer: Printer, flags: string): { readonly flags: string; readonly width: number | null } => {
  const amount = readAmount(printer)
  if (amount.kind === 'bad') write(printer, '%!(BADWIDTH)')
  if (amount.kind !== 'number') return { flags, width: null }
  return amount.value < 0 ? { flags: `${flags}-`, width: -amount.value } : { flags, width: amount.value }
}

const readPrecision = (printer: Printer): number | null => {
  if (printer.format[printer.position] !== '.') return null
  printer.position++
  readIndex(printer)
  const amount = readAmount(printer)
  if (amount.kind === 'none') return 0
  if (amount.kind === 'number' && amount.value >= 0) return amount.value
  write(printer, '%!(BADPREC)')
  return null
}

/** How many single values a value holds; each of them is filled up to the width of its directive. */
const leafCount = (value: GoValue): number => {
  if (typeof value !== 'object' || value === null) return 1
  const held = isList(value) ? value : [...(isMap(value) ? value.entries : value.fields).values()]
  return held.reduce<number>((count, element) => count + leafCount(element), held.length)
}

const printDirective = (printer: Printer): void => {
  const written = readFlags(printer)
  readIndex(printer)
  const { flags, width } = readWidth(printer, written)
  const precision = readPrecision(printer)
  readIndex(printer)
  const code = printer.format.codePointAt(printer.position)
  if (code === undefined) return write(printer, '%!(NOVERB)')
  const verb = String.fromCodePoint(code)
  printer.position += verb.length
  const spec: FormatSpec = { verb, flags, width, precision }
  if (verb === '%') return write(printer, '%')
  if (printer.hasBadIndex) return write(printer, `%!${verb}(BADINDEX)`)
  const value = printer.args[printer.argument]
  if (value === undefined) return write(printer, `%!${verb}(MISSING)`)
  printer.argument++
  assertTextLength(leafCount(value) * Math.max(width ?? 0, precision ?? 0))
  write(printer, formatValue(value, spec))
}

const extraText = (value: GoValue): string => (value === null ? '<nil>' : `${typeName(value)}=${showValue(value)}`)

/**
 * Go's fmt.Sprintf over template values, its complaints in the text included (`%!d(string=hi)`, `%!d(MISSING)`,
 * `%!(EXTRA int=1)`). Throws TemplateFunctionError when the result grows over MAX_OUTPUT_LENGTH.
 */
export const goSprintf = (format: string, args: readonly GoValue[]): string => {
  const printer: Printer = {
    format,
    args,
    position: 0,
    argument: 0,
    isReordered: false,
    hasBadIndex: false,
    output: '',
  }
  while (printer.position < format.length) {
    const percent = format.indexOf('%', printer.position)
    const end = percent < 0 ? format.length : percent
    write(printer, format.slice(printer.position, end))
    if (percent < 0) break
    printer.position = percent + 1
    printer.hasBadIndex = false
    printDirective(printer)
  }
  if (!printer.isReordered && printer.argument < args.length) {
    write(printer, `%!(EXTRA ${args.slice(printer.argument).map(extraText).join(', ')})`)
  }
  return printer.output
}

const spacedTexts = function* (args: readonly GoValue[]): Generator<string> {
  for (const [index, value] of args.entries()) {
    const isSpaced = index > 0 && typeof value !== 'string' && typeof args[index - 1] !== 'string'
    yield (isSpaced ? ' ' : '') + showValue(value)
  }
}

/** Go's fmt.Sprint: a space between two operands of which neither is a string. Bounded as goSprintf is. */
export const goSprint = (args: readonly GoValue[]): string => joinBounded(spacedTexts(args))

/** Go's fmt.Sprintln: a space between all operands and a line's end. Bounded as goSprintf is. */
export const goSprintln = (args: readonly GoValue[]): string => `${joinBounded(args.map(showValue), ' ')}\n`
