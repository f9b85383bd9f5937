import { hostname, networkInterfaces } from 'node:os'
import type { FastifyInstance } from 'fastify'
import { urlOf } from '../config/addresses.ts'
import type { Address, AgentConfig } from '../config/agent-config.ts'
import { AppError, systemCodeOf } from '../platform/errors.ts'

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])
const LOOPBACK = '127.0.0.1'

export const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || host.startsWith('127.')

/**
 * Host names under which requests are the agent's own: where it listens, where it says it is, and every address of the
 * machine if it listens on all of them. Addresses come and go, so it is asked for each request.
 */
export const ownHosts = ({ http }: AgentConfig): readonly string[] => {
  const advertised = http.advertised === null ? [] : [http.advertised.host]
  if (!WILDCARDS.has(http.host)) return [http.host, ...advertised]
  const addresses = Object.values(networkInterfaces()).flatMap(entries => entries?.map(({ address }) => address) ?? [])
  return [hostname(), ...addresses, ...advertised]
}

/** Where others are told to find the API: what was said, else where it listens, by an address of this machine. */
export const addressForOthers = ({ http }: AgentConfig, boundPort: number): Address => {
  if (http.advertised !== null) return { ...http.advertised, port: http.advertised.port || boundPort }
  if (!WILDCARDS.has(http.host)) return { host: http.host, port: boundPort }
  const addresses = Object.values(networkInterfaces()).flatMap(entries => entries ?? [])
  const reachable = addresses.find(({ family, internal }) => family === 'IPv4' && !internal)
  return { host: reachable?.address ?? LOOPBACK, port: boundPort }
}

/** Begins to listen. Answers the URL under which this machine reaches the API. */
export const listen = async (api: FastifyInstance, { host, port }: AgentConfig['http']): Promise<string> => {
  try {
    await api.listen({ host, port })
  } catch (error) {
    if (systemCodeOf(error) === 'EADDRINUSE') {
      throw new AppError('ADDRESS_IN_USE', `the agent's API cannot listen on ${host}:${port}: the port is taken`, {
        hint: 'stop what holds it, or choose another with -http-port',
        cause: error,
      })
    }
    throw new AppError(
      'CONFIG_INVALID',
      `the agent's API cannot listen on ${host}:${port}: ${systemCodeOf(error) ?? String(error)}`,
      { cause: error },
    )
  }
  const bound = api.server.address()
  const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port
  return urlOf({ host: WILDCARDS.has(host) ? LOOPBACK : host, port: boundPort })
}
