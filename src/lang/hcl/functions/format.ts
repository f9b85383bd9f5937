import { formatText } from '../format-text.ts'
import { defineVariadic, done, failed, type HclFunction, type Outcome, takes } from '../function.ts'
import { isList, type Value } from '../value.ts'

const formatOne = (format: string, args: readonly Value[]): Outcome => {
  const result = formatText(format, args)
  return result.ok ? done(result.value) : failed(result.message, result.argument ?? 0)
}

/** One text for each index of the lists; arguments that are no lists are the same for all. */
const formatEach = (format: string, args: readonly Value[]): Outcome => {
  const first = args.find(isList)
  if (first === undefined) {
    const single = formatOne(format, args)
    return single.kind === 'value' ? done([single.value]) : single
  }
  const uneven = args.findIndex(arg => isList(arg) && arg.length !== first.length)
  if (uneven >= 0)
    return failed(`all lists must have one length, and this has not ${first.length} elements`, uneven + 1)
  const texts: Value[] = []
  for (const index of first.keys()) {
    const row = args.map(arg => (isList(arg) ? (arg[index] ?? null) : arg))
    const text = formatOne(format, row)
    if (text.kind === 'failed') return failed(`for element ${index}: ${text.message}`, text.argument)
    texts.push(text.value)
  }
  return done(texts)
}

export const formatFunctions: readonly HclFunction[] = [
  defineVariadic('format', [takes.string('format')], takes.any('args'), ([format], args) => formatOne(format, args)),
  defineVariadic('formatlist', [takes.string('format')], takes.any('args'), ([format], args) =>
    formatEach(format, args),
  ),
]
