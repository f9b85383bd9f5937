import { type Body, createReader, type DecodeContext, type Reader, suggestionHint } from '../../lang/hcl/index.ts'
import { MAX_PORT } from '../agent-config.ts'
import { readAddress, readHost, readNumber, readPath } from '../checks.ts'
import { type AgentSettings, eventStoreKinds, type LogLevel, logLevels, noSettings } from '../settings.ts'
import { decodeClient } from './client.ts'
import { decodePlugins } from './plugin.ts'
import { decodeServer } from './server.ts'

const onePort = 'not acted on: everything goes over one port, "http"'

const onlyHttp = { ignored: { rpc: onePort, serf: onePort } }

/** Reads the only block of a type, if there is one. */
const within = <T>(reader: Reader, type: string, otherwise: T, decode: (inner: Reader) => T): T => {
  const block = reader.block(type)
  return block === undefined ? otherwise : decode(createReader(block.body, reader.context))
}

const decodeHttp = (reader: Reader): AgentSettings['http'] => ({
  address: within(reader, 'addresses', null, inner => {
    const address = readHost(inner, 'http')
    inner.finish(onlyHttp)
    return address
  }),
  port: within(reader, 'ports', null, inner => {
    const port = readNumber(inner, 'http', 0, MAX_PORT)
    inner.finish(onlyHttp)
    return port
  }),
  advertised: within(reader, 'advertise', null, inner => {
    const address = readAddress(inner, 'http')
    inner.finish(onlyHttp)
    return address
  }),
})

const readLogLevel = (reader: Reader): LogLevel | null => {
  const text = reader.string('log_level', null)
  if (text === null) return null
  const level = logLevels.find(each => each === text.toLowerCase())
  if (level !== undefined) return level
  const detail = `"log_level" is "${text}"; it must be one of ${logLevels.join(', ')}.`
  const hint = suggestionHint(text.toLowerCase(), logLevels)
  reader.report({ summary: 'Unsupported value', detail, hint, range: reader.rangeOf('log_level') })
  return null
}

const decodeLog = (reader: Reader): AgentSettings['log'] => {
  const isJson = reader.bool('log_json', null)
  return { level: readLogLevel(reader), format: isJson === null ? null : isJson ? 'json' : 'text' }
}

const decodeEventStore = (reader: Reader): AgentSettings['eventStore'] =>
  within(reader, 'eventstore', noSettings.eventStore, inner => {
    const settings = {
      kind: inner.has('kind') ? inner.oneOf('kind', eventStoreKinds, 'sqlite') : null,
      url: inner.string('url', null),
      prefix: inner.string('prefix', null),
      credentialsFile: readPath(inner, 'credentials_file'),
      caFile: readPath(inner, 'ca_file'),
    }
    inner.finish()
    return settings
  })

const notSent = 'not acted on: metrics are there to be fetched, and are sent to nobody'
const oneSet = 'not acted on: there is one set of metrics'

const telemetryNames = {
  statsd_address: notSent,
  statsite_address: notSent,
  datadog_address: notSent,
  datadog_tags: notSent,
  collection_interval: 'not acted on: metrics are measured when they are fetched',
  in_memory_collection_interval: 'not acted on: metrics are measured when they are fetched',
  in_memory_retention_period: 'not acted on: metrics are measured when they are fetched',
  use_node_name: oneSet,
  disable_hostname: oneSet,
  filter_default: oneSet,
  prefix_filter: oneSet,
  publish_allocation_metrics: oneSet,
  publish_node_metrics: oneSet,
  include_alloc_metadata_in_metrics: oneSet,
  allowed_metadata_keys_in_metrics: oneSet,
  disable_dispatched_job_summary_metrics: oneSet,
  disable_allocation_hook_metrics: oneSet,
  disable_rpc_rate_metrics_labels: oneSet,
}

/** Metrics are there to be fetched, always; nothing of this is needed for it. */
const checkTelemetry = (reader: Reader): void =>
  within(reader, 'telemetry', undefined, inner => {
    inner.bool('prometheus_metrics', true)
    inner.finish({ ignored: telemetryNames })
  })

/** Blocks that guard something: refused where they are on, since nothing would stand in their place. */
const guards = {
  acl: { switches: ['enabled'], why: 'nothing controls yet who may do what' },
  tls: { switches: ['http', 'rpc', 'verify_https_client', 'verify_server_hostname'], why: 'nothing is encrypted yet' },
  audit: { switches: ['enabled'], why: 'no audit log is written yet' },
} as const

const checkGuards = (reader: Reader): void => {
  for (const [type, { switches, why }] of Object.entries(guards)) {
    for (const block of reader.blocks(type)) {
      const inner = createReader(block.body, reader.context)
      for (const name of switches) {
        if (!inner.bool(name, false)) continue
        const detail = `"${name}" of "${type}" is refused: ${why}.`
        reader.report({ summary: 'Not supported yet', detail, range: inner.rangeOf(name) })
      }
    }
  }
}

const names = {
  refused: { keyring: 'keys are kept in a file of the data directory, and nowhere else yet' },
  ignored: {
    consul: 'not acted on: services are registered with Muster itself',
    vault: 'not acted on: there is no Vault',
    ui: 'not acted on: there is no web UI yet',
    limits: 'not acted on: the limits of the API are fixed',
    autopilot: 'not acted on: the log is the event store, which has its own cluster',
    sentinel: 'not acted on: there are no policies',
    reporting: 'not acted on: nothing is reported to anybody',
    rpc: onePort,
    http_api_response_headers: 'not acted on: the API sends headers of its own',
    enable_debug: 'not acted on: there is nothing to debug over the API',
    enable_syslog: 'not acted on: logs go to standard error',
    syslog_facility: 'not acted on: logs go to standard error',
    log_file: 'not acted on: logs go to standard error',
    log_rotate_bytes: 'not acted on: logs go to standard error',
    log_rotate_duration: 'not acted on: logs go to standard error',
    log_rotate_max_files: 'not acted on: logs go to standard error',
    log_include_location: 'not acted on',
    plugin_dir: 'not acted on: drivers are part of the program',
    license_path: 'not acted on: there is no license',
  },
}

/** The settings that the body of one file says; findings go to the context. */
export const decodeAgent = (body: Body, context: DecodeContext): AgentSettings => {
  const reader = createReader(body, context)
  const settings: AgentSettings = {
    dataDir: readPath(reader, 'data_dir'),
    name: reader.string('name', null),
    region: reader.string('region', null),
    datacenter: reader.string('datacenter', null),
    bindAddress: readHost(reader, 'bind_addr'),
    http: decodeHttp(reader),
    leavesOnInterrupt: reader.bool('leave_on_interrupt', null),
    leavesOnTerminate: reader.bool('leave_on_terminate', null),
    log: decodeLog(reader),
    server: decodeServer(reader.block('server'), context),
    client: decodeClient(reader.block('client'), context),
    plugins: decodePlugins(reader.blocks('plugin'), context),
    eventStore: decodeEventStore(reader),
  }
  checkGuards(reader)
  checkTelemetry(reader)
  // Always so: nobody outside is asked about updates.
  reader.bool('disable_update_check', true)
  reader.bool('disable_anonymous_signature', true)
  reader.finish(names)
  return settings
}
