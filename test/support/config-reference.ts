import type { Field } from '../../src/lang/hcl/index.ts'
import { configVocabulary } from './config-vocabulary.ts'
import { fallbackOf, renderBlock } from './reference-tables.ts'

/** Blocks of which the two names `args` and `config` are all. */
const trivial = /^plugin \w+$/

/** What holds where nothing is written: settled when an agent is made of its settings, and by whoever acts on them. */
const spoken: Readonly<Record<string, string>> = {
  'agent acl': 'refused where it is `enabled`: nothing controls yet who may do what',
  'agent tls': 'refused where it is on: nothing is encrypted yet',
  'agent audit': 'refused where it is `enabled`: no audit log is written yet',
  'agent data_dir': 'required, but with `-dev`',
  'agent name': "the machine's",
  'agent region': '`"global"`',
  'agent datacenter': '`"dc1"`',
  'agent bind_addr': '`"127.0.0.1"`',
  'agent leave_on_interrupt': '`false`; on Ctrl-C a client says that it leaves, and its node is down at once',
  'agent leave_on_terminate': '`false`; the same on SIGTERM',
  'agent log_level': '`"info"`; `trace`, `debug`, `info`, `warn` or `error`',
  'agent log_json': '`true`; `false` logs text for people',
  'agent disable_update_check': 'always so',
  'agent disable_anonymous_signature': 'always so',
  'addresses http': '`bind_addr`',
  'ports http': '`4646`; `0` picks a free one',
  'advertise http': 'where it listens; the name under which it may be asked, too',
  'server enabled': '`false`',
  'server data_dir': '`server` in `data_dir`',
  'server heartbeat_grace': '`10s`',
  'server min_heartbeat_ttl': '`10s`; `1s` or more',
  'server max_heartbeats_per_second': '`1000`',
  'server eval_gc_threshold': '`1h`',
  'server batch_eval_gc_threshold': '`24h`',
  'server job_gc_threshold': '`4h`',
  'server deployment_gc_threshold': '`1h`',
  'server node_gc_threshold': '`24h`',
  'server job_gc_interval': '`5m`; `1s` or more',
  'server bootstrap_expect': '`1`, and no more yet',
  'client enabled': '`false`',
  'client state_dir': '`client` in `data_dir`',
  'client alloc_dir': '`alloc` in `data_dir`',
  'client servers': 'the server beside it; ports are those of the API',
  'client server_join retry_join': 'as `servers`',
  'client server_join start_join': 'as `servers`',
  'client node_pool': '`"default"`',
  'client network_interface': "the default route's",
  'client cpu_total_compute': 'found out; MHz',
  'client memory_total_mb': 'found out',
  'client disk_total_mb': 'found out',
  'client min_dynamic_port': '`20000`; first of the ports that tasks are given which ask for any',
  'client max_dynamic_port': '`32000`; the last of them',
  'client max_kill_timeout': '`30s`',
  'client gc_max_allocs': '`50`; ended allocations whose directories are kept',
  'client no_host_uuid': 'always so',
  'client options': '`driver.allowlist`, `driver.denylist`, `driver.raw_exec.enable`; others with a warning',
  'client reserved cpu': '`0`; MHz',
  'client reserved memory': '`0`; MiB',
  'client reserved disk': '`0`; MiB',
  'client reserved reserved_ports': 'none; `"22,80,8500-8600"`',
  'plugin docker config endpoint': '`DOCKER_HOST`, else `unix:///var/run/docker.sock`',
  'plugin docker config image_pull_timeout': '`5m`',
  'plugin docker config pull_activity_timeout': '`2m`',
  'plugin docker config recover_timeout': '`5m`: how long an engine that went away is waited for',
  'plugin raw_exec config enabled': '`false`, with `-dev` `true`',
  'plugin raw_exec config no_cgroups': '`false`: a task has a control group of its own',
  'telemetry prometheus_metrics': 'always so',
  'eventstore prefix': '`"muster"`, or the path of the url',
  'eventstore credentials_file': 'none; its first line is `user:password`',
  'eventstore ca_file': 'what Node trusts',
  'eventstore kind': '`sqlite`; `memory` without a data directory',
  'eventstore url': 'required for `eventstoredb`',
}

/** A table for each block, as Markdown: made of the names that the code asks for, so it cannot say anything else. */
export const renderConfigReference = (): string => {
  const defaultOf = (path: string, field: Field): string => spoken[`${path} ${field.name}`] ?? fallbackOf(field)
  return configVocabulary()
    .filter(({ path }) => !trivial.test(path))
    .map(block => renderBlock(block, field => defaultOf(block.path, field)))
    .join('\n\n')
}

/** Defaults that are told of names that nobody reads. */
export const orphans = (): readonly string[] => {
  const known = new Set(configVocabulary().flatMap(({ path, fields }) => fields.map(({ name }) => `${path} ${name}`)))
  return Object.keys(spoken).filter(name => !known.has(name))
}
