import { readFile } from 'node:fs/promises'
import { networkInterfaces } from 'node:os'
import { AppError } from '../../../platform/errors.ts'

export type NetworkFacts = { readonly address: string; readonly source: string; readonly warning: string | null }

export type Interfaces = Readonly<
  Record<
    string,
    readonly { readonly address: string; readonly family: string; readonly internal: boolean }[] | undefined
  >
>

const DOCKER_BRIDGE = 'docker0'
const LOOPBACK = '127.0.0.1'
/** Flags of a route in /proc/net/route: it is up. */
const ROUTE_IS_UP = 1

/** The interface of the default route with the lowest metric, in the text of /proc/net/route; null without one. */
export const defaultRouteInterface = (routes: string): string | null => {
  const candidates = routes
    .split('\n')
    .slice(1)
    .map(line => line.trim().split(/\s+/))
    .filter(fields => fields[1] === '00000000' && fields[7] === '00000000')
    .filter(fields => (Number.parseInt(fields[3] ?? '0', 16) & ROUTE_IS_UP) !== 0)
    .sort((a, b) => Number(a[6] ?? 0) - Number(b[6] ?? 0))
  return candidates[0]?.[0] ?? null
}

const firstIpv4 = (interfaces: Interfaces, name: string | null): string | undefined =>
  name === null ? undefined : interfaces[name]?.find(({ family }) => family === 'IPv4')?.address

/**
 * The address at which the node's workloads are found: of the named interface, else of the default route's, else
 * Docker's bridge, else loopback with a warning. Throws CONFIG_INVALID when the named one has no IPv4 address.
 */
export const chooseAddress = (interfaces: Interfaces, routes: string, wanted: string | null): NetworkFacts => {
  if (wanted !== null) {
    const address = firstIpv4(interfaces, wanted)
    if (address !== undefined) return { address, source: wanted, warning: null }
    throw new AppError('CONFIG_INVALID', `network interface ${JSON.stringify(wanted)} has no IPv4 address here`, {
      hint: `Name one of: ${Object.keys(interfaces).join(', ')}.`,
    })
  }
  const routed = defaultRouteInterface(routes)
  for (const name of [routed, DOCKER_BRIDGE]) {
    const address = firstIpv4(interfaces, name)
    if (address !== undefined) return { address, source: name ?? '', warning: null }
  }
  return {
    address: LOOPBACK,
    source: 'lo',
    warning:
      'no default route and no Docker bridge were found: workloads are published on loopback, which containers cannot reach; name an interface with -network-interface',
  }
}

export const networkFacts = async (wanted: string | null): Promise<NetworkFacts> => {
  const routes = await readFile('/proc/net/route', 'utf8').catch(() => '')
  return chooseAddress(networkInterfaces(), routes, wanted)
}
