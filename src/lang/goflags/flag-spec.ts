/**
 * One flag of a command, as a row of a table. `name` is without dashes, `usage` is a sentence or more for the help,
 * `placeholder` is what the help shows for the value (`<addr>`); durations are in ms. Without `default` a flag that is
 * not given has Go's zero value: false, '', 0, an empty list or map.
 */
export type FlagSpec =
  | FlagRow<'boolean', boolean>
  | FlagRow<'string', string>
  | FlagRow<'int', number>
  | FlagRow<'float', number>
  | FlagRow<'duration', number>
  | FlagRow<'list', readonly string[]>
  | FlagRow<'map', Readonly<Record<string, string>>>

type FlagRow<T extends string, V> = {
  readonly name: string
  readonly type: T
  readonly usage: string
  readonly default?: V
  readonly placeholder?: string
}

type ValueByType = {
  boolean: boolean
  string: string
  int: number
  float: number
  duration: number
  list: readonly string[]
  map: Readonly<Record<string, string>>
}

export type FlagType = keyof ValueByType

export type FlagValue = ValueByType[FlagType]

/** The values of a table of flags, each under its name with the type that its row says. */
export type FlagValues<S extends readonly FlagSpec[]> = {
  readonly [F in S[number] as F['name']]: ValueByType[F['type']]
}

/** What a flag holds that is not given and has no default. */
export const zeroValue = (type: FlagType): FlagValue => {
  switch (type) {
    case 'boolean':
      return false
    case 'string':
      return ''
    case 'int':
    case 'float':
    case 'duration':
      return 0
    case 'list':
      return []
    case 'map':
      return {}
  }
}
