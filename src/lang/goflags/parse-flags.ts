import { type FlagSpec, type FlagValue, type FlagValues, zeroValue } from './flag-spec.ts'
import { nearestName } from './nearest-name.ts'
import { parseFlagValue } from './parse-flag-value.ts'

/** Arguments beyond this many are refused: no command line of a person is that long. */
export const MAX_ARGUMENTS = 10_000

export type FlagError = {
  readonly code:
    | 'FLAG_UNKNOWN'
    | 'FLAG_VALUE_MISSING'
    | 'FLAG_VALUE_INVALID'
    | 'FLAG_SYNTAX_INVALID'
    | 'ARGUMENTS_TOO_MANY'
  /** What was typed, with its dashes. */
  readonly flag: string
  readonly message: string
  readonly hint: string
}

export type ParsedFlags<S extends readonly FlagSpec[]> = {
  readonly kind: 'parsed'
  readonly values: FlagValues<S>
  /** Names of the flags that were on the command line, whatever their value. */
  readonly given: ReadonlySet<string>
  readonly positionals: readonly string[]
  /**
   * Positionals that would have been flags of this table had they stood before the first positional (`-json` in
   * `job status web -json`). Empty after `--`. A command that takes such arguments ignores this, others say so.
   */
  readonly misplaced: readonly string[]
}

export type FlagsResult<S extends readonly FlagSpec[]> =
  | ParsedFlags<S>
  | { readonly kind: 'help' }
  | { readonly kind: 'error'; readonly error: FlagError }

type Token =
  | { readonly kind: 'flag'; readonly name: string; readonly value: string | null }
  | { readonly kind: 'end' }
  | { readonly kind: 'positional' }
  | { readonly kind: 'malformed' }

/** What Go's flag package sees in one argument: `-x`, `--x`, `-x=v`; a lone dash is a positional. */
const tokenOf = (argument: string): Token => {
  if (!argument.startsWith('-') || argument === '-') return { kind: 'positional' }
  if (argument === '--') return { kind: 'end' }
  const body = argument.slice(argument.startsWith('--') ? 2 : 1)
  if (body.startsWith('-') || body.startsWith('=')) return { kind: 'malformed' }
  const equals = body.indexOf('=')
  return equals < 0
    ? { kind: 'flag', name: body, value: null }
    : { kind: 'flag', name: body.slice(0, equals), value: body.slice(equals + 1) }
}

const unknownFlag = (name: string, specs: readonly FlagSpec[]): FlagError => {
  const near = nearestName(
    name,
    specs.map(spec => spec.name),
  )
  return {
    code: 'FLAG_UNKNOWN',
    flag: `-${name}`,
    message: `flag provided but not defined: -${name}`,
    hint: near === null ? 'use -help to see the flags of this command' : `did you mean -${near}?`,
  }
}

const missingValue = (name: string): FlagError => ({
  code: 'FLAG_VALUE_MISSING',
  flag: `-${name}`,
  message: `flag needs an argument: -${name}`,
  hint: `write -${name}=VALUE or -${name} VALUE`,
})

const invalidValue = (name: string, text: string, expected: string): FlagError => ({
  code: 'FLAG_VALUE_INVALID',
  flag: `-${name}`,
  message: `invalid value ${JSON.stringify(text)} for flag -${name}`,
  hint: `expected ${expected}`,
})

/** Lists and maps grow with every use of their flag, the others keep the last value. */
const combined = (spec: FlagSpec, before: FlagValue | undefined, value: FlagValue): FlagValue => {
  if (before === undefined) return value
  if (Array.isArray(before) && Array.isArray(value)) return [...before, ...value]
  if (spec.type === 'map' && typeof before === 'object' && typeof value === 'object') {
    return Object.fromEntries([...Object.entries(before), ...Object.entries(value)])
  }
  return value
}

const misplacedIn = (positionals: readonly string[], specs: readonly FlagSpec[]): readonly string[] =>
  positionals.filter(argument => {
    const token = tokenOf(argument)
    return token.kind === 'flag' && specs.some(spec => spec.name === token.name)
  })

type Step =
  | { readonly kind: 'next'; readonly used: number }
  | { readonly kind: 'help' }
  | { readonly kind: 'error'; readonly error: FlagError }

/** Takes the flag at the head of the arguments into `found`; `following` is the argument after it, if there is one. */
const takeFlag = (
  specs: readonly FlagSpec[],
  token: Token & { readonly kind: 'flag' },
  following: string | undefined,
  found: Map<string, FlagValue>,
): Step => {
  const spec = specs.find(({ name }) => name === token.name)
  if (spec === undefined) {
    if (token.name === 'h' || token.name === 'help') return { kind: 'help' }
    return { kind: 'error', error: unknownFlag(token.name, specs) }
  }
  const takesNext = token.value === null && spec.type !== 'boolean'
  const text = token.value ?? (spec.type === 'boolean' ? 'true' : following)
  if (text === undefined) return { kind: 'error', error: missingValue(spec.name) }
  const parsed = parseFlagValue(spec.type, text)
  if (!parsed.ok) return { kind: 'error', error: invalidValue(spec.name, text, parsed.expected) }
  found.set(spec.name, combined(spec, found.get(spec.name), parsed.value))
  return { kind: 'next', used: takesNext ? 2 : 1 }
}

/**
 * Reads a command line as Go's flag package does: flags first, up to the first argument that is none or up to `--`.
 * A boolean takes its value only after `=`; every other flag also takes the next argument, whatever it looks like.
 * `-h` and `-help` ask for help unless the table defines them. Values of a map flag are `key=value`.
 */
export const parseFlags = <const S extends readonly FlagSpec[]>(specs: S, args: readonly string[]): FlagsResult<S> => {
  if (args.length > MAX_ARGUMENTS) {
    const message = `${args.length} arguments are more than the ${MAX_ARGUMENTS} that are read`
    return { kind: 'error', error: { code: 'ARGUMENTS_TOO_MANY', flag: '', message, hint: 'pass a file instead' } }
  }
  const found = new Map<string, FlagValue>()
  let index = 0
  let endedExplicitly = false
  while (index < args.length) {
    const argument = args[index] ?? ''
    const token = tokenOf(argument)
    if (token.kind === 'positional') break
    if (token.kind === 'end') {
      index += 1
      endedExplicitly = true
      break
    }
    if (token.kind === 'malformed') {
      const message = `bad flag syntax: ${argument}`
      return {
        kind: 'error',
        error: { code: 'FLAG_SYNTAX_INVALID', flag: argument, message, hint: 'write -name or -name=value' },
      }
    }
    const step = takeFlag(specs, token, args[index + 1], found)
    if (step.kind !== 'next') return step
    index += step.used
  }
  const values = specs.map(spec => [spec.name, found.get(spec.name) ?? spec.default ?? zeroValue(spec.type)] as const)
  const positionals = args.slice(index)
  return {
    kind: 'parsed',
    // The rows of the table name each value and its type, and parseFlagValue made it of that type.
    values: Object.fromEntries(values) as unknown as FlagValues<S>,
    given: new Set(found.keys()),
    positionals,
    misplaced: endedExplicitly ? [] : misplacedIn(positionals, specs),
  }
}
