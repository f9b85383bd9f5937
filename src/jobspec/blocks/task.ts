import type {
  JobType,
  Lifecycle,
  LogConfig,
  Resources,
  Restart,
  TaskOf,
  TemplateOf,
} from '../../domain/jobspec/schema.ts'
import type { Json } from '../../domain/json.ts'
import {
  type Block,
  type Body,
  createReader,
  type DecodeContext,
  labelOf,
  type Reader,
  toJson,
} from '../../lang/hcl/index.ts'
import { decodeConstraints } from './constraint.ts'
import { decodeRestart } from './policies.ts'
import { decodeServices } from './service.ts'

const decodeResources = (reader: Reader): Resources => {
  const block = reader.block('resources')
  const defaults: Resources = { cpuMhz: 100, memoryMb: 300, memoryMaxMb: 0 }
  if (block === undefined) return defaults
  const inner = createReader(block.body, reader.context)
  const resources: Resources = {
    cpuMhz: inner.integer('cpu', defaults.cpuMhz),
    memoryMb: inner.integer('memory', defaults.memoryMb),
    memoryMaxMb: inner.integer('memory_max', defaults.memoryMaxMb),
  }
  inner.finish({
    refused: {
      cores: 'whole cores cannot be reserved yet',
      device: 'devices are not supported yet',
      numa: 'NUMA placement is not supported yet',
      network: 'a task has no network of its own: write it in the group',
    },
    ignored: {
      disk: 'the disk of a group is its ephemeral_disk',
      secrets: 'the secrets directory has 1 MiB where it is in memory',
      iops: 'it is not accounted for',
    },
  })
  return resources
}

const templateNames = {
  refused: {
    change_script: 'scripts on change are not supported yet',
    uid: 'the owner of a rendered file cannot be set yet',
    gid: 'the group of a rendered file cannot be set yet',
  },
  ignored: { wait: 'changes are rendered after a fixed quiet time', vault_grace: 'it is obsolete' },
}

const decodeTemplate = (block: Block, context: DecodeContext): TemplateOf<string> => {
  const reader = createReader(block.body, context)
  const data = reader.string('data', null)
  const sourcePath = reader.string('source', '')
  const changeMode = reader.string('change_mode', 'restart')
  const template: TemplateOf<string> = {
    data,
    sourcePath,
    destination: reader.string('destination', ''),
    changeMode: changeMode === 'signal' || changeMode === 'noop' ? changeMode : 'restart',
    changeSignal: reader.string('change_signal', changeMode === 'signal' ? 'SIGHUP' : ''),
    splayMs: reader.duration('splay', 5_000),
    perms: reader.string('perms', '0644'),
    leftDelimiter: reader.string('left_delimiter', '{{'),
    rightDelimiter: reader.string('right_delimiter', '}}'),
    isEnv: reader.bool('env', false),
    isOnce: reader.bool('once', false),
    errorsOnMissingKey: reader.bool('error_on_missing_key', false),
  }
  if (!['restart', 'signal', 'noop'].includes(changeMode)) {
    const detail =
      changeMode === 'script'
        ? 'change_mode "script" is not supported yet.'
        : `change_mode is "${changeMode}"; it must be "restart", "signal" or "noop".`
    reader.report({ summary: 'Unsupported value', detail, range: reader.rangeOf('change_mode') })
  }
  if ((data === null) === (sourcePath === '')) {
    reader.report({
      summary: 'Incomplete template',
      detail: 'A template needs either data or source.',
      range: block.headerRange,
    })
  }
  if (template.destination === '') {
    reader.report({
      summary: 'Missing destination',
      detail: 'A template needs a destination.',
      range: block.headerRange,
    })
  }
  reader.finish(templateNames)
  return template
}

const decodeLifecycle = (reader: Reader): Lifecycle | null => {
  const block = reader.block('lifecycle')
  if (block === undefined) return null
  const inner = createReader(block.body, reader.context)
  const hook = inner.oneOf('hook', ['prestart', 'poststart', 'poststop'], 'prestart')
  if (!inner.has('hook'))
    inner.report({ summary: 'Missing hook', detail: 'A lifecycle block needs a hook.', range: block.headerRange })
  const isSidecar = inner.bool('sidecar', false)
  inner.finish()
  return { hook, isSidecar }
}

const decodeLogs = (reader: Reader): LogConfig => {
  const block = reader.block('logs')
  const defaults: LogConfig = { maxFiles: 10, maxFileSizeMb: 10, isDisabled: false }
  if (block === undefined) return defaults
  const inner = createReader(block.body, reader.context)
  const isEnabled = inner.bool('enabled', true)
  const logs: LogConfig = {
    maxFiles: inner.integer('max_files', defaults.maxFiles),
    maxFileSizeMb: inner.integer('max_file_size', defaults.maxFileSizeMb),
    isDisabled: inner.bool('disabled', !isEnabled),
  }
  inner.finish()
  return logs
}

/** A driver's own body as plain data: attributes by name, blocks as lists of objects under their type. */
const bodyToJson = (body: Body, context: DecodeContext): Readonly<Record<string, Json>> => {
  const reader = createReader(body, context)
  const entries = new Map(body.attributes.map(({ name }) => [name, toJson(reader.value(name) ?? null)] as const))
  for (const block of body.blocks) {
    const inner = bodyToJson(block.body, context)
    const labelled = block.labels.reduceRight<Json>((value, label) => ({ [label.value]: value }), inner)
    const before = entries.get(block.type)
    entries.set(block.type, Array.isArray(before) ? [...before, labelled] : [labelled])
  }
  return Object.fromEntries(entries)
}

const taskNames = {
  refused: {
    user: "tasks run as the driver's default user for now",
    artifact: 'artifacts are not fetched yet, and the task would miss its files',
    volume_mount: 'volumes are not supported yet',
    csi_plugin: 'CSI is not supported yet',
    vault: 'it needs Vault',
    consul: 'it needs Consul',
    identity: 'workload identities are not supported yet',
    secret: 'secret providers are not supported yet',
    schedule: 'task schedules are not supported',
  },
  ignored: {
    affinity: 'affinities do not count in placement yet',
    action: 'actions cannot be run yet',
    scaling: 'nothing scales jobs yet',
    kind: 'it means something with Consul Connect only',
    kill_signal_process_group: 'signals go to the whole group of a task',
  },
}

export type TaskOwner = {
  readonly job: string
  readonly group: string
  readonly type: JobType
  readonly restart: Restart
}

const payloadFile = (reader: Reader): string => {
  const block = reader.block('dispatch_payload')
  if (block === undefined) return ''
  const inner = createReader(block.body, reader.context)
  const file = inner.string('file', '')
  inner.finish()
  return file
}

export const decodeTask = (block: Block, context: DecodeContext, owner: TaskOwner): TaskOf<string> => {
  const name = labelOf(context, block, 'name')
  const reader = createReader(block.body, context)
  const config = reader.block('config')
  const driver = reader.string('driver', '')
  if (driver === '')
    reader.report({ summary: 'Missing driver', detail: `Task "${name}" needs a driver.`, range: block.headerRange })
  const task: TaskOf<string> = {
    name,
    driver,
    config: config === undefined ? {} : bodyToJson(config.body, context),
    env: reader.stringMap('env') ?? {},
    meta: reader.stringMap('meta') ?? {},
    constraints: decodeConstraints(reader),
    resources: decodeResources(reader),
    services: decodeServices(reader, { job: owner.job, group: owner.group, task: name }),
    templates: reader.blocks('template').map(template => decodeTemplate(template, context)),
    restart: decodeRestart(reader.block('restart'), context, owner.restart),
    killTimeoutMs: reader.duration('kill_timeout', 5_000),
    killSignal: reader.string('kill_signal', ''),
    shutdownDelayMs: reader.duration('shutdown_delay', 0),
    isLeader: reader.bool('leader', false),
    lifecycle: decodeLifecycle(reader),
    logs: decodeLogs(reader),
    dispatchPayloadFile: payloadFile(reader),
  }
  reader.finish(taskNames)
  return task
}
