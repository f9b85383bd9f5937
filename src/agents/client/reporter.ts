import type { AllocationsReported } from '../../domain/report/events.ts'
import type { Cancel, Clock } from '../../platform/clock.ts'
import { messageOf } from '../../platform/errors.ts'
import type { Logger } from '../../platform/logger.ts'
import { MAX_REQUEST_OUTCOMES_WAITING, REPORT_DELAY_MS } from './limits.ts'
import { mergeChanges, noChanges, type PendingChanges, type RequestOutcome, takeReport } from './report.ts'
import type { ReportState } from './state-store.ts'

/**
 * Brings observations to the servers: at most one report is under way, everything newer waits and is merged. A report is
 * on disk before it is sent and keeps its sequence until it is acknowledged, so it counts once, however often it is sent.
 *
 *     idle ─ changes ─▶ saving ─▶ sent ─ acknowledged ─▶ idle
 *                                  └─ link cut ─▶ sent again, then a full report
 */
export type Reporter = {
  /** `isUrgent`: somebody waits for it (running, terminal, healthy); other changes wait for company. */
  readonly changed: (allocationId: string, changes: PendingChanges, isUrgent: boolean) => void
  readonly requestDone: (outcome: RequestOutcome) => void
  readonly forget: (allocationId: string) => void
  /** A link is up: what was not acknowledged goes first, then a full report. */
  readonly connected: (send: (report: AllocationsReported['data']) => void) => void
  readonly disconnected: () => void
  readonly acknowledged: (sequence: number) => void
  /** True while the servers may not know the newest of the allocation: until then it must not be forgotten. */
  readonly owes: (allocationId: string) => boolean
  /** Resolves when nothing waits any more, for an orderly end; the caller bounds it. */
  readonly drained: () => Promise<void>
  /** Resolves with the first full report that a server acknowledged. */
  readonly firstFullReport: Promise<void>
}

export type ReporterOptions = {
  readonly clock: Clock
  readonly logger: Logger
  readonly bootId: string
  readonly loaded: ReportState
  readonly save: (state: ReportState) => Promise<void>
  /** Events up to these numbers, by allocation, are in the servers' log. */
  readonly onEventsReported: (through: Readonly<Record<string, number>>) => void
  /** Everything that the agent holds, as it was last saved. */
  readonly snapshot: () => ReadonlyMap<string, PendingChanges>
}

/** A state that cannot be saved is tried again after this long. */
const SAVE_AGAIN_MS = 1_000

export const createReporter = (options: ReporterOptions): Reporter => {
  const { clock, logger, bootId, loaded } = options
  let sequence = loaded.sequence
  let underWay = loaded.report
  let reportedEvents: Record<string, number> = { ...loaded.reportedEvents }
  let pending = new Map<string, PendingChanges>()
  let outcomes: RequestOutcome[] = []
  let send: ((report: AllocationsReported['data']) => void) | undefined
  let isSaving = false
  /** What was not told before the agent was started again is in its first full report. */
  let hasToldAll = false
  let cancelTimer: Cancel | undefined
  /** Allocations that the full report has still to name; null when none is due. */
  let unnamed: Set<string> | null = null
  let drainWaiters: (() => void)[] = []
  let resolveFirst: () => void = () => {}
  const firstFullReport = new Promise<void>(resolve => {
    resolveFirst = resolve
  })

  const isIdle = (): boolean => underWay === null && pending.size === 0 && outcomes.length === 0 && unnamed === null

  const next = (): AllocationsReported['data'] | null => {
    if (pending.size === 0 && outcomes.length === 0 && unnamed === null) return null
    const taken = takeReport(pending)
    pending = new Map(taken.rest)
    reportedEvents = { ...reportedEvents, ...taken.lastEvents }
    for (const { allocationId } of taken.allocations) unnamed?.delete(allocationId)
    const isFull = unnamed !== null && unnamed.size === 0
    if (isFull) unnamed = null
    sequence += 1
    const requests = outcomes
    outcomes = []
    return { bootId, sequence, isFull, allocations: taken.allocations, requests }
  }

  const saveAndSend = async (report: AllocationsReported['data']): Promise<void> => {
    isSaving = true
    try {
      await options.save({ sequence, report, reportedEvents })
    } catch (error) {
      logger.warn({ error: messageOf(error) }, 'report could not be saved and is held back')
      clock.after(SAVE_AGAIN_MS, () => void saveAndSend(report))
      return
    }
    isSaving = false
    send?.(report)
  }

  const pump = (): void => {
    cancelTimer?.()
    cancelTimer = undefined
    if (send === undefined || underWay !== null || isSaving) return
    underWay = next()
    if (underWay !== null) void saveAndSend(underWay)
  }

  const schedule = (isUrgent: boolean): void => {
    if (isUrgent) {
      // Not at once: what changes in the same turn goes along.
      queueMicrotask(pump)
      return
    }
    cancelTimer ??= clock.after(REPORT_DELAY_MS, pump)
  }

  const settle = (): void => {
    if (!isIdle()) return
    for (const waiter of drainWaiters) waiter()
    drainWaiters = []
  }

  return {
    firstFullReport,
    changed: (allocationId, changes, isUrgent) => {
      pending.set(allocationId, mergeChanges(pending.get(allocationId) ?? noChanges, changes))
      schedule(isUrgent)
    },
    requestDone: outcome => {
      outcomes = [...outcomes, outcome].slice(-MAX_REQUEST_OUTCOMES_WAITING)
      schedule(true)
    },
    forget: allocationId => {
      pending.delete(allocationId)
      unnamed?.delete(allocationId)
      delete reportedEvents[allocationId]
    },
    connected: sender => {
      send = sender
      const held = options.snapshot()
      unnamed = new Set(held.keys())
      for (const [id, changes] of held) {
        const waiting = pending.get(id)
        pending.set(id, waiting === undefined ? changes : mergeChanges(changes, waiting))
      }
      if (underWay !== null && !isSaving) sender(underWay)
      else pump()
    },
    disconnected: () => {
      send = undefined
    },
    acknowledged: acknowledgedSequence => {
      if (underWay === null || underWay.sequence !== acknowledgedSequence) return
      if (underWay.isFull) {
        hasToldAll = true
        resolveFirst()
      }
      const named = underWay.allocations.map(({ allocationId }) => allocationId)
      options.onEventsReported(Object.fromEntries(named.map(id => [id, reportedEvents[id] ?? 0])))
      underWay = null
      pump()
      settle()
    },
    owes: id =>
      !hasToldAll || pending.has(id) || underWay?.allocations.some(({ allocationId }) => allocationId === id) === true,
    drained: () =>
      new Promise(resolve => {
        drainWaiters.push(resolve)
        settle()
      }),
  }
}
