import { parseGoDuration } from '../goflags/index.ts'
import { toBool, toNumber, toStringValue } from './convert.ts'
import { type DecodeContext, type Field, type Finding, type KnownNames, report, valueOf } from './decode-context.ts'
import { reportOtherNames } from './known-names.ts'
import type { Range } from './range.ts'
import { suggestionHint } from './suggest.ts'
import type { Attribute, Block, Body } from './syntax.ts'
import { isList, isObject, UNKNOWN, type Value } from './value.ts'

/** Reads one body field by field; whatever is never asked for and not known otherwise is reported by `finish`. */
export type Reader = {
  readonly body: Body
  readonly context: DecodeContext
  readonly has: (name: string) => boolean
  /** Where a name's value stands; where it is not written, the body. */
  readonly rangeOf: (name: string) => Range
  /** Undefined when it is not written or null. */
  readonly value: (name: string) => Value | undefined
  readonly string: <D extends string | null>(name: string, fallback: D) => string | D
  readonly integer: <D extends number | null>(name: string, fallback: D) => number | D
  readonly bool: <D extends boolean | null>(name: string, fallback: D) => boolean | D
  /** Milliseconds; a Go duration, or an integer of nanoseconds. */
  readonly duration: <D extends number | null>(name: string, fallback: D) => number | D
  readonly oneOf: <T extends string>(name: string, choices: readonly T[], fallback: T) => T
  readonly strings: (name: string) => readonly string[] | null
  readonly stringMap: (name: string) => Readonly<Record<string, string>> | null
  readonly blocks: (type: string) => readonly Block[]
  /** The only block of a type; a second one is an error. */
  readonly block: (type: string) => Block | undefined
  readonly report: (finding: Finding) => void
  readonly finish: (known?: KnownNames) => void
}

const NANOSECONDS_PER_MS = 1e6

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`)

type State = {
  readonly body: Body
  readonly context: DecodeContext
  /** The first attribute of each name; a second one is a fault that the scanner reports. */
  readonly first: ReadonlyMap<string, Attribute>
  readonly attributes: Map<string, Field>
  readonly blocks: Map<string, Field>
}

/** A conversion's result: its value, or what stands there instead. */
type Converted<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string }
const refused = (message: string): { readonly ok: false; readonly message: string } => ({ ok: false, message })

const toInteger = (value: Value): Converted<number> => {
  const converted = toNumber(value)
  if (!converted.ok) return converted
  if (!Number.isSafeInteger(converted.value)) return refused(`it is ${converted.value}`)
  return { ok: true, value: Number(converted.value) }
}

const toDurationMs = (value: Value): Converted<number> => {
  const parsed =
    typeof value === 'number' ? value / NANOSECONDS_PER_MS : typeof value === 'string' ? parseGoDuration(value) : null
  return parsed === null ? refused('write it like "30s" or "1h30m"') : { ok: true, value: parsed }
}

const rangeIn = (state: State, name: string): Range => state.first.get(name)?.expression.range ?? state.body.range

const ask = (state: State, field: Omit<Field, 'choices'> & { readonly choices?: readonly string[] }): void => {
  const names = field.form === 'block' ? state.blocks : state.attributes
  const known = names.get(field.name)
  if (known === undefined || known.form === 'any') names.set(field.name, { choices: [], ...field })
}

/** Undefined when it is not written, null, or at fault already. */
const readValue = (state: State, name: string): Exclude<Value, null | typeof UNKNOWN> | undefined => {
  const attribute = state.first.get(name)
  if (attribute === undefined) return undefined
  const result = valueOf(state.context, attribute, state.body)
  return result === null || result === UNKNOWN ? undefined : result
}

const wrongType = (state: State, name: string, wanted: string, message: string): void =>
  report(state.context, {
    summary: 'Incorrect attribute value type',
    detail: `"${name}" must be ${article(wanted)}: ${message}.`,
    range: rangeIn(state, name.split('.')[0] ?? name),
  })

type Conversion<T> = {
  readonly form: Field['form']
  readonly noun: string
  readonly convert: (value: Value) => Converted<T>
}
const conversions = {
  string: { form: 'string', noun: 'string', convert: toStringValue },
  integer: { form: 'integer', noun: 'whole number', convert: toInteger },
  bool: { form: 'bool', noun: 'bool', convert: toBool },
  duration: { form: 'duration', noun: 'duration', convert: toDurationMs },
} satisfies Record<string, Conversion<unknown>>

/** Reads one name by a conversion; the fallback where it is not written or cannot be converted. */
const readAs =
  <T extends string | number | boolean>(state: State, { form, noun, convert }: Conversion<T>) =>
  <D extends T | null>(name: string, fallback: D): T | D => {
    ask(state, { name, form, fallback })
    const found = readValue(state, name)
    if (found === undefined) return fallback
    const converted = convert(found)
    if (converted.ok) return converted.value
    wrongType(state, name, noun, converted.message)
    return fallback
  }

const readOneOf =
  (state: State): Reader['oneOf'] =>
  (name, choices, fallback) => {
    ask(state, { name, form: 'choice', fallback, choices })
    const found = readAs(state, conversions.string)(name, fallback)
    const choice = choices.find(candidate => candidate === found)
    if (choice !== undefined) return choice
    report(state.context, {
      summary: 'Unsupported value',
      detail: `"${name}" is "${found}"; it must be one of ${choices.map(candidate => `"${candidate}"`).join(', ')}.`,
      hint: suggestionHint(found, choices),
      range: rangeIn(state, name),
    })
    return fallback
  }

const readStrings =
  (state: State): Reader['strings'] =>
  name => {
    ask(state, { name, form: 'list', fallback: null })
    const found = readValue(state, name)
    if (found === undefined) return null
    if (!isList(found)) {
      wrongType(state, name, 'list of strings', 'it is something else')
      return null
    }
    return found.flatMap(entry => {
      const converted = toStringValue(entry)
      if (converted.ok) return [converted.value]
      if (entry !== UNKNOWN) wrongType(state, name, 'list of strings', converted.message)
      return []
    })
  }

/** An entry that is null is not there. */
const mapOf = (state: State, name: string, found: Value): Readonly<Record<string, string>> | null => {
  if (!isObject(found)) {
    wrongType(state, name, 'map of strings', 'it is something else')
    return null
  }
  const entries = Object.entries(found).flatMap(([key, entry]) => {
    if (entry === null) return []
    const converted = toStringValue(entry)
    if (converted.ok) return [[key, converted.value] as const]
    if (entry !== UNKNOWN) wrongType(state, `${name}.${key}`, 'string', converted.message)
    return []
  })
  return Object.fromEntries(entries)
}

const mapOfBlock = (block: Block, context: DecodeContext): Readonly<Record<string, string>> => {
  const inner = createReader(block.body, context)
  const entries = block.body.attributes.flatMap(({ name }) => {
    const text = inner.string(name, null)
    return text === null ? [] : [[name, text] as const]
  })
  reportOtherNames(
    block.body,
    context,
    { attributes: new Set(block.body.attributes.map(({ name }) => name)), blocks: new Set() },
    {},
  )
  return Object.fromEntries(entries)
}

/** The attribute form `meta = {…}` or the block form `meta {…}`; the language allows one of them. */
const readStringMap =
  (state: State): Reader['stringMap'] =>
  name => {
    ask(state, { name, form: 'map', fallback: null })
    const found = readValue(state, name)
    const written = readBlock(state, 'map')(name)
    if (written !== undefined) return mapOfBlock(written, state.context)
    return found === undefined ? null : mapOf(state, name, found)
  }

const readBlocks =
  (state: State, form: Field['form']) =>
  (type: string): readonly Block[] => {
    if (form === 'block') ask(state, { name: type, form, fallback: null })
    else state.blocks.set(type, { name: type, form, fallback: null, choices: [] })
    return state.body.blocks.filter(block => block.type === type)
  }

const readBlock =
  (state: State, form: Field['form']) =>
  (type: string): Block | undefined => {
    const [only, ...more] = readBlocks(state, form)(type)
    for (const extra of more) {
      report(state.context, {
        summary: 'Duplicate block',
        detail: `Only one "${type}" block is allowed here; another stands at line ${only?.headerRange.start.line}.`,
        range: extra.headerRange,
      })
    }
    return only
  }

const finishReading = (state: State, known: KnownNames): void => {
  const { body, context, attributes, blocks } = state
  reportOtherNames(body, context, { attributes: new Set(attributes.keys()), blocks: new Set(blocks.keys()) }, known)
  context.onVocabulary?.(body, [...new Map([...blocks, ...attributes]).values()], known)
}

export const createReader = (body: Body, context: DecodeContext): Reader => {
  const first = new Map(body.attributes.toReversed().map(attribute => [attribute.name, attribute]))
  const state: State = { body, context, first, attributes: new Map(), blocks: new Map() }
  return {
    body,
    context,
    has: name => first.has(name),
    rangeOf: name => rangeIn(state, name),
    value: name => {
      ask(state, { name, form: 'any', fallback: null })
      return readValue(state, name)
    },
    string: readAs(state, conversions.string),
    integer: readAs(state, conversions.integer),
    bool: readAs(state, conversions.bool),
    duration: readAs(state, conversions.duration),
    oneOf: readOneOf(state),
    strings: readStrings(state),
    stringMap: readStringMap(state),
    blocks: readBlocks(state, 'block'),
    block: readBlock(state, 'block'),
    report: finding => report(context, finding),
    finish: (known = {}) => finishReading(state, known),
  }
}

/** The one label of a block; a block without it, or with more, is reported. */
export const labelOf = (context: Pick<DecodeContext, 'diagnostics'>, block: Block, what: string): string => {
  const [label, ...more] = block.labels
  if (label === undefined || more.length > 0) {
    report(context, {
      summary: label === undefined ? 'Missing label' : 'Extraneous label',
      detail: `A "${block.type}" block takes one label, its ${what}.`,
      range: block.headerRange,
    })
  }
  return label?.value ?? ''
}
