import { messageOf } from '../../platform/errors.ts'
import type { Logger } from '../../platform/logger.ts'
import { partsOfStartId } from './build-task-start.ts'
import type { TaskDriver } from './drivers/driver.ts'
import type { AllocationProgress } from './state-store.ts'
import { newRecord } from './task-record.ts'

/**
 * Starts that carry this node's label and are on no record, as an agent finds them that has lost its state, or part of it.
 * The highest start number of each task, by allocation.
 */
export type Strays = ReadonlyMap<string, ReadonlyMap<string, number>>

export type StraysOptions = {
  readonly drivers: readonly TaskDriver[]
  readonly nodeId: string
  readonly isRecorded: (startId: string) => boolean
  readonly logger: Logger
}

/** Removes nothing. What a driver cannot tell now is found by the reaper, or by the start that meets it. */
export const findStrays = async ({ drivers, nodeId, isRecorded, logger }: StraysOptions): Promise<Strays> => {
  const strays = new Map<string, Map<string, number>>()
  const note = (startId: string): void => {
    if (isRecorded(startId)) return
    const [allocationId, task, number] = partsOfStartId(startId)
    const tasks = strays.get(allocationId) ?? new Map<string, number>()
    strays.set(allocationId, tasks.set(task, Math.max(number, tasks.get(task) ?? 0)))
  }
  const keepAll = {
    has: (startId: string): boolean => {
      note(startId)
      return true
    },
  }
  const looks = await Promise.allSettled(drivers.map(driver => driver.sweep({ 'dev.muster.node': nodeId }, keepAll)))
  for (const look of looks) {
    if (look.status === 'rejected') logger.warn({ error: messageOf(look.reason) }, 'leftovers could not be looked for')
  }
  return strays
}

/**
 * What stands on record of an allocation whose record was lost, so that it goes on with what was found: the intent to start
 * what is there already, which its driver answers with the handle. Null where nothing was found.
 */
export const progressOf = (
  starts: ReadonlyMap<string, number> | undefined,
  lastEvent: number,
): AllocationProgress | null => {
  if (starts === undefined) return null
  const records = Array.from(starts, ([task, startNumber]) => ({
    ...newRecord(task),
    phase: { kind: 'starting' } as const,
    startNumber,
    restarts: startNumber - 1,
  }))
  return { records, events: [], lastEvent, stopSince: null, health: null, terminalAt: null }
}
