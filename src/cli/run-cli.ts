import { type FlagSpec, parseFlags } from '../lang/goflags/index.ts'
import type { Clock } from '../platform/clock.ts'
import { errorCatalogue, isAppError } from '../platform/errors.ts'
import { createCliApi } from './cli-api.ts'
import type { Command, CommandContext } from './command.ts'
import { EXIT_FAILED, EXIT_OK } from './exit-codes.ts'
import { findEntry } from './find-entry.ts'
import { globalFlags } from './global-flags.ts'
import { commandHelp, groupHelp } from './help.ts'
import { warnOfInert } from './inert-flags.ts'
import type { CliIo } from './io.ts'
import { Refusal, usageError } from './refusal.ts'
import type { Entry } from './registry.ts'
import { renderRefusal } from './render/refusal.ts'
import { type Environment, resolveSettings } from './settings.ts'

export type CliOptions = {
  readonly io: CliIo
  readonly env: Environment
  readonly clock: Clock
  readonly loadAgent: CommandContext['loadAgent']
  readonly loadOperator: CommandContext['loadOperator']
  /** Another API than the one that the settings name: for tests. */
  readonly createApi?: typeof createCliApi
}

const checkCount = ({ takes, usage }: Command, positionals: readonly string[]): void => {
  const { min, max } = takes
  if (positionals.length >= min && positionals.length <= max) return
  const wanted = min === max ? String(min) : `${min} to ${max}`
  throw usageError(
    `this command takes ${wanted} argument${wanted === '1' ? '' : 's'}, not ${positionals.length}`,
    `Usage: ${usage}`,
  )
}

/** A flag after the first argument is no flag to Go's parser, which nobody expects who writes one. */
const checkMisplaced = (misplaced: readonly string[], usage: string): void => {
  if (misplaced.length === 0) return
  throw usageError(`${misplaced.join(' ')} stands after the arguments`, `flags go before them: ${usage}`)
}

/** Says once that answers may be old, beside what a command prints. */
const warnOfStale = (io: CliIo): ((message: string) => void) => {
  let isSaid = false
  return message => {
    if (!isSaid) io.stderr(`Warning: ${message}; what is shown may be old\n`)
    isSaid = true
  }
}

const createContext = (options: CliOptions, flags: Parameters<typeof resolveSettings>[0]): CommandContext => {
  const { io, env, clock, loadAgent, loadOperator } = options
  const settings = resolveSettings(flags, env, io.isInteractive)
  const api = (options.createApi ?? createCliApi)(settings, warnOfStale(io))
  return { io, env, clock, settings, loadAgent, loadOperator, api }
}

const noGlobalFlags = {
  address: '',
  region: '',
  namespace: '',
  token: '',
  'no-color': false,
  'force-color': false,
} as const

const runCommand = async (entry: Entry, args: readonly string[], options: CliOptions): Promise<number> => {
  const { command } = await entry.load()
  const isLocal = command.isLocal === true
  const table: readonly FlagSpec[] = isLocal ? command.flags : [...command.flags, ...globalFlags]
  const parsed = parseFlags(table, args)
  if (parsed.kind === 'help') {
    await options.io.stdout(commandHelp(entry, command))
    return EXIT_OK
  }
  if (parsed.kind === 'error') throw usageError(parsed.error.message, parsed.error.hint)
  checkMisplaced(parsed.misplaced, command.usage)
  checkCount(command, parsed.positionals)
  // The table that was parsed with holds the global flags, unless the command has none of them.
  const globals = isLocal ? noGlobalFlags : (parsed.values as unknown as typeof noGlobalFlags)
  const context = createContext(options, globals)
  warnOfInert(context, parsed.given)
  try {
    return await command.run(context, { flags: parsed.values, given: parsed.given, positionals: parsed.positionals })
  } finally {
    context.api.close()
  }
}

const report = ({ io, env }: CliOptions, error: unknown): number => {
  const { hasColor } = resolveSettings(noGlobalFlags, env, io.isInteractive)
  if (error instanceof Refusal) {
    io.stderr(renderRefusal(error.info, hasColor))
    return EXIT_FAILED
  }
  if (!isAppError(error)) throw error
  const { code, message, hint } = error
  io.stderr(renderRefusal({ code, message, ...(hint === undefined ? {} : { hint }) }, hasColor))
  return errorCatalogue[code].exit
}

/** Old and short spellings of whole commands. */
const spelled = (args: readonly string[]): readonly string[] => {
  const [first, ...rest] = args
  if (first === '-v' || first === '-version' || first === '--version') return ['version']
  if (first === 'help') return rest.length === 0 ? [] : [...rest, '-h']
  return args
}

const isHelpFlag = (argument: string | undefined): boolean => argument !== undefined && /^--?h(elp)?$/.test(argument)

/** Runs one command line (without `node` and the program) and answers its exit code. Throws only for bugs. */
export const runCli = async (args: readonly string[], options: CliOptions): Promise<number> => {
  const { io } = options
  try {
    const words = spelled(args)
    const found = findEntry(words)
    switch (found.kind) {
      case 'command':
        return await runCommand(found.entry, found.rest, options)
      case 'group': {
        const help = groupHelp(found.words)
        const next = words[found.words.length]
        if (isHelpFlag(next) || args[0] === 'help') {
          await io.stdout(help)
          return EXIT_OK
        }
        if (next !== undefined) throw usageError(`${next} stands before a command`, 'name a command first')
        io.stderr(help)
        return EXIT_FAILED
      }
      case 'unknown':
        throw usageError(
          `there is no command "${found.typed}"`,
          found.suggestion === null ? 'muster -h lists all commands' : `did you mean "muster ${found.suggestion}"?`,
        )
    }
  } catch (error) {
    return report(options, error)
  }
}
