/** What opening an EventStoreDB needs to know, and how a connection string says it. Nothing here repeats a credential. */
import { readFileSync } from 'node:fs'
import type { Clock } from '../../platform/clock.ts'
import { AppError, systemCodeOf } from '../../platform/errors.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'

export type EventStoreDbOptions = {
  /**
   * `esdb://[user:password@]host[:port][,host[:port]…][/prefix][?tls=false&tlsVerifyCert=false&tlsCaFile=…&userCertFile=…&userKeyFile=…]`.
   * With several hosts, or as `esdb+discover://`, the nodes are asked who leads.
   */
  readonly url: string
  /** A file whose first line is `user:password`; wins over the url. Credentials are only ever sent over TLS. */
  readonly credentialsFile?: string
  /** The certificates (PEM) of who may have signed the server's; wins over the url. Default: those that Node trusts. */
  readonly caFile?: string
  /** What all streams of this cluster begin with on the server; wins over the url. Default `muster`. */
  readonly prefix?: string
  readonly logger?: Logger
  readonly clock?: Clock
  readonly random?: Random
}

export type Endpoint = { readonly host: string; readonly port: number }
export type Credentials = { readonly username: string; readonly password: string }
export type Tls = {
  readonly verifies: boolean
  readonly ca: Buffer | null
  readonly identity: { readonly certificate: Buffer; readonly key: Buffer } | null
}

export type Settings = {
  readonly endpoints: readonly Endpoint[]
  /** Whether the endpoints are asked who leads; else the one endpoint is the server. */
  readonly discovers: boolean
  readonly tls: Tls | null
  readonly credentials: Credentials | null
  readonly prefix: string
}

export const DEFAULT_PREFIX = 'muster'
const DEFAULT_PORT = 2113
const MAX_PORT = 65_535
const MAX_PREFIX_LENGTH = 64
const MAX_ENDPOINTS = 32

const invalid = (message: string, hint: string, cause?: unknown): AppError =>
  new AppError('CONFIG_INVALID', message, { hint, cause })

const form = 'esdb://host:2113/prefix?tls=false, or esdb+discover://host:2113 for a cluster'
const urlPattern = /^(?:esdb|kurrentdb)(\+discover)?:\/\/(?:([^@/?]*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/
const prefixPattern = /^[A-Za-z0-9_]+$/

export const settingsOf = (options: EventStoreDbOptions): Settings => {
  const match = urlPattern.exec(options.url)
  if (!match) throw invalid('the url of the event store cannot be read', `it looks like ${form}`)
  const [, discover, userInfo, hosts = '', path = '', query = ''] = match
  const endpoints = hosts.split(',').map(endpointOf)
  if (endpoints.length > MAX_ENDPOINTS) {
    throw invalid(`the url of the event store names ${endpoints.length} hosts`, `name ${MAX_ENDPOINTS} at the most`)
  }
  const settings = querySettings(query)
  return {
    endpoints,
    discovers: discover !== undefined || endpoints.length > 1,
    tls: settings.tls ? tlsOf(settings, options.caFile) : withoutTls(settings, options.caFile),
    credentials: credentialsOf(options.credentialsFile, userInfo),
    prefix: prefixOf(options.prefix ?? (path === '' ? DEFAULT_PREFIX : path)),
  }
}

const endpointOf = (text: string): Endpoint => {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(text)
  const port = Number(match?.[2] ?? DEFAULT_PORT)
  if (!match?.[1] || port === 0 || port > MAX_PORT) {
    throw invalid('the url of the event store names a host that cannot be', `it looks like ${form}`)
  }
  return { host: match[1], port }
}

const prefixOf = (prefix: string): string => {
  if (prefixPattern.test(prefix) && prefix.length <= MAX_PREFIX_LENGTH) return prefix
  throw invalid(
    `"${prefix}" cannot be the prefix of an event store's streams`,
    `take up to ${MAX_PREFIX_LENGTH} letters, digits and underscores`,
  )
}

type QuerySettings = {
  tls: boolean
  tlsverifycert: boolean
  tlscafile?: string
  usercertfile?: string
  userkeyfile?: string
}

const querySettings = (query: string): QuerySettings => {
  const settings: QuerySettings = { tls: true, tlsverifycert: true }
  for (const [name, value] of new URLSearchParams(query)) {
    const key = name.toLowerCase()
    if (key === 'tls' || key === 'tlsverifycert') settings[key] = booleanOf(name, value)
    else if (key === 'tlscafile' || key === 'usercertfile' || key === 'userkeyfile') settings[key] = value
    else {
      throw invalid(
        `the url of the event store has a setting "${name}" that Muster does not know`,
        'it knows tls, tlsVerifyCert, tlsCaFile, userCertFile and userKeyFile; deadlines and keep-alives are its own',
      )
    }
  }
  return settings
}

const booleanOf = (name: string, value: string): boolean => {
  if (value === 'true' || value === 'false') return value === 'true'
  throw invalid(`the setting ${name} in the url of the event store is neither true nor false`, 'say true or false')
}

const tlsOf = (settings: QuerySettings, caFile: string | undefined): Tls => {
  const ca = caFile ?? settings.tlscafile
  const { usercertfile: certificate, userkeyfile: key } = settings
  if ((certificate === undefined) !== (key === undefined)) {
    throw invalid('a user certificate needs userCertFile and userKeyFile', 'give both or neither')
  }
  return {
    verifies: settings.tlsverifycert,
    ca: ca === undefined ? null : readSetting('certificates', ca),
    identity:
      certificate === undefined || key === undefined
        ? null
        : { certificate: readSetting('user certificate', certificate), key: readSetting('key', key) },
  }
}

const withoutTls = (settings: QuerySettings, caFile: string | undefined): null => {
  if (caFile === undefined && settings.tlscafile === undefined && settings.usercertfile === undefined) return null
  throw invalid(
    'the event store is asked for without TLS, but certificates are named',
    'leave out tls=false or the files',
  )
}

const credentialsOf = (file: string | undefined, userInfo: string | undefined): Credentials | null => {
  const text = file === undefined ? userInfo : readSetting('credentials', file).toString('utf8').split(/\r?\n/, 1)[0]
  if (text === undefined) return null
  const colon = text.indexOf(':')
  if (colon <= 0)
    throw invalid("the event store's credentials are not of the form user:password", 'one line, one colon')
  const [username, password] = [text.slice(0, colon), text.slice(colon + 1)]
  return file === undefined ? { username: decoded(username), password: decoded(password) } : { username, password }
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid("the credentials in the event store's url are not percent-encoded", 'write % as %25')
  }
}

const readSetting = (what: string, path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (error) {
    const reason = systemCodeOf(error) ?? 'it cannot be read'
    throw invalid(
      `the event store's ${what} cannot be read from ${path}: ${reason}`,
      'check the path and its mode',
      error,
    )
  }
}
