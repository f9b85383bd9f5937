import type { JobType, Reschedule, Restart, TaskGroupOf, Update } from '../../domain/jobspec/schema.ts'
import { validateRestart } from '../../domain/jobspec/validate-policies.ts'
import { type Block, createReader, type DecodeContext, labelOf, type Reader } from '../../lang/hcl/index.ts'
import { locate } from '../locate.ts'
import { decodeConstraints } from './constraint.ts'
import { decodeNetwork } from './network.ts'
import { decodeReschedule, decodeRestart, decodeUpdate, reportIdleUpdate } from './policies.ts'
import { decodeServices } from './service.ts'
import { decodeTask } from './task.ts'

/** What a group takes from its job where it says nothing itself. */
export type GroupDefaults = {
  readonly job: string
  readonly type: JobType
  readonly restart: Restart
  readonly reschedule: Reschedule
  readonly update: Update
}

const groupNames = {
  refused: {
    volume: 'volumes are not supported yet',
    consul: 'it needs Consul',
    vault: 'it needs Vault',
    secret: 'secret providers are not supported yet',
    stop_after_client_disconnect: 'what happens on disconnect cannot be set yet',
    max_client_disconnect: 'what happens on disconnect cannot be set yet',
    disconnect: 'what happens on disconnect cannot be set yet',
    max_run_duration: 'a limit of the run time is not enforced yet',
  },
  ignored: {
    affinity: 'affinities do not count in placement yet',
    spread: 'spreads do not count in placement yet',
    migrate: 'nodes cannot be drained yet',
    prevent_reschedule_on_lost: 'lost allocations are always replaced',
  },
}

const diskMb = (reader: Reader): number => {
  const block = reader.block('ephemeral_disk')
  if (block === undefined) return 300
  const inner = createReader(block.body, reader.context)
  const size = inner.integer('size', 300)
  inner.finish({
    refused: {
      sticky: 'the data would not follow the allocation',
      migrate: 'the data would not follow the allocation',
    },
  })
  return size
}

/** Nomad applies updates to services only; max_parallel = 0 means an update without a deployment. */
const updateOf = (reader: Reader, defaults: GroupDefaults): Update | null => {
  const block = reader.block('update')
  const update = decodeUpdate(block, reader.context, defaults.update)
  if (defaults.type === 'service') return update.maxParallel === 0 ? null : update
  if (block !== undefined) reportIdleUpdate(reader, block)
  return null
}

/** Only the number to begin with is taken from `scaling`: its `min`, where the group has no count. */
const scalingMin = (reader: Reader): number | null => {
  const block = reader.block('scaling')
  if (block === undefined) return null
  const inner = createReader(block.body, reader.context)
  const min = inner.integer('min', null)
  const reason = 'nothing scales jobs yet'
  inner.finish({ ignored: { max: reason, enabled: reason, policy: reason, type: reason } })
  return min
}

const countOf = (reader: Reader): number => {
  const min = scalingMin(reader)
  const count = reader.integer('count', min ?? 1)
  if (count >= 0) return count
  reader.report({
    summary: 'Invalid count',
    detail: `"count" is ${count}; it cannot be negative.`,
    range: reader.rangeOf('count'),
  })
  return 0
}

/** A group's restart block is validated where it is written; a task's is not (nomad-behaviour §0.3). */
const restartOf = (reader: Reader, base: Restart): Restart => {
  const block = reader.block('restart')
  const restart = decodeRestart(block, reader.context, base)
  if (block === undefined) return restart
  for (const finding of validateRestart(restart, [])) reader.report({ ...finding, range: locate(block, finding.path) })
  return restart
}

export const decodeGroup = (block: Block, context: DecodeContext, defaults: GroupDefaults): TaskGroupOf<string> => {
  const name = labelOf(context, block, 'name')
  const reader = createReader(block.body, context)
  const restart = restartOf(reader, defaults.restart)
  const owner = { job: defaults.job, group: name }
  const group: TaskGroupOf<string> = {
    name,
    count: countOf(reader),
    constraints: decodeConstraints(reader),
    network: decodeNetwork(reader),
    services: decodeServices(reader, { ...owner, task: '' }),
    tasks: reader.blocks('task').map(task => decodeTask(task, context, { ...owner, type: defaults.type, restart })),
    reschedule: decodeReschedule(reader.block('reschedule'), context, defaults.reschedule),
    update: updateOf(reader, defaults),
    ephemeralDiskMb: diskMb(reader),
    shutdownDelayMs: reader.duration('shutdown_delay', 0),
    meta: reader.stringMap('meta') ?? {},
  }
  reader.finish(groupNames)
  return group
}

/** A task that stands directly in the job is a group of its own, of the same name and with one instance. */
export const decodeLoneTask = (block: Block, context: DecodeContext, defaults: GroupDefaults): TaskGroupOf<string> => {
  const name = labelOf(context, block, 'name')
  const task = decodeTask(block, context, {
    job: defaults.job,
    group: name,
    type: defaults.type,
    restart: defaults.restart,
  })
  const update = defaults.type === 'service' && defaults.update.maxParallel > 0 ? defaults.update : null
  const empty = { constraints: [], network: null, services: [], meta: {} }
  return {
    name,
    count: 1,
    ...empty,
    tasks: [task],
    reschedule: defaults.reschedule,
    update,
    ephemeralDiskMb: 300,
    shutdownDelayMs: 0,
  }
}
