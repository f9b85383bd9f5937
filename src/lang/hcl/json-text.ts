import { wellFormed } from './characters.ts'
import type { Converted } from './convert.ts'
import { MAX_STRING_LENGTH, MAX_VALUE_DEPTH } from './limits.ts'
import { printNumber, readNumber } from './number-literal.ts'
import { describeKind, isList, isObject, objectOf, sortedKeys, UNKNOWN, type Value } from './value.ts'

/** JSON as HCL writes and reads it: keys sorted, `<`, `>` and `&` escaped, whole numbers exact at any size. */

const escapes: ReadonlyMap<string, string> = new Map([
  ['<', '\\u003c'],
  ['>', '\\u003e'],
  ['&', '\\u0026'],
  ['\u2028', '\\u2028'],
  ['\u2029', '\\u2029'],
])

const encodeString = (text: string): string =>
  JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, character => escapes.get(character) ?? character)

/** Appends the value's JSON; false once there is no more room. */
const encodeInto = (pieces: string[], value: Value, room: { left: number }): boolean => {
  const push = (piece: string): boolean => {
    room.left -= piece.length
    if (room.left >= 0) pieces.push(piece)
    return room.left >= 0
  }
  if (isList(value)) {
    const separator = (index: number): string => (index === 0 ? '' : ',')
    return push('[') && value.every((item, i) => push(separator(i)) && encodeInto(pieces, item, room)) && push(']')
  }
  if (isObject(value)) {
    const label = (key: string, index: number): string => `${index === 0 ? '' : ','}${encodeString(key)}:`
    const encodeEntry = (key: string, index: number): boolean =>
      push(label(key, index)) && encodeInto(pieces, value[key] ?? null, room)
    return push('{') && sortedKeys(value).every(encodeEntry) && push('}')
  }
  if (typeof value === 'string') return push(encodeString(value))
  if (typeof value === 'number' || typeof value === 'bigint') return push(printNumber(value))
  return push(value === UNKNOWN ? 'null' : String(value))
}

/** The value as JSON text; refused if that would be longer than a string may be. */
export const encodeJson = (value: Value): Converted<string> => {
  const pieces: string[] = []
  if (encodeInto(pieces, value, { left: MAX_STRING_LENGTH })) return { ok: true, value: pieces.join('') }
  return {
    ok: false,
    message: `${describeKind(value)} this large has no JSON of at most ${MAX_STRING_LENGTH} characters`,
  }
}

const token =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\n]|\\.)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/uy

type Reader = { readonly text: string; offset: number; fault: string | undefined }

type JsonToken =
  | { readonly kind: 'sign'; readonly text: string }
  | { readonly kind: 'value'; readonly value: Value }
  | undefined

const words: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['false', false],
  ['null', null],
])

const refuse = (reader: Reader, message: string): undefined => {
  reader.fault ??= `${message} at character ${reader.offset + 1}`
  return undefined
}

const readString = (reader: Reader, text: string): JsonToken => {
  try {
    return { kind: 'value', value: wellFormed(String(JSON.parse(text))) }
  } catch {
    return refuse(reader, 'there is an invalid escape in the text that ends')
  }
}

const nextToken = (reader: Reader): JsonToken => {
  token.lastIndex = reader.offset
  const found = token.exec(reader.text)
  if (found === null) return refuse(reader, 'no JSON value is found')
  reader.offset += found[0].length
  const [, sign, string, number, word] = found
  if (sign !== undefined) return { kind: 'sign', text: sign }
  if (string !== undefined) return readString(reader, string)
  if (number === undefined) return { kind: 'value', value: words.get(word ?? '') ?? null }
  const value = readNumber(number)
  return value === undefined ? refuse(reader, 'the number is too large that ends') : { kind: 'value', value }
}

const readValue = (reader: Reader, first: JsonToken, depth: number): Value => {
  if (first === undefined) return null
  if (first.kind === 'value') return first.value
  if (depth > MAX_VALUE_DEPTH) refuse(reader, `the nesting is deeper than ${MAX_VALUE_DEPTH}`)
  else if (first.text === '[') return readItems(reader, depth)
  else if (first.text === '{') return readEntries(reader, depth)
  else refuse(reader, `"${first.text}" stands where a value belongs, before it ends`)
  return null
}

const isSign = (found: JsonToken, text: string): boolean => found?.kind === 'sign' && found.text === text

/** After an item: true if another follows. */
const goesOn = (reader: Reader, close: string): boolean => {
  const found = nextToken(reader)
  if (isSign(found, ',')) return true
  if (!isSign(found, close)) refuse(reader, `"," or "${close}" is missing`)
  return false
}

const readItems = (reader: Reader, depth: number): Value => {
  const items: Value[] = []
  let first = nextToken(reader)
  if (isSign(first, ']')) return items
  for (;;) {
    items.push(readValue(reader, first, depth + 1))
    if (reader.fault !== undefined || !goesOn(reader, ']')) return items
    first = nextToken(reader)
  }
}

const readEntries = (reader: Reader, depth: number): Value => {
  const entries: [string, Value][] = []
  let key = nextToken(reader)
  if (isSign(key, '}')) return objectOf(entries)
  for (;;) {
    if (key?.kind !== 'value' || typeof key.value !== 'string') refuse(reader, 'a key must be a text, and is none')
    else if (!isSign(nextToken(reader), ':')) refuse(reader, '":" is missing after the key')
    else entries.push([key.value, readValue(reader, nextToken(reader), depth + 1)])
    if (reader.fault !== undefined || !goesOn(reader, '}')) return objectOf(entries)
    key = nextToken(reader)
  }
}

/** Reads a JSON text. The message of a refusal says where the fault is. */
export const decodeJson = (text: string): Converted<Value> => {
  const reader: Reader = { text, offset: 0, fault: undefined }
  const value = readValue(reader, nextToken(reader), 1)
  if (reader.fault === undefined && text.slice(reader.offset).trim() !== '')
    refuse(reader, 'something follows the value')
  return reader.fault === undefined ? { ok: true, value } : { ok: false, message: `this is not JSON: ${reader.fault}` }
}
