import { isIP } from 'node:net'

/**
 * Which requests are the agent's own. A web page must not be able to run tasks: its requests name another site as their
 * origin, or reach the agent under a host name that the page's owner made resolve to it (DNS rebinding).
 */
export type RequestHeaders = {
  readonly host?: string | undefined
  readonly origin?: string | undefined
  readonly 'sec-fetch-site'?: string | string[] | undefined
}

/** The host without its port, in lower case, brackets of IPv6 removed; null for what is no host. */
const hostNameOf = (host: string): string | null => {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:/?#@\s[\]]+))(?::\d{1,5})?$/i.exec(host)
  return match === null ? null : (match[1] ?? match[2] ?? '').toLowerCase()
}

const isLoopback = (name: string): boolean => {
  if (name === 'localhost' || name === '::1') return true
  return isIP(name) === 4 && name.startsWith('127.')
}

/** True for a request to open a WebSocket that no web page can have made. */
export const isOfNoPage = ({ origin, 'sec-fetch-site': site }: RequestHeaders): boolean =>
  origin === undefined && site === undefined

/** Why a request is refused, or null for one of the agent's own. `hosts` are the names that it is known by beside loopback. */
export const refusalOf = (headers: RequestHeaders, hosts: readonly string[]): string | null => {
  const { host, origin } = headers
  const name = host === undefined ? null : hostNameOf(host)
  if (host === undefined || name === null) return 'the request names no host'
  const isOwn = isLoopback(name) || hosts.some(own => own.toLowerCase() === name)
  if (!isOwn) return `the request names host "${name}", which is none of this agent's`
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'the request comes from another site'
  if (origin === undefined) return null
  return isSameOrigin(origin, host) ? null : `the request comes from origin "${origin}", which is not this agent's`
}

const isSameOrigin = (origin: string, host: string): boolean => {
  const match = /^https?:\/\/([^/]+)$/i.exec(origin)
  return match?.[1]?.toLowerCase() === host.toLowerCase()
}
