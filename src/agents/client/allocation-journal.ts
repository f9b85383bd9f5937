import { type Backoff, backoffDelayMs } from '../../platform/backoff.ts'
import { sleep } from '../../platform/clock.ts'
import { messageOf } from '../../platform/errors.ts'
import { MAX_TASK_EVENTS_WAITING } from './limits.ts'
import type { AllocationProgress, NumberedEvent, StateStore } from './state-store.ts'
import type { AgentServices } from './task-context.ts'
import { eventOf, type TaskNote } from './task-events.ts'
import { reportedPhase, type TaskRecord } from './task-record.ts'

/**
 * What is on record of one allocation: the records of its tasks and the events that no server has yet. A record counts
 * in memory at once, and may be told of when it is on disk.
 */
export type AllocationJournal = {
  readonly records: ReadonlyMap<string, TaskRecord>
  /** The records as they were last saved. */
  readonly told: ReadonlyMap<string, TaskRecord>
  readonly terminalAt: () => number | null
  readonly stopSince: () => number | null
  readonly beginStop: () => void
  /** A task that is taken up, with what was found of it on disk. */
  readonly adopt: (record: TaskRecord) => void
  readonly put: (record: TaskRecord, notes: readonly TaskNote[]) => Put
  readonly number: (task: string, notes: readonly TaskNote[]) => readonly NumberedEvent[]
  readonly markTold: (record: TaskRecord) => void
  readonly forgetEvents: (through: number) => void
  /** Resolves when all of it is on disk. A disk that is full holds the task up instead of losing its handle. */
  readonly save: () => Promise<void>
}

export type Put = {
  readonly events: readonly NumberedEvent[]
  /** With this record the last task of the allocation is dead. */
  readonly hasEnded: boolean
  /** The servers see another phase than before. */
  readonly isNewPhase: boolean
}

export type JournalOptions = {
  readonly allocationId: string
  readonly services: Pick<AgentServices, 'clock' | 'random' | 'logger'>
  readonly state: Pick<StateStore, 'saveProgress'>
  readonly loaded: AllocationProgress | null
  readonly health: () => AllocationProgress['health']
  /** Nobody waits for saves any more. */
  readonly signal: AbortSignal
}

const SAVE_AGAIN: Backoff = { firstMs: 500, maxMs: 30_000 }

export const createAllocationJournal = (options: JournalOptions): AllocationJournal => {
  const { allocationId, loaded, signal } = options
  const { clock, random, logger } = options.services
  const records = new Map<string, TaskRecord>()
  const told = new Map<string, TaskRecord>()
  let events: readonly NumberedEvent[] = loaded?.events ?? []
  let lastEvent = loaded?.lastEvent ?? 0
  let stopSince = loaded?.stopSince ?? null
  let terminalAt = loaded?.terminalAt ?? null

  const progress = (): AllocationProgress => ({
    records: [...records.values()],
    events,
    lastEvent,
    stopSince,
    health: options.health(),
    terminalAt,
  })

  const number: AllocationJournal['number'] = (task, notes) => {
    const added = notes.map((one): NumberedEvent => {
      lastEvent += 1
      return { number: lastEvent, event: eventOf(task, clock.now(), one) }
    })
    events = [...events, ...added].slice(-MAX_TASK_EVENTS_WAITING)
    return added
  }

  return {
    records,
    told,
    number,
    terminalAt: () => terminalAt,
    stopSince: () => stopSince,
    beginStop: () => {
      stopSince = clock.now()
    },
    adopt: record => {
      records.set(record.task, record)
      told.set(record.task, record)
    },
    put: (record, notes) => {
      records.set(record.task, record)
      const before = told.get(record.task)
      const added = number(record.task, notes)
      const hasEnded = terminalAt === null && [...records.values()].every(one => one.phase.kind === 'dead')
      if (hasEnded) terminalAt = clock.now()
      const isNewPhase = before === undefined || reportedPhase(before.phase) !== reportedPhase(record.phase)
      return { events: added, hasEnded, isNewPhase }
    },
    markTold: record => told.set(record.task, record),
    forgetEvents: through => {
      events = events.filter(one => one.number > through)
    },
    save: async () => {
      for (let failures = 0; !signal.aborted; failures += 1) {
        try {
          await options.state.saveProgress(allocationId, progress())
          return
        } catch (error) {
          logger.error(
            { allocationId, error: messageOf(error) },
            'progress of an allocation could not be saved and is saved again',
          )
          await sleep(clock, backoffDelayMs(SAVE_AGAIN, failures, random), signal)
        }
      }
    },
  }
}
