import type { FlagSpec } from '../lang/goflags/index.ts'
import type { CommandContext } from './command.ts'

/** Nomad's flags for parts that are not there: scripts that give them run, and are told so. */
const reasons = {
  'policy-override': 'there are no Sentinel policies to override',
  'consul-namespace': 'jobs do not reach Consul',
  'vault-namespace': 'jobs do not reach Vault',
  ui: 'there is no web UI to open',
  global: 'there is one region',
} as const

type InertName = keyof typeof reasons

const isNamespace = (name: InertName): boolean => name.endsWith('-namespace')

/** The flag as its command lists it. */
export const inertFlag = (name: InertName): FlagSpec => {
  const usage = `Taken for the sake of Nomad's scripts; without effect: ${reasons[name]}.`
  return isNamespace(name)
    ? { name, type: 'string', placeholder: '<namespace>', usage }
    : { name, type: 'boolean', usage }
}

/** Says in a line each, on standard error, which of the flags that were given have no effect. */
export const warnOfInert = (context: CommandContext, given: ReadonlySet<string>): void => {
  for (const [name, reason] of Object.entries(reasons)) {
    if (given.has(name)) context.io.stderr(`-${name} has no effect: ${reason}.\n`)
  }
}
