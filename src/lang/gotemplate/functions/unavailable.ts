/** Why a function that consul-template has is not here. */
export type Unavailability = 'needs Consul' | 'needs Vault' | 'not supported yet' | 'denied'

const namesByReason: Readonly<Record<Unavailability, readonly string[]>> = {
  'needs Consul': [
    'byMeta',
    'caLeaf',
    'caRoots',
    'connect',
    'datacenters',
    'exportedServices',
    'importedServices',
    'key',
    'keyExists',
    'keyOrDefault',
    'ls',
    'node',
    'nodes',
    'partitions',
    'peerings',
    'safeLs',
    'safeTree',
    'service',
    'services',
    'tree',
  ],
  'needs Vault': ['pkiCert', 'secret', 'secrets'],
  'not supported yet': [
    'byPort',
    'file',
    'nomadVar',
    'nomadVarExists',
    'nomadVarList',
    'nomadVarListSafe',
    'parseYAML',
    'scratch',
    'sockaddr',
    'spew_dump',
    'spew_printf',
    'spew_sdump',
    'spew_sprintf',
    'toTOML',
    'toYAML',
  ],
  denied: ['executeTemplate', 'plugin', 'writeToFile'],
}

/** Every function of consul-template that is not here, with the reason; the sprig functions are known by their prefix. */
export const unavailableFunctions: ReadonlyMap<string, Unavailability> = new Map(
  (Object.keys(namesByReason) as Unavailability[]).flatMap(reason =>
    namesByReason[reason].map(name => [name, reason] as const),
  ),
)

/** Why a function is not here, or null for one that consul-template does not have either. */
export const whyUnavailable = (name: string): Unavailability | null =>
  unavailableFunctions.get(name) ?? (name.startsWith('sprig_') ? 'not supported yet' : null)
