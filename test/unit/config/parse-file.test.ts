import { describe, expect, it } from 'vitest'
import { parseConfigFile } from '../../../src/config/parse-file.ts'
import { type AgentSettings, noSettings } from '../../../src/config/settings.ts'
import { configVocabulary } from '../../support/config-vocabulary.ts'

/** Every finding as `line:column severity summary: detail`. */
const findingsOf = (source: string): readonly string[] =>
  parseConfigFile(source, 'agent.hcl').diagnostics.map(
    ({ severity, summary, detail, range }) =>
      `${range.start.line}:${range.start.column} ${severity} ${summary}: ${detail}`,
  )

const settingsOf = (source: string): AgentSettings => {
  const { settings, diagnostics } = parseConfigFile(source, 'agent.hcl')
  expect(diagnostics).toEqual([])
  return settings
}

const client = (body: string): string => `client {\n${body}\n}`
const server = (body: string): string => `server {\n${body}\n}`

/** A line of a configuration for every name that is acted on, and what it sets. */
const everyName: readonly (readonly [name: string, source: string, expected: object])[] = [
  ['agent data_dir', 'data_dir = "/d"', { dataDir: '/d' }],
  ['agent name', 'name = "n"', { name: 'n' }],
  ['agent region', 'region = "r"', { region: 'r' }],
  ['agent datacenter', 'datacenter = "dc"', { datacenter: 'dc' }],
  ['agent bind_addr', 'bind_addr = "0.0.0.0"', { bindAddress: '0.0.0.0' }],
  ['agent leave_on_interrupt', 'leave_on_interrupt = true', { leavesOnInterrupt: true }],
  ['agent leave_on_terminate', 'leave_on_terminate = true', { leavesOnTerminate: true }],
  ['agent log_level', 'log_level = "WARN"', { log: { level: 'warn' } }],
  ['agent log_json', 'log_json = false', { log: { format: 'text' } }],
  ['agent disable_update_check', 'disable_update_check = true', {}],
  ['agent disable_anonymous_signature', 'disable_anonymous_signature = true', {}],
  ['agent acl', 'acl {\n enabled = false\n}', {}],
  ['agent tls', 'tls {\n http = false\n}', {}],
  ['agent audit', 'audit {\n enabled = false\n}', {}],
  ['telemetry prometheus_metrics', 'telemetry {\n prometheus_metrics = true\n}', {}],
  ['addresses http', 'addresses {\n http = "10.0.0.1"\n}', { http: { address: '10.0.0.1' } }],
  ['ports http', 'ports {\n http = 5646\n}', { http: { port: 5646 } }],
  ['advertise http', 'advertise {\n http = "muster.example:80"\n}', { http: { advertised: 'muster.example:80' } }],
  ['server enabled', server('enabled = true'), { server: { isEnabled: true } }],
  ['server data_dir', server('data_dir = "/s"'), { server: { dataDir: '/s' } }],
  ['server heartbeat_grace', server('heartbeat_grace = "30s"'), { server: { heartbeatGraceMs: 30_000 } }],
  ['server min_heartbeat_ttl', server('min_heartbeat_ttl = "1s"'), { server: { minHeartbeatTtlMs: 1_000 } }],
  [
    'server max_heartbeats_per_second',
    server('max_heartbeats_per_second = 50.0'),
    { server: { maxHeartbeatsPerSecond: 50 } },
  ],
  ['server eval_gc_threshold', server('eval_gc_threshold = "1m"'), { server: { evaluationGcMs: 60_000 } }],
  [
    'server batch_eval_gc_threshold',
    server('batch_eval_gc_threshold = "1m"'),
    { server: { batchEvaluationGcMs: 60_000 } },
  ],
  ['server job_gc_threshold', server('job_gc_threshold = "1m"'), { server: { jobGcMs: 60_000 } }],
  ['server deployment_gc_threshold', server('deployment_gc_threshold = "1m"'), { server: { deploymentGcMs: 60_000 } }],
  ['server node_gc_threshold', server('node_gc_threshold = "1m"'), { server: { nodeGcMs: 60_000 } }],
  ['server job_gc_interval', server('job_gc_interval = "1s"'), { server: { gcIntervalMs: 1_000 } }],
  ['server bootstrap_expect', server('bootstrap_expect = 1'), { server: {} }],
  ['client enabled', client('enabled = true'), { client: { isEnabled: true } }],
  ['client state_dir', client('state_dir = "/c"'), { client: { stateDir: '/c' } }],
  ['client alloc_dir', client('alloc_dir = "/a"'), { client: { allocDir: '/a' } }],
  ['client servers', client('servers = ["a", "b:1"]'), { client: { servers: ['a', 'b:1'] } }],
  ['client server_join', client('server_join {\n}'), { client: { servers: [] } }],
  ['client server_join retry_join', client('server_join {\n retry_join = ["a"]\n}'), { client: { servers: ['a'] } }],
  ['client server_join start_join', client('server_join {\n start_join = ["a"]\n}'), { client: { servers: ['a'] } }],
  ['client node_class', client('node_class = "c"'), { client: { nodeClass: 'c' } }],
  ['client node_pool', client('node_pool = "p"'), { client: { nodePool: 'p' } }],
  ['client meta', client('meta {\n rack = 7\n}'), { client: { meta: { rack: '7' } } }],
  [
    'client options',
    client('options = {\n "driver.denylist" = "mock"\n}'),
    { client: { options: { 'driver.denylist': 'mock' } } },
  ],
  ['client min_dynamic_port', client('min_dynamic_port = 1024'), { client: { minDynamicPort: 1_024 } }],
  ['client max_dynamic_port', client('max_dynamic_port = 65535'), { client: { maxDynamicPort: 65_535 } }],
  ['client network_interface', client('network_interface = "eth0"'), { client: { networkInterface: 'eth0' } }],
  ['client cpu_total_compute', client('cpu_total_compute = 4000'), { client: { cpuMhz: 4000 } }],
  ['client memory_total_mb', client('memory_total_mb = 1'), { client: { memoryMb: 1 } }],
  ['client disk_total_mb', client('disk_total_mb = 2'), { client: { diskMb: 2 } }],
  ['client max_kill_timeout', client('max_kill_timeout = "1m"'), { client: { maxKillTimeoutMs: 60_000 } }],
  ['client gc_max_allocs', client('gc_max_allocs = 3'), { client: { maxTerminalAllocations: 3 } }],
  ['client no_host_uuid', client('no_host_uuid = true'), { client: {} }],
  ['client reserved', client('reserved {\n}'), { client: {} }],
  ['client reserved cpu', client('reserved {\n cpu = 1\n}'), { client: { reserved: { cpuMhz: 1 } } }],
  ['client reserved memory', client('reserved {\n memory = 1\n}'), { client: { reserved: { memoryMb: 1 } } }],
  ['client reserved disk', client('reserved {\n disk = 1\n}'), { client: { reserved: { diskMb: 1 } } }],
  [
    'client reserved reserved_ports',
    client('reserved {\n reserved_ports = "22,80-81"\n}'),
    { client: { reserved: { ports: '22,80-81' } } },
  ],
  [
    'plugin docker config endpoint',
    'plugin "docker" {\n config {\n endpoint = "unix:///x"\n}\n}',
    { plugins: { docker: { endpoint: 'unix:///x' } } },
  ],
  [
    'plugin docker config image_pull_timeout',
    'plugin "docker" {\n config {\n image_pull_timeout = "90s"\n}\n}',
    { plugins: { docker: { image_pull_timeout: '1m30s' } } },
  ],
  [
    'plugin docker config pull_activity_timeout',
    'plugin "docker" {\n config {\n pull_activity_timeout = "1s"\n}\n}',
    { plugins: { docker: { pull_activity_timeout: '1s' } } },
  ],
  [
    'plugin docker config recover_timeout',
    'plugin "docker" {\n config {\n recover_timeout = "1s"\n}\n}',
    { plugins: { docker: { recover_timeout: '1s' } } },
  ],
  [
    'plugin raw_exec config enabled',
    'plugin "raw_exec" {\n config {\n enabled = true\n}\n}',
    { plugins: { raw_exec: { enabled: true } } },
  ],
  [
    'plugin raw_exec config no_cgroups',
    'plugin "raw_exec" {\n config {\n no_cgroups = true\n}\n}',
    { plugins: { raw_exec: { no_cgroups: true } } },
  ],
  ['eventstore kind', 'eventstore {\n kind = "eventstoredb"\n}', { eventStore: { kind: 'eventstoredb' } }],
  ['eventstore url', 'eventstore {\n url = "esdb://a"\n}', { eventStore: { kind: null, url: 'esdb://a' } }],
  ['eventstore prefix', 'eventstore {\n prefix = "p"\n}', { eventStore: { prefix: 'p' } }],
  [
    'eventstore credentials_file',
    'eventstore {\n credentials_file = "/u"\n}',
    { eventStore: { credentialsFile: '/u' } },
  ],
  ['eventstore ca_file', 'eventstore {\n ca_file = "/ca"\n}', { eventStore: { caFile: '/ca' } }],
]

describe('a file of configuration', () => {
  it('that says nothing sets nothing', () => {
    expect(settingsOf('')).toEqual(noSettings)
    expect(settingsOf('{}')).toEqual(noSettings)
  })

  it.each(everyName)('sets %s', (_name, source, expected) => {
    expect(settingsOf(source)).toMatchObject(expected)
  })

  it('is tested with every name that is acted on', () => {
    const blocks = new Set([
      'addresses',
      'ports',
      'advertise',
      'server',
      'client',
      'plugin',
      'eventstore',
      'telemetry',
      'config',
    ])
    const acted = configVocabulary().flatMap(({ path, fields }) =>
      fields.filter(({ name }) => !blocks.has(name)).map(({ name }) => `${path} ${name}`),
    )
    expect(everyName.map(([name]) => name).toSorted()).toEqual(acted.toSorted())
  })

  it('may be JSON, in the form that Nomad reads', () => {
    const json = {
      data_dir: '/d',
      ports: { http: 5646 },
      client: [{ enabled: true, servers: ['a'], meta: { 'rack.x': '7' }, reserved: { cpu: 1 } }],
      plugin: [{ docker: { config: { endpoint: 'tcp://e' } } }, { raw_exec: [{ config: [{ enabled: true }] }] }],
    }
    expect(settingsOf(JSON.stringify(json))).toMatchObject({
      dataDir: '/d',
      http: { port: 5646 },
      client: { isEnabled: true, servers: ['a'], meta: { 'rack.x': '7' }, reserved: { cpuMhz: 1 } },
      plugins: { docker: { endpoint: 'tcp://e' }, raw_exec: { enabled: true } },
    })
    expect(findingsOf('{\n  "client": {\n    "servres": []\n  }\n}')).toEqual([
      '3:5 error Unsupported argument: An argument named "servres" is not expected here.',
    ])
    expect(findingsOf('{ "a": }')).toEqual(['1:8 error Invalid JSON: A value belongs here, and this is "}".'])
  })
})

describe('what is wrong with a file of configuration', () => {
  it.each([
    ['data_dri = "/d"', '1:1 error Unsupported argument: An argument named "data_dri" is not expected here.'],
    ['data_dir = "d"', '1:12 error Unsupported value: "data_dir" is "d", which is no absolute path.'],
    ['bind_addr = "10.0.0.1:80"', '1:13 error Unsupported value: "bind_addr" is "10.0.0.1:80", which is no host.'],
    ['bind_addr = "{{ GetPrivateIP }}"', '1:13 error Unsupported value: "bind_addr" is a template.'],
    ['advertise {\n  http = "a:b"\n}', '2:10 error Unsupported value: "http" is "a:b", which is no address.'],
    [
      'log_level = "loud"',
      '1:13 error Unsupported value: "log_level" is "loud"; it must be one of trace, debug, info, warn, error.',
    ],
    ['ports {\n  http = 65536\n}', '2:10 error Unsupported value: "http" is 65536.'],
    [
      'ports {\n  http = "x"\n}',
      '2:10 error Incorrect attribute value type: "http" must be a whole number: a number is required, and this text is none.',
    ],
    [
      server('bootstrap_expect = 3'),
      '2:20 error Not supported yet: "bootstrap_expect" is 3: a cluster has one server yet.',
    ],
    [server('min_heartbeat_ttl = "999ms"'), '2:21 error Unsupported value: "min_heartbeat_ttl" is 999 ms.'],
    [
      server('heartbeat_grace = "soon"'),
      '2:19 error Incorrect attribute value type: "heartbeat_grace" must be a duration: write it like "30s" or "1h30m".',
    ],
    [client('servers = ["a", "https://b"]'), '2:11 error Unsupported value: "https://b" is no address of a server.'],
    [
      client('reserved {\n  reserved_ports = "9-8"\n}'),
      '3:20 error Unsupported value: "reserved_ports" is "9-8", which is no list of ports.',
    ],
    [client('cpu_total_compute = 0'), '2:21 error Unsupported value: "cpu_total_compute" is 0.'],
    [client('meta = 1\nmeta_ = 2'), '3:1 error Unsupported argument: An argument named "meta_" is not expected here.'],
    [
      'acl {\n  enabled = true\n}',
      '2:13 error Not supported yet: "enabled" of "acl" is refused: nothing controls yet who may do what.',
    ],
    ['tls {\n  http = true\n}', '2:10 error Not supported yet: "http" of "tls" is refused: nothing is encrypted yet.'],
    [
      'keyring "awskms" {\n}',
      '1:1 error Not supported yet: "keyring" is refused: keys are kept in a file of the data directory, and nowhere else yet.',
    ],
    ['plugin "dokcer" {\n}', '1:1 error Unknown plugin: There is no driver "dokcer".'],
    [
      'plugin "raw_exec" {\n  config {\n    denied_envvars = ["A"]\n  }\n}',
      '3:5 error Not supported yet: "denied_envvars" is refused: tasks would be given these variables.',
    ],
    [
      'eventstore {\n  kind = "mysql"\n}',
      '2:10 error Unsupported value: "kind" is "mysql"; it must be one of "sqlite", "memory", "eventstoredb".',
    ],
    ['name = var.x', '1:8 error Unknown variable: There is no variable named "var" here.'],
    ['server = {}', '1:1 error Unsupported argument: An argument named "server" is not expected here.'],
    [
      'server {\n}\nserver {\n}',
      '3:1 error Duplicate block: Only one "server" block is allowed here; another stands at line 1.',
    ],
    [
      'telemetry {\n  statsd_address = "a:1"\n}',
      '2:3 warning Not acted on: "statsd_address" is accepted but not acted on: metrics are there to be fetched, and are sent to nobody.',
    ],
    ['log_include_location = true', '1:1 warning Not acted on: "log_include_location" is accepted but not acted on.'],
    [
      'plugin "java" {\n}',
      '1:1 warning Not acted on: There is no driver "java" yet: tasks that ask for it are not placed.',
    ],
    [
      client('options = {\n "docker.endpoint" = "x"\n}'),
      '2:11 warning Not acted on: The option "docker.endpoint" is accepted but not acted on.',
    ],
  ])('%j', (source, expected) => {
    expect(findingsOf(source)).toContain(expected)
  })

  it('is told all at once, with what was probably meant', () => {
    const source = 'data_dri = "/d"\nserver {\n  enabeld = true\n}\nplugin "dokcer" {\n}\n'
    const { diagnostics } = parseConfigFile(source, 'agent.hcl')
    expect(diagnostics.map(({ range, hint }) => [range.start.line, hint])).toEqual([
      [3, 'Did you mean "enabled"?'],
      [5, 'Did you mean "docker"?'],
      [1, 'Did you mean "data_dir"?'],
    ])
  })

  it('is not told of names that say what is so anyway', () => {
    expect(findingsOf('log_include_location = false\nenable_debug = false\nplugin_dir = ""\n')).toEqual([])
  })

  it('ends with the language where it cannot be read', () => {
    const [first = '', ...more] = findingsOf('server {\n  enabled = \n}\ndata_dri = 1\n')
    expect(first).toMatch(/^2:\d+ error /)
    expect(more.filter(finding => finding.includes('data_dri'))).toEqual([])
  })
})
