import type { Json } from '../domain/json.ts'
import { parseGoDuration } from '../lang/goflags/index.ts'
import {
  type Attribute,
  type Block,
  type Body,
  type Diagnostic,
  evaluate,
  isList,
  isObject,
  type Range,
  type Scope,
  suggestionHint,
  toBool,
  toNumber,
  toStringValue,
  UNKNOWN,
  type Value,
} from '../lang/hcl/index.ts'

/** What the decoding of one file shares: where names are looked up, and every finding so far. */
export type DecodeContext = { readonly scope: Scope; readonly diagnostics: Diagnostic[] }

/**
 * Names of a body that are known but not acted on. `ignored`: accepted with a warning. `refused`: leaving it out would
 * change what a task may do or where its data is, so the job is refused, by name and with the reason.
 */
export type KnownNames = {
  readonly ignored?: Readonly<Record<string, string>>
  readonly refused?: Readonly<Record<string, string>>
}

/** Reads one body field by field; whatever is never asked for and not known otherwise is reported by `finish`. */
export type Reader = {
  readonly body: Body
  readonly context: DecodeContext
  readonly has: (name: string) => boolean
  readonly rangeOf: (name: string) => Range
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

export type Finding = {
  readonly severity?: 'error' | 'warning'
  readonly summary: string
  readonly detail: string
  readonly hint?: string | undefined
  readonly range: Range
}

export const report = (context: DecodeContext, finding: Finding): void => {
  const { severity = 'error', summary, detail, hint, range } = finding
  context.diagnostics.push({ severity, summary, detail, range, ...(hint === undefined ? {} : { hint }) })
}

/** Evaluates an expression and keeps its findings. */
export const valueOf = (context: DecodeContext, attribute: Pick<Attribute, 'expression'>): Value => {
  const { value, diagnostics } = evaluate(attribute.expression, context.scope)
  context.diagnostics.push(...diagnostics)
  return value
}

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`)

/** A value as plain JSON, for a driver's own configuration. Numbers beyond 2^53 become text. */
export const toJson = (value: Value): Json => {
  if (value === UNKNOWN) return null
  if (typeof value === 'bigint') return String(value)
  if (isList(value)) return value.map(toJson)
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toJson(entry)]))
  return value
}

const NANOSECONDS_PER_MS = 1e6

const durationOf = (value: Value): number | null => {
  if (typeof value === 'number') return value / NANOSECONDS_PER_MS
  return typeof value === 'string' ? parseGoDuration(value) : null
}

export const createReader = (body: Body, context: DecodeContext): Reader => {
  const asked = new Set<string>()
  const askedBlocks = new Set<string>()
  const first = new Map<string, Attribute>()
  for (const attribute of body.attributes) {
    if (!first.has(attribute.name)) first.set(attribute.name, attribute)
  }

  const rangeOf = (name: string): Range => first.get(name)?.expression.range ?? body.range

  const value = (name: string): Value | undefined => {
    asked.add(name)
    const attribute = first.get(name)
    if (attribute === undefined) return undefined
    const result = valueOf(context, attribute)
    return result === null ? undefined : result
  }

  const wrongType = (name: string, wanted: string, message: string): void =>
    report(context, {
      summary: 'Incorrect attribute value type',
      detail: `"${name}" must be ${article(wanted)}: ${message}.`,
      range: rangeOf(name),
    })

  const string: Reader['string'] = (name, fallback) => {
    const found = value(name)
    if (found === undefined || found === UNKNOWN) return fallback
    const converted = toStringValue(found)
    if (converted.ok) return converted.value
    wrongType(name, 'string', converted.message)
    return fallback
  }

  const integer: Reader['integer'] = (name, fallback) => {
    const found = value(name)
    if (found === undefined || found === UNKNOWN) return fallback
    const converted = toNumber(found)
    if (!converted.ok) wrongType(name, 'whole number', converted.message)
    else if (!Number.isSafeInteger(converted.value)) wrongType(name, 'whole number', `it is ${converted.value}`)
    else return Number(converted.value)
    return fallback
  }

  const bool: Reader['bool'] = (name, fallback) => {
    const found = value(name)
    if (found === undefined || found === UNKNOWN) return fallback
    const converted = toBool(found)
    if (converted.ok) return converted.value
    wrongType(name, 'bool', converted.message)
    return fallback
  }

  const duration: Reader['duration'] = (name, fallback) => {
    const found = value(name)
    if (found === undefined || found === UNKNOWN) return fallback
    const parsed = durationOf(found)
    if (parsed !== null) return parsed
    wrongType(name, 'duration', 'write it like "30s" or "1h30m"')
    return fallback
  }

  const oneOf: Reader['oneOf'] = (name, choices, fallback) => {
    const found = string(name, fallback)
    const choice = choices.find(candidate => candidate === found)
    if (choice !== undefined) return choice
    report(context, {
      summary: 'Unsupported value',
      detail: `"${name}" is "${found}"; it must be one of ${choices.map(candidate => `"${candidate}"`).join(', ')}.`,
      hint: suggestionHint(found, choices),
      range: rangeOf(name),
    })
    return fallback
  }

  const strings: Reader['strings'] = name => {
    const found = value(name)
    if (found === undefined || found === UNKNOWN) return null
    if (!isList(found)) {
      wrongType(name, 'list of strings', 'it is something else')
      return null
    }
    return found.flatMap(entry => {
      const converted = toStringValue(entry)
      if (converted.ok) return [converted.value]
      if (entry !== UNKNOWN) wrongType(name, 'list of strings', converted.message)
      return []
    })
  }

  const mapOf = (name: string, found: Value): Readonly<Record<string, string>> | null => {
    if (found === UNKNOWN) return null
    if (!isObject(found)) {
      wrongType(name, 'map of strings', 'it is something else')
      return null
    }
    const entries = Object.entries(found).flatMap(([key, entry]) => {
      const converted = toStringValue(entry)
      if (converted.ok) return [[key, converted.value] as const]
      if (entry !== UNKNOWN) wrongType(`${name}.${key}`, 'string', converted.message)
      return []
    })
    return Object.fromEntries(entries)
  }

  const blocks: Reader['blocks'] = type => {
    askedBlocks.add(type)
    return body.blocks.filter(block => block.type === type)
  }

  const block: Reader['block'] = type => {
    const [only, ...more] = blocks(type)
    for (const extra of more) {
      report(context, {
        summary: 'Duplicate block',
        detail: `Only one "${type}" block is allowed here; another stands at line ${only?.headerRange.start.line}.`,
        range: extra.headerRange,
      })
    }
    return only
  }

  /** The attribute form `meta = {…}` or the block form `meta {…}`; both at once say two things. */
  const stringMap: Reader['stringMap'] = name => {
    const found = value(name)
    const written = block(name)
    if (found !== undefined && written !== undefined) {
      report(context, {
        summary: 'Duplicate definition',
        detail: `"${name}" is given both as an attribute and as a block; one would be lost.`,
        range: written.headerRange,
      })
    }
    if (written === undefined) return found === undefined ? null : mapOf(name, found)
    const inner = createReader(written.body, context)
    const entries = written.body.attributes.map(
      attribute => [attribute.name, inner.string(attribute.name, '')] as const,
    )
    inner.finish()
    return Object.fromEntries(entries)
  }

  const finish: Reader['finish'] = (known = {}) => {
    const names = [...asked, ...askedBlocks, ...Object.keys(known.ignored ?? {}), ...Object.keys(known.refused ?? {})]
    const written = [
      ...body.attributes.map(({ name, nameRange }) => ({
        name,
        range: nameRange,
        isKnown: asked.has(name),
        noun: 'argument',
      })),
      ...body.blocks.map(({ type, headerRange }) => ({
        name: type,
        range: headerRange,
        isKnown: askedBlocks.has(type),
        noun: 'block',
      })),
    ]
    for (const { name, range, isKnown, noun } of written) {
      if (isKnown) continue
      const refusal = known.refused?.[name]
      const notice = known.ignored?.[name]
      if (refusal !== undefined) {
        report(context, { summary: 'Not supported yet', detail: `"${name}" is refused: ${refusal}.`, range })
      } else if (notice !== undefined) {
        report(context, {
          severity: 'warning',
          summary: 'Not acted on',
          detail: `"${name}" is accepted but ${notice}.`,
          range,
        })
      } else {
        report(context, {
          summary: `Unsupported ${noun}`,
          detail: `A${noun === 'argument' ? 'n' : ''} ${noun} named "${name}" is not expected here.`,
          hint: suggestionHint(name, names),
          range,
        })
      }
    }
  }

  const has = (name: string): boolean => first.has(name)
  const tell = (finding: Finding): void => report(context, finding)
  return {
    body,
    context,
    has,
    rangeOf,
    value,
    string,
    integer,
    bool,
    duration,
    oneOf,
    strings,
    stringMap,
    blocks,
    block,
    report: tell,
    finish,
  }
}

/** The one label of a block; a block without it, or with more, is reported. */
export const labelOf = (context: DecodeContext, block: Block, what: string): string => {
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
