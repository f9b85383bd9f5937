import type { Cancel, Clock } from '../../platform/clock.ts'
import { messageOf } from '../../platform/errors.ts'
import type { Logger } from '../../platform/logger.ts'
import { partsOfStartId, startId } from './build-task-start.ts'
import type { TaskDriver } from './drivers/driver.ts'
import { REAP_EVERY_MS } from './limits.ts'
import type { Supervisor } from './supervisor.ts'

/**
 * Removes what carries this node's label and is no start on record: what a dead agent left, and what a driver's daemon
 * made although it said that it could not. A start is on record before its driver is asked, so what is found and not on
 * record is nobody's, however new it is.
 */
export type Reaper = {
  /** Looks at once, then again and again. Resolves after the first look, whatever came of it. */
  readonly start: () => Promise<void>
  readonly stop: () => void
}

export type ReaperOptions = {
  readonly clock: Clock
  readonly logger: Logger
  readonly drivers: readonly TaskDriver[]
  readonly nodeId: string
  readonly supervisor: Pick<Supervisor, 'runner'>
}

/** Whether a start is on record and not over. */
export const isRecordedStart = (supervisor: Pick<Supervisor, 'runner'>, id: string): boolean => {
  const [allocationId, task] = partsOfStartId(id)
  const record = supervisor.runner(allocationId)?.tasks().get(task)?.record()
  if (record === undefined || record.phase.kind === 'dead') return false
  return startId(allocationId, task, record.startNumber) === id
}

export const createReaper = ({ clock, logger, drivers, nodeId, supervisor }: ReaperOptions): Reaper => {
  let isStopped = false
  let cancel: Cancel = () => {}

  const look = async (): Promise<void> => {
    const keep = { has: (id: string): boolean => isStopped || isRecordedStart(supervisor, id) }
    const results = await Promise.allSettled(drivers.map(driver => driver.sweep({ 'dev.muster.node': nodeId }, keep)))
    if (isStopped) return
    for (const result of results) {
      if (result.status === 'rejected') {
        logger.warn({ error: messageOf(result.reason) }, 'leftovers could not be looked for')
      } else if (result.value > 0) logger.info({ count: result.value }, 'leftovers of tasks removed')
    }
    cancel = clock.after(REAP_EVERY_MS, () => void look())
  }

  return {
    start: look,
    stop: () => {
      isStopped = true
      cancel()
    },
  }
}
