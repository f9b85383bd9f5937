/**
 * What job files that were written for Nomad ask its version for: whether a node does what they need. This is the one whose
 * job files are read here.
 */
export const NOMAD_VERSION = '2.0.5'

export type AgentIdentity = {
  readonly version: string
  /** The commit that it was built of; empty when that is not known. */
  readonly revision: string
  /** `host:port` at which others find its API; empty when it has none. */
  readonly advertised: string
}

/** What an agent says of itself. */
export const agentFacts = ({ version, revision, advertised }: AgentIdentity): Readonly<Record<string, string>> => ({
  'muster.version': version,
  'nomad.version': NOMAD_VERSION,
  ...(revision === '' ? {} : { 'muster.revision': revision, 'nomad.revision': revision }),
  ...(advertised === '' ? {} : { 'nomad.advertise.address': advertised }),
  'nomad.service_discovery': 'true',
})
