import { compileRegex, type Regex } from '../../regex/index.ts'
import { assertTextLength, joinBounded } from '../bounded-text.ts'
import { showValue } from '../format-value.ts'
import type { GoValue } from '../go-value.ts'
import { TemplateFunctionError } from '../template-error.ts'
import { fixedArguments, integerAt, type TemplateFunction, textAt, textsAt } from '../template-function.ts'

const whiteSpace = /^\p{White_Space}$/u

/** A text without the characters at its start and its end for which `isCut` holds. */
const trimWhere = (text: string, isCut: (character: string) => boolean): string => {
  const characters = Array.from(text)
  let [start, end] = [0, characters.length]
  while (start < end && isCut(characters[start] ?? '')) start++
  while (end > start && isCut(characters[end - 1] ?? '')) end--
  return characters.slice(start, end).join('')
}

/** As Go's strings.TrimSpace. */
export const trimSpace = (text: string): string => trimWhere(text, character => whiteSpace.test(character))

const trim = (cutset: string, text: string): string => {
  const cut = new Set(cutset)
  return trimWhere(text, character => cut.has(character))
}

/** Go maps character by character: one that would become several stays as it is. */
const mapCharacters = (text: string, map: (character: string) => string): string =>
  Array.from(text, character => {
    const mapped = map(character)
    return Array.from(mapped).length === 1 ? mapped : character
  }).join('')

const toUpper = (text: string): string => mapCharacters(text, character => character.toUpperCase())

/** A word with what may stand inside of one: an apostrophe, a dot, a colon between letters. */
const word = /[\p{L}\p{M}\p{N}_]+(?:['\u2019.:\u00b7][\p{L}\p{M}\p{N}_]+)*/gu

const toTitle = (text: string): string => text.replace(word, found => found.replace(/\p{L}/u, toUpper))

/** As Go's strings.Split: by an empty separator into characters. */
export const splitText = (text: string, separator: string): readonly string[] =>
  separator === '' ? Array.from(text) : text.split(separator)

const replaceAll = (from: string, to: string, text: string): string =>
  joinBounded(from === '' ? ['', ...Array.from(text), ''] : text.split(from), to)

const indent = (spaces: bigint, text: string): string => {
  if (spaces < 0n) throw new TemplateFunctionError('indent value must be a positive integer')
  const lines = text.split('\n')
  assertTextLength(text.length + Number(spaces) * lines.filter(line => line !== '').length)
  const prefix = ' '.repeat(lines.some(line => line !== '') ? Number(spaces) : 0)
  return lines.map(line => (line === '' ? line : prefix + line)).join('\n')
}

const regexOf = (pattern: string): Regex => {
  const compiled = compileRegex(pattern)
  if (compiled.ok) return compiled.regex
  throw new TemplateFunctionError(`error parsing regexp: ${compiled.message}`)
}

/** The result is bounded before it is made: every `$` may stand for all that was matched. */
const regexReplaceAll = (pattern: string, replacement: string, text: string): string => {
  const regex = regexOf(pattern)
  const matches = regex.findAll(text)
  const references = replacement.split('$').length - 1
  const matchedLength = matches.reduce((sum, match) => sum + match.end - match.start, 0)
  assertTextLength(text.length + matches.length * replacement.length + matchedLength * references)
  return regex.replaceAll(text, replacement)
}

const two = (call: (first: string, second: string) => string): TemplateFunction =>
  fixedArguments(2, args => call(textAt(args, 0), textAt(args, 1)))

const one = (call: (text: string) => string): TemplateFunction => fixedArguments(1, args => call(textAt(args, 0)))

/** Matching takes time in proportion to the pattern's length times the text's. */
const regexWork = (args: readonly GoValue[]): number =>
  showValue(args[0] ?? null).length * showValue(args.at(-1) ?? null).length

const regexMatch: TemplateFunction = {
  ...fixedArguments(2, args => regexOf(textAt(args, 0)).test(textAt(args, 1))),
  workOf: regexWork,
}

const regexReplace: TemplateFunction = {
  ...fixedArguments(3, args => regexReplaceAll(textAt(args, 0), textAt(args, 1), textAt(args, 2))),
  workOf: regexWork,
}

/** What works on strings. The text comes last, so that it can be piped in. */
export const textFunctions: Readonly<Record<string, TemplateFunction>> = {
  indent: fixedArguments(2, args => indent(integerAt(args, 0), textAt(args, 1))),
  join: fixedArguments(2, args => joinBounded(textsAt(args, 1), textAt(args, 0))),
  regexMatch,
  regexReplaceAll: regexReplace,
  replaceAll: fixedArguments(3, args => replaceAll(textAt(args, 0), textAt(args, 1), textAt(args, 2))),
  split: fixedArguments(2, args => {
    const text = trimSpace(textAt(args, 1))
    return text === '' ? [] : splitText(text, textAt(args, 0))
  }),
  toLower: one(text => mapCharacters(text, character => character.toLowerCase())),
  toTitle: one(toTitle),
  toUpper: one(toUpper),
  trim: two(trim),
  trimPrefix: two((prefix, text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)),
  trimSuffix: two((suffix, text) => (text.endsWith(suffix) ? text.slice(0, text.length - suffix.length) : text)),
  trimSpace: one(trimSpace),
}
