import type { AgentContext, PartHealth } from '../api/context.ts'
import type { Metric } from '../api/http/metrics-text.ts'
import type { HttpAppContext } from '../api/http-app.ts'
import { musterRevision, musterVersion } from '../cli/version.ts'
import { systemClock } from '../platform/clock.ts'
import { systemRandom } from '../platform/random.ts'
import { ownHosts } from './listen.ts'
import type { Parts } from './parts.ts'

/** What every agent's API says, whatever its roles are. */
export type AgentApi = HttpAppContext & AgentContext

export type AgentFacts = {
  /** Where others find the API. */
  readonly address: () => string
  readonly nodeId: () => string | null
  readonly server: () => PartHealth | null
  readonly client: () => PartHealth | null
  readonly metrics: () => readonly Metric[]
}

export const createAgentApi = ({ config, logger }: Parts, facts: AgentFacts): AgentApi => ({
  random: systemRandom,
  logger: logger.child({ component: 'api' }),
  get hosts() {
    return ownHosts(config)
  },
  agent: () => ({
    version: musterVersion(),
    revision: musterRevision(),
    region: config.region,
    datacenter: config.datacenter,
    name: config.name,
    address: facts.address(),
    isServer: config.server !== null,
    nodeId: facts.nodeId(),
    isDev: config.isDev,
  }),
  metrics: () => ({ at: systemClock.now(), metrics: facts.metrics() }),
  health: () => ({ server: facts.server(), client: facts.client() }),
})
