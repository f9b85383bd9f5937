import { type Block, createReader, type DecodeContext, type Reader } from '../../lang/hcl/index.ts'
import { readDuration, readNumber, readPath } from '../checks.ts'
import { noSettings, type ServerSettings } from '../settings.ts'

/** Nodes beat three times within their TTL; shorter ones would be nothing but heartbeats. */
const MIN_HEARTBEAT_TTL_MS = 1_000
/** The collector looks no more often. */
const MIN_GC_INTERVAL_MS = 1_000

const oneServer = 'not acted on: there is one server'
const noRaft = 'not acted on: the log is the event store, not Raft'
const noGossip = 'not acted on: servers do not gossip'
const fixed = 'not acted on: it is fixed'

const names = {
  refused: { client_introduction: 'nodes are let in without an introduction yet' },
  ignored: {
    retry_join: oneServer,
    start_join: oneServer,
    server_join: oneServer,
    retry_max: oneServer,
    retry_interval: oneServer,
    rejoin_after_leave: oneServer,
    encrypt: noGossip,
    protocol_version: noGossip,
    raft_protocol: noRaft,
    raft_multiplier: noRaft,
    raft_boltdb: noRaft,
    raft_logstore: noRaft,
    raft_snapshot_threshold: noRaft,
    raft_snapshot_interval: noRaft,
    raft_trailing_logs: noRaft,
    non_voting_server: noRaft,
    redundancy_zone: noRaft,
    upgrade_version: noRaft,
    authoritative_region: 'not acted on: regions do not know of each other',
    num_schedulers: 'not acted on: the leader schedules',
    enabled_schedulers: 'not acted on: the leader schedules for every type',
    default_scheduler_config: 'not acted on: the scheduler packs nodes, and preempts nothing yet',
    plan_rejection_tracker: 'not acted on: plans are decided where they are committed',
    failover_heartbeat_ttl: 'not acted on: a leader that begins waits as long as ever',
    csi_volume_claim_gc_threshold: 'not acted on: there are no volumes yet',
    csi_volume_claim_gc_interval: 'not acted on: there are no volumes yet',
    csi_plugin_gc_threshold: 'not acted on: there are no volumes yet',
    acl_token_gc_threshold: 'not acted on: there are no tokens yet',
    root_key_gc_interval: 'not acted on: keys are not rotated yet',
    root_key_gc_threshold: 'not acted on: keys are not rotated yet',
    root_key_rotation_threshold: 'not acted on: keys are not rotated yet',
    enable_event_broker: 'not acted on: events can always be followed',
    event_buffer_size: 'not acted on: the log keeps all events',
    search: fixed,
    job_default_priority: fixed,
    job_max_priority: fixed,
    job_max_source_size: fixed,
    job_max_count: fixed,
    job_tracked_versions: 'not acted on: all versions are kept',
    oidc_issuer: 'not acted on: there are no workload identities yet',
    license_path: 'not acted on: there is no license',
    start_timeout: 'not acted on: a server begins when its log is read',
  },
}

/** More than one would wait for each other; there are no followers yet. */
const checkBootstrap = (reader: Reader): void => {
  const expected = readNumber(reader, 'bootstrap_expect', 0)
  if (expected === null || expected <= 1) return
  reader.report({
    summary: 'Not supported yet',
    detail: `"bootstrap_expect" is ${expected}: a cluster has one server yet.`,
    hint: 'Write 1, or leave it out.',
    range: reader.rangeOf('bootstrap_expect'),
  })
}

export const decodeServer = (block: Block | undefined, context: DecodeContext): ServerSettings => {
  if (block === undefined) return noSettings.server
  const reader = createReader(block.body, context)
  const settings: ServerSettings = {
    isEnabled: reader.bool('enabled', null),
    dataDir: readPath(reader, 'data_dir'),
    heartbeatGraceMs: readDuration(reader, 'heartbeat_grace'),
    minHeartbeatTtlMs: readDuration(reader, 'min_heartbeat_ttl', MIN_HEARTBEAT_TTL_MS),
    maxHeartbeatsPerSecond: readNumber(reader, 'max_heartbeats_per_second', 1),
    evaluationGcMs: readDuration(reader, 'eval_gc_threshold'),
    batchEvaluationGcMs: readDuration(reader, 'batch_eval_gc_threshold'),
    jobGcMs: readDuration(reader, 'job_gc_threshold'),
    deploymentGcMs: readDuration(reader, 'deployment_gc_threshold'),
    nodeGcMs: readDuration(reader, 'node_gc_threshold'),
    gcIntervalMs: readDuration(reader, 'job_gc_interval', MIN_GC_INTERVAL_MS),
  }
  checkBootstrap(reader)
  reader.finish(names)
  return settings
}
