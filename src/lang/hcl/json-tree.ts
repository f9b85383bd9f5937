import type { Diagnostic } from './diagnostic.ts'
import type { Range } from './range.ts'
import { type SourceText, sourceText } from './source-text.ts'
import type { Attribute, Expression } from './syntax.ts'

/** JSON with places: what a translation needs to point at what is wrong. */
export type JsonEntry = { readonly key: string; readonly keyRange: Range; readonly value: JsonNode }
export type JsonNode = { readonly range: Range } & (
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'object'; readonly entries: readonly JsonEntry[] }
)

export type ParsedJson =
  | { readonly ok: true; readonly node: JsonNode }
  | { readonly ok: false; readonly diagnostic: Diagnostic }

/** Lists and objects inside each other. */
export const MAX_JSON_DEPTH = 100

const token =
  /[\s\uFEFF]*([[\]{}:,]|"(?:[^"\\\p{Cc}]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/uy
const blank = /[\s\uFEFF]*/y

type Token = { readonly text: string; readonly start: number; readonly end: number }
type Reader = { readonly source: SourceText; offset: number }

class JsonFault extends Error {
  readonly range: Range
  constructor(range: Range, message: string) {
    super(message)
    this.range = range
  }
}

const placeOf = (reader: Reader): Range => {
  blank.lastIndex = reader.offset
  const start = reader.offset + (blank.exec(reader.source.text)?.[0].length ?? 0)
  return reader.source.rangeOf(start, start + 1)
}

const next = (reader: Reader, wanted: string): Token => {
  token.lastIndex = reader.offset
  const text = token.exec(reader.source.text)?.[1]
  if (text === undefined) throw new JsonFault(placeOf(reader), `${wanted} belongs here.`)
  reader.offset = token.lastIndex
  return { text, start: token.lastIndex - text.length, end: token.lastIndex }
}

const scalarOf = (reader: Reader, { text, start, end }: Token): string | number | boolean | null => {
  try {
    const value: unknown = JSON.parse(text)
    if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
    if (typeof value === 'number' && Number.isFinite(value)) return value
  } catch {
    // What the pattern lets pass and JSON does not is an unknown escape.
  }
  throw new JsonFault(reader.source.rangeOf(start, end), `${text} is no value.`)
}

const readNode = (reader: Reader, first: Token, depth: number): JsonNode => {
  const rangeTo = (end: number): Range => reader.source.rangeOf(first.start, end)
  if (depth > MAX_JSON_DEPTH) throw new JsonFault(rangeTo(first.end), `This is more than ${MAX_JSON_DEPTH} deep.`)
  switch (first.text) {
    case '[': {
      const items = readItems(reader, depth)
      return { kind: 'list', items, range: rangeTo(reader.offset) }
    }
    case '{': {
      const entries = readEntries(reader, depth)
      return { kind: 'object', entries, range: rangeTo(reader.offset) }
    }
    case ']':
    case '}':
    case ':':
    case ',':
      throw new JsonFault(rangeTo(first.end), `A value belongs here, and this is "${first.text}".`)
    default:
      return { kind: 'scalar', value: scalarOf(reader, first), range: rangeTo(first.end) }
  }
}

/** After an item: true if another follows. */
const goesOn = (reader: Reader, close: string): boolean => {
  const found = next(reader, `"," or "${close}"`)
  if (found.text !== ',' && found.text !== close)
    throw new JsonFault(reader.source.rangeOf(found.start, found.end), `"," or "${close}" belongs here.`)
  return found.text === ','
}

const readItems = (reader: Reader, depth: number): readonly JsonNode[] => {
  const items: JsonNode[] = []
  let first = next(reader, 'A value or "]"')
  if (first.text === ']') return items
  for (;;) {
    items.push(readNode(reader, first, depth + 1))
    if (!goesOn(reader, ']')) return items
    first = next(reader, 'A value')
  }
}

const readEntries = (reader: Reader, depth: number): readonly JsonEntry[] => {
  const entries = new Map<string, JsonEntry>()
  let first = next(reader, 'A key or "}"')
  if (first.text === '}') return []
  for (;;) {
    const keyRange = reader.source.rangeOf(first.start, first.end)
    const key = first.text.startsWith('"') ? scalarOf(reader, first) : null
    if (typeof key !== 'string') throw new JsonFault(keyRange, 'A key in double quotes belongs here.')
    if (entries.has(key)) throw new JsonFault(keyRange, `The key "${key}" stands twice in this object.`)
    const colon = next(reader, '":"')
    if (colon.text !== ':') throw new JsonFault(reader.source.rangeOf(colon.start, colon.end), '":" belongs here.')
    entries.set(key, { key, keyRange, value: readNode(reader, next(reader, 'A value'), depth + 1) })
    if (!goesOn(reader, '}')) return [...entries.values()]
    first = next(reader, 'A key')
  }
}

/** Reads a JSON text with the place of every value. Stops at the first fault. Never throws. */
export const parseJson = (text: string): ParsedJson => {
  const reader: Reader = { source: sourceText(text), offset: 0 }
  try {
    const node = readNode(reader, next(reader, 'A value'), 1)
    blank.lastIndex = reader.offset
    const rest = reader.offset + (blank.exec(text)?.[0].length ?? 0)
    if (rest < text.length) throw new JsonFault(placeOf(reader), 'Nothing may follow the value.')
    return { ok: true, node }
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    const { message: detail, range } = error
    return { ok: false, diagnostic: { severity: 'error', summary: 'Invalid JSON', detail, range } }
  }
}

/** Texts are taken as they are: nothing in JSON is a template. */
const expressionOf = (node: JsonNode): Expression => {
  const { range } = node
  switch (node.kind) {
    case 'scalar':
      return { kind: 'literal', value: node.value, range }
    case 'list':
      return { kind: 'list', items: node.items.map(expressionOf), range }
    case 'object':
      return {
        kind: 'object',
        items: node.entries.map(({ key, keyRange, value }) => ({
          key: { kind: 'name', name: key, range: keyRange },
          value: expressionOf(value),
        })),
        range,
      }
  }
}

/** What `name = value` would be in HCL. */
export const attributeOf = (name: string, { keyRange, value }: JsonEntry): Attribute => ({
  name,
  nameRange: keyRange,
  expression: expressionOf(value),
  range: { start: keyRange.start, end: value.range.end },
})
