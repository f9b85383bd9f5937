import { basename } from 'node:path'
import type { FlagSpec } from '../lang/goflags/index.ts'
import type { CommandContext } from './command.ts'
import { readText } from './read-text.ts'
import { usageError } from './refusal.ts'
import type { Environment } from './settings.ts'

/** What the server takes of one job file (issue's limit on source texts). */
export const MAX_SOURCE_BYTES = 1_000_000

export const sourceFlags = [
  { name: 'var', type: 'list', placeholder: '<key>=<value>', usage: 'Value of a variable. May be given many times.' },
  {
    name: 'var-file',
    type: 'list',
    placeholder: '<path>',
    usage: 'File with values of variables, HCL or (.json) JSON. May be given many times; later ones win.',
  },
  {
    name: 'hcl2-strict',
    type: 'boolean',
    default: true,
    usage: 'Refuse variables that the job file does not declare. This is always so: -hcl2-strict=false is refused.',
  },
] as const satisfies readonly FlagSpec[]

type NameValue = { readonly name: string; readonly value: string }

export type JobSource = {
  readonly source: string
  readonly format: 'HCL' | 'JSON'
  readonly filename: string
  readonly variables: readonly NameValue[]
  readonly variableFiles: readonly { readonly name: string; readonly content: string }[]
  readonly environmentVariables: readonly NameValue[]
}

const parseVariable = (text: string): NameValue => {
  const equals = text.indexOf('=')
  if (equals > 0) return { name: text.slice(0, equals), value: text.slice(equals + 1) }
  throw usageError(`-var ${JSON.stringify(text)} is not key=value`, 'write -var=key=value or -var key=value')
}

const prefixes = ['NOMAD_VAR_', 'MUSTER_VAR_'] as const

/** `NOMAD_VAR_x` and `MUSTER_VAR_x` of the environment; ours win. */
export const environmentVariables = (env: Environment): readonly NameValue[] => {
  const values = new Map<string, string>()
  for (const prefix of prefixes) {
    for (const [name, value] of Object.entries(env)) {
      if (name.startsWith(prefix) && name !== prefix && value !== undefined)
        values.set(name.slice(prefix.length), value)
    }
  }
  return Array.from(values, ([name, value]) => ({ name, value }))
}

type SourceFlags = {
  readonly var: readonly string[]
  readonly 'var-file': readonly string[]
  readonly 'hcl2-strict': boolean
  readonly json?: boolean
}

/** A job file with the values of its variables, as the API takes them; the server reads what they mean. */
export const readJobSource = async (context: CommandContext, path: string, flags: SourceFlags): Promise<JobSource> => {
  if (!flags['hcl2-strict']) {
    throw usageError('-hcl2-strict=false is not there: every variable must be declared in the job file', 'leave it out')
  }
  const variableFiles = []
  for (const name of flags['var-file']) {
    variableFiles.push({ name, content: await readText(context, name, MAX_SOURCE_BYTES) })
  }
  return {
    source: await readText(context, path, MAX_SOURCE_BYTES),
    format: flags.json === true || path.endsWith('.json') ? 'JSON' : 'HCL',
    filename: path === '-' ? 'stdin' : basename(path),
    variables: flags.var.map(parseVariable),
    variableFiles,
    environmentVariables: environmentVariables(context.env),
  }
}
