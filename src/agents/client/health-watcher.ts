import type { AllocationReport } from '../../domain/report/events.ts'
import { type Cancel, type Clock, MAX_TIMER_MS } from '../../platform/clock.ts'
import { beginHealthWatch, type HealthInput, type HealthWatch, lookAtHealth } from './health.ts'
import type { AllocationProgress, HeldAllocation } from './state-store.ts'

type HealthState = NonNullable<AllocationProgress['health']>
export type Verdict = NonNullable<AllocationReport['health']>

export type HealthWatcher = {
  /** Looks again: something changed. */
  readonly look: () => void
  readonly state: () => HealthState | null
  readonly close: () => void
}

export type HealthWatcherOptions = {
  readonly clock: Clock
  readonly held: () => HeldAllocation
  readonly loaded: HealthState | null
  /** Null where nobody waits for this group's health. */
  readonly input: () => HealthInput | null
  /** Called once per deployment. `culprits`: tasks that it failed for. */
  readonly onVerdict: (verdict: Verdict, reason: string, culprits: readonly string[]) => void
}

/** Judges an allocation's health once for each deployment that waits for it. */
export const createHealthWatcher = (options: HealthWatcherOptions): HealthWatcher => {
  const { clock } = options
  let state = options.loaded
  let watch: HealthWatch | null = null
  let cancel: Cancel = () => {}
  let isClosed = false

  const begin = (deploymentId: string, deadlineMs: number): HealthWatch => {
    const now = clock.now()
    if (state?.deploymentId !== deploymentId) state = { deploymentId, since: now, verdict: null }
    // What passed before a restart of the agent counts; a clock that was set does not make the deadline longer.
    const remainingMs = Math.min(deadlineMs, Math.max(0, state.since + deadlineMs - now))
    return beginHealthWatch(clock.monotonicMs() + remainingMs)
  }

  const look = (): void => {
    cancel()
    const { deploymentId, desired } = options.held()
    if (isClosed || deploymentId === null || desired === 'stop') return
    if (state?.deploymentId !== deploymentId) watch = null
    else if (state.verdict !== null) return
    const input = options.input()
    if (input === null || input.update.healthCheck === 'manual') return
    watch ??= begin(deploymentId, input.update.healthyDeadlineMs)
    const looked = lookAtHealth(watch, input, clock.monotonicMs())
    watch = looked.watch
    if (looked.verdict.kind === 'undecided') {
      const delayMs = Math.max(0, looked.verdict.atMs - clock.monotonicMs())
      cancel = clock.after(Math.min(delayMs, MAX_TIMER_MS), look)
      return
    }
    const verdict: Verdict = { isHealthy: looked.verdict.kind === 'healthy', at: clock.now(), deploymentId }
    state = { deploymentId, since: state?.since ?? verdict.at, verdict }
    const isBad = looked.verdict.kind === 'unhealthy'
    options.onVerdict(verdict, isBad ? looked.verdict.reason : '', isBad ? looked.verdict.tasks : [])
  }

  return {
    look,
    state: () => state,
    close: () => {
      isClosed = true
      cancel()
    },
  }
}
