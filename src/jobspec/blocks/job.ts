import type { ClearJob, JobType, Parameterized, Periodic, Update } from '../../domain/jobspec/schema.ts'
import { type Block, createReader, type DecodeContext, labelOf, type Reader } from '../../lang/hcl/index.ts'
import { decodeConstraints } from './constraint.ts'
import { decodeGroup, decodeLoneTask, type GroupDefaults } from './group.ts'
import {
  decodeReschedule,
  decodeUpdate,
  defaultReschedule,
  defaultRestart,
  defaultUpdate,
  reportIdleUpdate,
} from './policies.ts'

const decodePeriodic = (reader: Reader): Periodic | null => {
  const block = reader.block('periodic')
  if (block === undefined) return null
  const inner = createReader(block.body, reader.context)
  const cron = inner.string('cron', null)
  const crons = inner.strings('crons')
  const given = crons ?? (cron === null ? [] : [cron])
  if (given.length === 0) {
    inner.report({ summary: 'Missing cron', detail: 'A periodic block needs cron or crons.', range: block.headerRange })
  }
  if (cron !== null && crons !== null) {
    inner.report({
      summary: 'Duplicate definition',
      detail: 'Give either cron or crons.',
      range: inner.rangeOf('cron'),
    })
  }
  const periodic: Periodic = {
    isEnabled: inner.bool('enabled', true),
    crons: given,
    prohibitsOverlap: inner.bool('prohibit_overlap', false),
    timeZone: inner.string('time_zone', 'UTC'),
  }
  inner.finish()
  return periodic
}

const decodeParameterized = (reader: Reader): Parameterized | null => {
  const block = reader.block('parameterized')
  if (block === undefined) return null
  const inner = createReader(block.body, reader.context)
  const parameterized: Parameterized = {
    payload: inner.oneOf('payload', ['optional', 'required', 'forbidden'], 'optional'),
    metaRequired: inner.strings('meta_required') ?? [],
    metaOptional: inner.strings('meta_optional') ?? [],
  }
  inner.finish()
  return parameterized
}

const decodeType = (reader: Reader): JobType => {
  const type = reader.string('type', 'service')
  if (type === 'service' || type === 'batch') return type
  const isKnown = type === 'system' || type === 'sysbatch'
  const detail = isKnown
    ? `Jobs of type "${type}" are not supported yet.`
    : `"${type}" is no type of job; use "service" or "batch".`
  reader.report({ summary: isKnown ? 'Not supported yet' : 'Unsupported value', detail, range: reader.rangeOf('type') })
  return 'service'
}

const jobNames = {
  refused: {
    multiregion: 'a job runs in one region',
    vault: 'it needs Vault',
    consul: 'it needs Consul',
    secret: 'secret providers are not supported yet',
  },
  ignored: {
    affinity: 'affinities do not count in placement yet',
    spread: 'spreads do not count in placement yet',
    migrate: 'nodes cannot be drained yet',
    ui: 'nothing shows it yet',
  },
}

const decodeJobUpdate = (reader: Reader, type: JobType): Update => {
  const block = reader.block('update')
  if (block !== undefined && type !== 'service') reportIdleUpdate(reader, block)
  return decodeUpdate(block, reader.context, defaultUpdate)
}

/** The `job` block of a file, with every default filled in. */
export const decodeJob = (block: Block, context: DecodeContext): ClearJob => {
  const label = labelOf(context, block, 'id')
  const reader = createReader(block.body, context)
  const id = reader.string('id', label)
  const name = reader.string('name', label)
  const type = decodeType(reader)
  const defaults: GroupDefaults = {
    job: name,
    type,
    restart: defaultRestart[type],
    reschedule: decodeReschedule(reader.block('reschedule'), context, defaultReschedule[type]),
    update: decodeJobUpdate(reader, type),
  }
  const job: ClearJob = {
    id,
    name,
    namespace: reader.string('namespace', 'default'),
    region: reader.string('region', 'global'),
    type,
    priority: reader.integer('priority', 50),
    allAtOnce: reader.bool('all_at_once', false),
    datacenters: reader.strings('datacenters') ?? ['*'],
    nodePool: reader.string('node_pool', 'default'),
    constraints: decodeConstraints(reader),
    groups: [
      ...reader.blocks('group').map(group => decodeGroup(group, context, defaults)),
      ...reader.blocks('task').map(task => decodeLoneTask(task, context, defaults)),
    ],
    periodic: decodePeriodic(reader),
    parameterized: decodeParameterized(reader),
    meta: reader.stringMap('meta') ?? {},
  }
  reader.finish(jobNames)
  return job
}
