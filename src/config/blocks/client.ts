import { type Block, createReader, type DecodeContext, type Reader } from '../../lang/hcl/index.ts'
import { parsePorts, serverUrl } from '../addresses.ts'
import { MAX_PORT } from '../agent-config.ts'
import { readDuration, readNumber, readPath } from '../checks.ts'
import { type ClientSettings, noSettings } from '../settings.ts'

/** Older ways to configure drivers; the others of Nomad's options do nothing here. */
const actedOn: ReadonlySet<string> = new Set([
  'driver.allowlist',
  'driver.whitelist',
  'driver.denylist',
  'driver.blacklist',
  'driver.raw_exec.enable',
])

const noCollection = 'not acted on: directories of ended allocations are kept up to gc_max_allocs'
const noBridge = 'not acted on: groups have the network of the machine'
const noVolumes = 'not acted on: jobs cannot ask for volumes yet'
const found = 'not acted on: it is found out'

const names = {
  refused: {
    node_max_allocs: 'more allocations than that would be placed',
    users: 'tasks run as the user of their driver',
  },
  ignored: {
    host_network: 'not acted on: a node has the network "default" alone, and jobs that ask for another are refused',
    host_volume: noVolumes,
    host_volumes_dir: noVolumes,
    host_volume_plugin_dir: noVolumes,
    chroot_env: 'not acted on: no driver makes a root of its own',
    artifact: 'not acted on: artifacts are not fetched yet',
    template: 'not acted on: templates are rendered by fixed rules, without access to the machine',
    fingerprint: 'not acted on: clouds are not asked about the machine',
    drain_on_shutdown: 'not acted on: nodes cannot be drained yet',
    gc_interval: noCollection,
    gc_disk_usage_threshold: noCollection,
    gc_inode_usage_threshold: noCollection,
    gc_parallel_destroys: noCollection,
    gc_volumes_on_node_gc: noVolumes,
    cni_path: noBridge,
    cni_config_dir: noBridge,
    bridge_network_name: noBridge,
    bridge_network_subnet: noBridge,
    bridge_network_subnet_ipv6: noBridge,
    bridge_network_hairpin_mode: noBridge,
    network_speed: 'not acted on: bandwidth is not accounted for',
    preferred_address_family: 'not acted on: tasks are reached over IPv4',
    reservable_cores: 'not acted on: whole cores cannot be reserved yet',
    cgroup_parent: 'not acted on: tasks are in the groups of their driver',
    cpu_disable_dmidecode: found,
    disk_free_mb: found,
    client_min_port: 'not acted on: drivers need no ports',
    client_max_port: 'not acted on: drivers need no ports',
    disable_remote_exec: 'not acted on: nothing is run inside of tasks yet',
    nomad_service_discovery: 'not acted on: services are always registered',
    common_plugin_dir: 'not acted on: drivers are part of the program',
    intro_token_file: 'not acted on: nodes are let in without an introduction yet',
    intro_token: 'not acted on: nodes are let in without an introduction yet',
  },
}

const readServers = (reader: Reader, name: string): readonly string[] =>
  (reader.strings(name) ?? []).filter(text => {
    if (serverUrl(text) !== null) return true
    const hint = 'Write host, host:port or http://host:port; the port is that of the API, 4646 if not written.'
    const detail = `"${text}" is no address of a server.`
    reader.report({ summary: 'Unsupported value', detail, hint, range: reader.rangeOf(name) })
    return false
  })

const decodeJoin = (reader: Reader): readonly string[] => {
  const block = reader.block('server_join')
  if (block === undefined) return []
  const inner = createReader(block.body, reader.context)
  const servers = [...readServers(inner, 'retry_join'), ...readServers(inner, 'start_join')]
  const forever = 'not acted on: a client dials for as long as it lives'
  inner.finish({ ignored: { retry_max: forever, retry_interval: forever } })
  return servers
}

const decodeReserved = (reader: Reader): ClientSettings['reserved'] => {
  const block = reader.block('reserved')
  if (block === undefined) return noSettings.client.reserved
  const inner = createReader(block.body, reader.context)
  const ports = inner.string('reserved_ports', null)
  const isValid = ports === null || parsePorts(ports) !== null
  if (!isValid) {
    const detail = `"reserved_ports" is "${ports}", which is no list of ports.`
    const hint = 'Write it like "22,80,8500-8600".'
    inner.report({ summary: 'Unsupported value', detail, hint, range: inner.rangeOf('reserved_ports') })
  }
  const reserved = {
    cpuMhz: readNumber(inner, 'cpu'),
    memoryMb: readNumber(inner, 'memory'),
    diskMb: readNumber(inner, 'disk'),
    ports: isValid ? ports : null,
  }
  inner.finish({ ignored: { cores: 'not acted on: whole cores cannot be reserved yet' } })
  return reserved
}

const readOptions = (reader: Reader): Readonly<Record<string, string>> => {
  const options = reader.stringMap('options') ?? {}
  for (const name of Object.keys(options)) {
    if (actedOn.has(name)) continue
    const detail = `The option "${name}" is accepted but not acted on.`
    reader.report({ severity: 'warning', summary: 'Not acted on', detail, range: reader.rangeOf('options') })
  }
  return options
}

export const decodeClient = (block: Block | undefined, context: DecodeContext): ClientSettings => {
  if (block === undefined) return noSettings.client
  const reader = createReader(block.body, context)
  const settings: ClientSettings = {
    isEnabled: reader.bool('enabled', null),
    stateDir: readPath(reader, 'state_dir'),
    allocDir: readPath(reader, 'alloc_dir'),
    servers: [...readServers(reader, 'servers'), ...decodeJoin(reader)],
    nodeClass: reader.string('node_class', null),
    nodePool: reader.string('node_pool', null),
    meta: reader.stringMap('meta') ?? {},
    options: readOptions(reader),
    networkInterface: reader.string('network_interface', null),
    cpuMhz: readNumber(reader, 'cpu_total_compute', 1),
    memoryMb: readNumber(reader, 'memory_total_mb', 1),
    diskMb: readNumber(reader, 'disk_total_mb', 1),
    minDynamicPort: readNumber(reader, 'min_dynamic_port', 1, MAX_PORT),
    maxDynamicPort: readNumber(reader, 'max_dynamic_port', 1, MAX_PORT),
    maxKillTimeoutMs: readDuration(reader, 'max_kill_timeout', 1),
    maxTerminalAllocations: readNumber(reader, 'gc_max_allocs'),
    reserved: decodeReserved(reader),
  }
  // Always so: a node has an id of its own.
  reader.bool('no_host_uuid', true)
  reader.finish(names)
  return settings
}
