import type { Lifecycle, Update } from '../../domain/jobspec/schema.ts'
import type { CheckReport, TaskReport } from '../../domain/report/events.ts'

/** What an allocation's health for its deployment follows from. */
export type HealthInput = {
  readonly update: Pick<Update, 'healthCheck' | 'minHealthyTimeMs' | 'healthyDeadlineMs'>
  readonly tasks: readonly {
    readonly name: string
    readonly lifecycle: Lifecycle | null
    readonly report: Pick<TaskReport, 'phase' | 'isFailed' | 'startNumber'>
  }[]
  /** Checks that a deployment waits for. */
  readonly checks: readonly { readonly name: string; readonly status: CheckReport['status'] }[]
}

/** Kept between looks, by the monotonic clock. */
export type HealthWatch = {
  /** When the deadline passes. */
  readonly deadlineMs: number
  /** Since when everything has been well without a break; null = it is not. */
  readonly wellSinceMs: number | null
  /** The starts that were well: another start of any task breaks the time. */
  readonly starts: string
}

export type HealthVerdict =
  | { readonly kind: 'healthy' }
  | { readonly kind: 'unhealthy'; readonly reason: string; readonly tasks: readonly string[] }
  /** Look again when something changes, and at `atMs` at the latest. */
  | { readonly kind: 'undecided'; readonly atMs: number }

export const beginHealthWatch = (deadlineMs: number): HealthWatch => ({ deadlineMs, wellSinceMs: null, starts: '' })

type TaskInput = HealthInput['tasks'][number]

/** A hook that has an end must have ended well; everything else must run. Poststop tasks say nothing about health. */
const isWell = ({ lifecycle, report }: TaskInput): boolean => {
  if (lifecycle === null || lifecycle.isSidecar) return report.phase === 'running'
  if (lifecycle.hook === 'poststop') return true
  return report.phase === 'dead' && !report.isFailed
}

const startsOf = (input: HealthInput): string => input.tasks.map(({ report }) => report.startNumber).join(',')

const describe = (names: readonly string[]): string => names.map(name => JSON.stringify(name)).join(', ')

const lateReason = (input: HealthInput): { readonly reason: string; readonly tasks: readonly string[] } => {
  const tasks = input.tasks.filter(task => !isWell(task)).map(({ name }) => name)
  if (tasks.length > 0) return { reason: `Tasks not healthy by the healthy_deadline: ${describe(tasks)}`, tasks }
  const checks = input.checks.filter(({ status }) => status !== 'success').map(({ name }) => name)
  const all = input.tasks.map(({ name }) => name)
  if (checks.length > 0)
    return { reason: `Checks not passing by the healthy_deadline: ${describe(checks)}`, tasks: all }
  return { reason: 'Not healthy for min_healthy_time by the healthy_deadline', tasks: all }
}

/**
 * Looks at an allocation once: healthy after everything was well for `min_healthy_time` without a restart, unhealthy when
 * a task failed or the deadline passed. Pure; `nowMs` is monotonic.
 */
export const lookAtHealth = (
  watch: HealthWatch,
  input: HealthInput,
  nowMs: number,
): { readonly watch: HealthWatch; readonly verdict: HealthVerdict } => {
  const failed = input.tasks.filter(({ report }) => report.isFailed).map(({ name }) => name)
  if (failed.length > 0) {
    return { watch, verdict: { kind: 'unhealthy', reason: `Task failed: ${describe(failed)}`, tasks: failed } }
  }
  const checksPass = input.update.healthCheck !== 'checks' || input.checks.every(({ status }) => status === 'success')
  const starts = startsOf(input)
  const isAllWell = input.tasks.every(isWell) && checksPass
  const isUnbroken = watch.wellSinceMs !== null && watch.starts === starts
  const wellSinceMs = isAllWell ? (isUnbroken ? watch.wellSinceMs : nowMs) : null
  const next: HealthWatch = { ...watch, wellSinceMs, starts }
  if (wellSinceMs !== null && nowMs >= wellSinceMs + input.update.minHealthyTimeMs) {
    return { watch: next, verdict: { kind: 'healthy' } }
  }
  if (nowMs >= watch.deadlineMs) return { watch: next, verdict: { kind: 'unhealthy', ...lateReason(input) } }
  const atMs =
    wellSinceMs === null ? watch.deadlineMs : Math.min(watch.deadlineMs, wellSinceMs + input.update.minHealthyTimeMs)
  return { watch: next, verdict: { kind: 'undecided', atMs } }
}
