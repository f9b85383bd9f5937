import type { JobType, Reschedule, Restart, Update } from '../../domain/jobspec/schema.ts'
import { type Block, createReader, type DecodeContext, type Reader } from '../../lang/hcl/index.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

export const defaultRestart: Readonly<Record<JobType, Restart>> = {
  service: { attempts: 2, intervalMs: 30 * MINUTE, delayMs: 15 * SECOND, mode: 'fail', rendersTemplates: false },
  batch: { attempts: 3, intervalMs: 24 * HOUR, delayMs: 15 * SECOND, mode: 'fail', rendersTemplates: false },
}

export const defaultReschedule: Readonly<Record<JobType, Reschedule>> = {
  service: {
    attempts: 0,
    intervalMs: 0,
    delayMs: 30 * SECOND,
    delayFunction: 'exponential',
    maxDelayMs: HOUR,
    isUnlimited: true,
  },
  batch: {
    attempts: 1,
    intervalMs: 24 * HOUR,
    delayMs: 5 * SECOND,
    delayFunction: 'constant',
    maxDelayMs: 0,
    isUnlimited: false,
  },
}

export const defaultUpdate: Update = {
  maxParallel: 1,
  healthCheck: 'checks',
  minHealthyTimeMs: 10 * SECOND,
  healthyDeadlineMs: 5 * MINUTE,
  progressDeadlineMs: 10 * MINUTE,
  autoRevert: false,
}

/** A `restart` block over what holds without it. */
export const decodeRestart = (block: Block | undefined, context: DecodeContext, base: Restart): Restart => {
  if (block === undefined) return base
  const reader = createReader(block.body, context)
  const restart: Restart = {
    attempts: reader.integer('attempts', base.attempts),
    intervalMs: reader.duration('interval', base.intervalMs),
    delayMs: reader.duration('delay', base.delayMs),
    mode: reader.oneOf('mode', ['fail', 'delay'], base.mode),
    rendersTemplates: reader.bool('render_templates', base.rendersTemplates),
  }
  if (reader.has('render_templates') && restart.rendersTemplates) {
    reader.report({
      severity: 'warning',
      summary: 'Not acted on',
      detail:
        '"render_templates" is accepted but templates are rendered when what they read changes, not on a restart.',
      range: reader.rangeOf('render_templates'),
    })
  }
  reader.finish()
  return restart
}

export const decodeReschedule = (block: Block | undefined, context: DecodeContext, base: Reschedule): Reschedule => {
  if (block === undefined) return base
  const reader = createReader(block.body, context)
  const reschedule: Reschedule = {
    attempts: reader.integer('attempts', base.attempts),
    intervalMs: reader.duration('interval', base.intervalMs),
    delayMs: reader.duration('delay', base.delayMs),
    delayFunction: reader.oneOf('delay_function', ['constant', 'exponential', 'fibonacci'], base.delayFunction),
    maxDelayMs: reader.duration('max_delay', base.maxDelayMs),
    // Attempts that are written down mean a limit, unless unlimited is written down too.
    isUnlimited: reader.bool('unlimited', reader.has('attempts') ? false : base.isUnlimited),
  }
  reader.finish()
  return reschedule
}

const updateNames = {
  ignored: {
    canary: 'canaries are not placed yet: the update rolls without them',
    auto_promote: 'there are no canaries to promote yet',
    stagger: 'it has no effect beyond min_healthy_time',
  },
}

/** Nomad rolls updates of services only. */
export const reportIdleUpdate = (reader: Reader, block: Block): void =>
  reader.report({
    severity: 'warning',
    summary: 'Not acted on',
    detail: 'Updates of batch jobs are not rolled: an "update" block has no effect here.',
    range: block.headerRange,
  })

export const decodeUpdate = (block: Block | undefined, context: DecodeContext, base: Update): Update => {
  if (block === undefined) return base
  const reader = createReader(block.body, context)
  const update: Update = {
    maxParallel: reader.integer('max_parallel', base.maxParallel),
    healthCheck: reader.oneOf('health_check', ['checks', 'task_states', 'manual'], base.healthCheck),
    minHealthyTimeMs: reader.duration('min_healthy_time', base.minHealthyTimeMs),
    healthyDeadlineMs: reader.duration('healthy_deadline', base.healthyDeadlineMs),
    progressDeadlineMs: reader.duration('progress_deadline', base.progressDeadlineMs),
    autoRevert: reader.bool('auto_revert', base.autoRevert),
  }
  reader.finish(updateNames)
  return update
}
