import { assertTextLength, joinBounded } from '../bounded-text.ts'
import { type GoValue, goMap, isList, isMap, sortedEntries } from '../go-value.ts'
import { MAX_DATA_DEPTH } from '../limits.ts'
import { TemplateFunctionError } from '../template-error.ts'

export type JsonStyle = { readonly isPretty: boolean; readonly escapesHtml: boolean }

const quoteJson = (text: string, escapesHtml: boolean): string => {
  const quoted = JSON.stringify(text).replace(/[\u2028\u2029]/g, found => (found === '\u2028' ? '\\u2028' : '\\u2029'))
  if (!escapesHtml) return quoted
  return quoted.replace(/[<>&]/g, found => `\\u00${found.charCodeAt(0).toString(16)}`)
}

const numberText = (value: number): string => {
  if (!Number.isFinite(value)) throw new TemplateFunctionError(`json: unsupported value: ${value}`)
  return Object.is(value, -0) ? '-0' : String(value)
}

const indented = function* (parts: readonly string[], indent: string): Generator<string> {
  for (const part of parts) yield `${indent}  ${part}`
}

const wrapped = (
  parts: readonly string[],
  [open, close]: readonly [string, string],
  isPretty: boolean,
  indent: string,
): string => {
  if (parts.length === 0) return open + close
  if (!isPretty) return open + joinBounded(parts, ',') + close
  return `${open}\n${joinBounded(indented(parts, indent), ',\n')}\n${indent}${close}`
}

const encode = (value: GoValue, style: JsonStyle, indent: string): string => {
  if (value === null) return 'null'
  if (typeof value === 'string') return quoteJson(value, style.escapesHtml)
  if (typeof value === 'number') return numberText(value)
  if (typeof value !== 'object') return String(value)
  const inner = `${indent}  `
  if (isList(value)) {
    const parts = value.map(element => encode(element, style, inner))
    return wrapped(parts, ['[', ']'], style.isPretty, indent)
  }
  const entries = isMap(value) ? sortedEntries(value) : [...value.fields]
  const colon = style.isPretty ? ': ' : ':'
  const parts = entries.map(([key, entry]) => quoteJson(key, style.escapesHtml) + colon + encode(entry, style, inner))
  return wrapped(parts, ['{', '}'], style.isPretty, indent)
}

/** A value as Go's encoding/json writes it: the keys of maps sorted, the fields of structs in their order. */
export const toGoJson = (value: GoValue, style: JsonStyle): string => {
  const text = encode(value, style, '')
  assertTextLength(text.length)
  return text
}

/** JSON has floats only, as it has for Go when no type says otherwise; so a whole number does not become an int here. */
const fromJson = (value: unknown, depth: number): GoValue => {
  if (depth > MAX_DATA_DEPTH) throw new TemplateFunctionError(`nested more than ${MAX_DATA_DEPTH} levels deep`)
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(element => fromJson(element, depth + 1))
  if (typeof value !== 'object' || value === null) return null
  return goMap(Object.entries(value).map(([key, entry]) => [key, fromJson(entry, depth + 1)]))
}

/** What a JSON text says; an empty text is an empty map. Throws TemplateFunctionError where it is no JSON. */
export const parseGoJson = (text: string): GoValue => {
  if (text === '') return goMap([])
  try {
    return fromJson(JSON.parse(text), 0)
  } catch (error) {
    if (error instanceof SyntaxError) throw new TemplateFunctionError('the text is not valid JSON')
    throw error
  }
}
