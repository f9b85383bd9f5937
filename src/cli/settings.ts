import type { FlagValues } from '../lang/goflags/index.ts'
import type { globalFlags } from './global-flags.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export type Settings = {
  readonly address: string
  /** Empty: whichever region answers. */
  readonly region: string
  readonly namespace: string
  /** Empty: none. */
  readonly token: string
  readonly hasColor: boolean
}

export const DEFAULT_ADDRESS = 'http://127.0.0.1:4646'
export const DEFAULT_NAMESPACE = 'default'

/** A variable of the environment, by our name first, then by Nomad's; empty ones count as not set. */
const variable = (env: Environment, name: string): string => env[`MUSTER_${name}`] || env[`NOMAD_${name}`] || ''

/** `host:port` is meant as http, as users of Nomad write it now and then. */
const withScheme = (address: string): string => (address.includes('://') ? address : `http://${address}`)

/** What holds for one run of a command: flags before `MUSTER_*` before `NOMAD_*` before defaults. */
export const resolveSettings = (
  flags: FlagValues<typeof globalFlags>,
  env: Environment,
  isTerminal: boolean,
): Settings => {
  const isColorOff = flags['no-color'] || variable(env, 'CLI_NO_COLOR') !== '' || Boolean(env['NO_COLOR'])
  const isColorForced = flags['force-color'] || variable(env, 'CLI_FORCE_COLOR') !== ''
  return {
    address: withScheme(flags.address || variable(env, 'ADDR') || DEFAULT_ADDRESS),
    region: flags.region || variable(env, 'REGION'),
    namespace: flags.namespace || variable(env, 'NAMESPACE') || DEFAULT_NAMESPACE,
    token: flags.token || variable(env, 'TOKEN'),
    hasColor: isColorForced || (!isColorOff && isTerminal && env['TERM'] !== 'dumb'),
  }
}
