import type { Json } from '../../../domain/json.ts'

/**
 * Reads a driver's `config` block against a table of its options. What is not in the table is refused by name: an option
 * that was quietly left out could change what a task may do. A value of another type that says the same is taken, as it is
 * everywhere in a job file: `args = [5000]` is a text, `force_pull = "true"` a boolean.
 */

export type TaskConfig = Readonly<Record<string, Json>>

export type OptionKind = 'string' | 'number' | 'boolean' | 'strings' | 'string or strings' | 'map'

/** `unsupported`: Nomad has it, we do not yet. */
export type OptionTable = Readonly<Record<string, OptionKind | 'unsupported'>>

const isScalar = (value: Json | undefined): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

const isScalars = (value: Json): boolean => Array.isArray(value) && value.every(isScalar)

const isNumeric = (value: Json): boolean =>
  typeof value === 'number' || (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))

const isMap = (value: Json): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isScalar)

/** A block that HCL may hand over as one object or as a list of objects. */
const isMapOrMaps = (value: Json): boolean => isMap(value) || (Array.isArray(value) && value.every(isMap))

const matches = (kind: OptionKind, value: Json): boolean => {
  switch (kind) {
    case 'string':
      return isScalar(value)
    case 'number':
      return isNumeric(value)
    case 'boolean':
      return typeof value === 'boolean' || value === 'true' || value === 'false'
    case 'strings':
      return isScalars(value)
    case 'string or strings':
      return isScalar(value) || isScalars(value)
    case 'map':
      return isMapOrMaps(value)
  }
}

const expected: Record<OptionKind, string> = {
  string: 'a string',
  number: 'a number',
  boolean: 'true or false',
  strings: 'a list of strings',
  'string or strings': 'a string or a list of strings',
  map: 'a block of names and values',
}

/** Says what is wrong with `config` for the driver named `driver`; empty when nothing is. */
export const checkOptions = (driver: string, table: OptionTable, config: TaskConfig): readonly string[] =>
  Object.entries(config).flatMap(([name, value]) => {
    const kind = Object.hasOwn(table, name) ? table[name] : undefined
    if (kind === undefined) return [`${driver} has no option ${JSON.stringify(name)}`]
    if (kind === 'unsupported') return [`${driver} option ${JSON.stringify(name)} is not supported yet`]
    return matches(kind, value) ? [] : [`${driver} option ${JSON.stringify(name)} must be ${expected[kind]}`]
  })

export const stringOption = (config: TaskConfig, name: string): string => {
  const value = config[name]
  return isScalar(value) ? String(value) : ''
}

export const numberOption = (config: TaskConfig, name: string): number => {
  const value = config[name]
  return value !== undefined && isNumeric(value) ? Number(value) : 0
}

export const booleanOption = (config: TaskConfig, name: string): boolean =>
  config[name] === true || config[name] === 'true'

/** A list of strings; a single value counts as a list of one, a missing option as undefined. */
export const stringsOption = (config: TaskConfig, name: string): readonly string[] | undefined => {
  const value = config[name]
  if (isScalar(value)) return [String(value)]
  if (!Array.isArray(value)) return undefined
  return value.filter(isScalar).map(String)
}

/** A block of names and values, or several of them one after the other, later ones winning. */
export const mapOption = (config: TaskConfig, name: string): Readonly<Record<string, string>> => {
  const value = config[name]
  const blocks = Array.isArray(value) ? value : [value]
  return Object.fromEntries(
    blocks.flatMap(block =>
      typeof block === 'object' && block !== null && !Array.isArray(block)
        ? Object.entries(block).map(([key, item]) => [key, String(item)] as const)
        : [],
    ),
  )
}
