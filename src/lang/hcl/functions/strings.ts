import { compileRegex } from '../../regex/index.ts'
import { charactersOf } from '../characters.ts'
import { toStringValue } from '../convert.ts'
import { define, defineVariadic, done, failed, type HclFunction, type Outcome, takes } from '../function.ts'
import { MAX_STRING_LENGTH } from '../limits.ts'
import type { HclNumber } from '../number-literal.ts'
import type { Value } from '../value.ts'

const joinLists = (separator: string, lists: readonly (readonly Value[])[]): Outcome => {
  const texts: string[] = []
  for (const [index, item] of lists.flat().entries()) {
    const text = toStringValue(item)
    if (!text.ok) return failed(`for element ${index}, ${text.message}`)
    texts.push(text.value)
  }
  return done(texts.join(separator))
}

const takeOff = (text: string, characters: string): string => {
  const unwanted = new Set(characters)
  const points = Array.from(text)
  let from = 0
  let to = points.length
  while (from < to && unwanted.has(points[from] ?? '')) from += 1
  while (to > from && unwanted.has(points[to - 1] ?? '')) to -= 1
  return points.slice(from, to).join('')
}

const substring = (text: string, offset: HclNumber, length: HclNumber): Outcome => {
  const characters = charactersOf(text)
  const from = Number(offset) < 0 ? Math.max(0, characters.length + Number(offset)) : Number(offset)
  if (!Number.isInteger(from)) return failed('the offset must be a whole number', 1)
  if (!Number.isInteger(Number(length))) return failed('the length must be a whole number', 2)
  const to = Number(length) < 0 ? characters.length : from + Number(length)
  return done(characters.slice(from, to).join(''))
}

const replaceLiteral = (text: string, search: string, replacement: string): Outcome => {
  const longest = text.length + (text.length + 1) * replacement.length
  if (longest > MAX_STRING_LENGTH && text.split(search).length * replacement.length > MAX_STRING_LENGTH) {
    return failed(`the result would have more than ${MAX_STRING_LENGTH} characters`)
  }
  return done(text.split(search).join(replacement))
}

const replaceByPattern = (text: string, pattern: string, replacement: string): Outcome => {
  const compiled = compileRegex(pattern)
  if (!compiled.ok) return failed(`the pattern is not valid: ${compiled.message}`, 1)
  const { regex } = compiled
  if (regex.findAll(text).length * (replacement.length + 1) > MAX_STRING_LENGTH) {
    return failed(`the result would have more than ${MAX_STRING_LENGTH} characters`)
  }
  return done(regex.replaceAll(text, replacement))
}

/** The text without the line breaks at its end. */
const withoutLineBreaks = (text: string): string => {
  let end = text.length
  while (text[end - 1] === '\n') end -= text[end - 2] === '\r' ? 2 : 1
  return text.slice(0, end)
}

const indent = (spaceCount: HclNumber, text: string): Outcome => {
  const width = Number(spaceCount)
  if (!Number.isInteger(width) || width < 0) return failed('the number of spaces must be a whole number from 0', 0)
  const lines = text.split('\n')
  if (width * lines.length > MAX_STRING_LENGTH) {
    return failed(`the result would have more than ${MAX_STRING_LENGTH} characters`, 0)
  }
  return done(lines.join(`\n${' '.repeat(width)}`))
}

const text = takes.string('str')

export const stringFunctions: readonly HclFunction[] = [
  defineVariadic('join', [takes.string('separator')], takes.list('lists'), ([separator], lists) =>
    joinLists(separator, lists),
  ),
  define('split', [takes.string('separator'), text], (separator, value) =>
    done(separator === '' ? Array.from(value) : value.split(separator)),
  ),
  define('upper', [text], value => done(value.toUpperCase())),
  define('lower', [text], value => done(value.toLowerCase())),
  define('title', [text], value =>
    done(
      value.replace(
        /(^|[^\p{L}\p{N}_'])(\p{L})/gu,
        (_, before: string, letter: string) => before + letter.toUpperCase(),
      ),
    ),
  ),
  define('trimspace', [text], value => done(value.trim())),
  define('trim', [text, takes.string('cutset')], (value, cutset) => done(takeOff(value, cutset))),
  define('trimprefix', [text, takes.string('prefix')], (value, prefix) =>
    done(prefix !== '' && value.startsWith(prefix) ? value.slice(prefix.length) : value),
  ),
  define('trimsuffix', [text, takes.string('suffix')], (value, suffix) =>
    done(suffix !== '' && value.endsWith(suffix) ? value.slice(0, -suffix.length) : value),
  ),
  define('replace', [text, takes.string('substr'), takes.string('replace')], replaceLiteral),
  define('regex_replace', [text, takes.string('pattern'), takes.string('replace')], replaceByPattern),
  define('substr', [text, takes.number('offset'), takes.number('length')], substring),
  define('strlen', [text], value => done(charactersOf(value).length)),
  define('strrev', [text], value => done(charactersOf(value).toReversed().join(''))),
  define('indent', [takes.number('spaces'), text], indent),
  define('chomp', [text], value => done(withoutLineBreaks(value))),
]
