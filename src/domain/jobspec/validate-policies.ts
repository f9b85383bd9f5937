import type { Reschedule, Restart, TaskGroupOf, Update } from './schema.ts'
import { checkDurations, type Path, type Report, type Reports, type SpecFinding } from './spec-finding.ts'

const MIN_RESCHEDULE_DELAY_MS = 5_000
const MIN_RESCHEDULE_INTERVAL_MS = 15_000
const MIN_RESTART_INTERVAL_MS = 5_000

const checkRestart = (reports: Reports, restart: Restart, path: Path): void => {
  const { error } = reports
  checkDurations(reports, { delay: restart.delayMs }, path)
  if (restart.attempts < 0) error([...path, 'attempts'], 'Invalid restart', 'attempts cannot be negative.')
  if (restart.intervalMs < MIN_RESTART_INTERVAL_MS)
    error([...path, 'interval'], 'Invalid restart', 'interval must be 5s or more.')
  if (restart.attempts === 0 && restart.mode !== 'fail') {
    error([...path, 'mode'], 'Invalid restart', 'attempts = 0 needs mode = "fail": there is nothing to delay.')
  }
  if (restart.attempts * restart.delayMs > restart.intervalMs) {
    error(
      [...path, 'interval'],
      'Invalid restart',
      `${restart.attempts} attempts with a delay of ${restart.delayMs} ms do not fit into an interval of ${restart.intervalMs} ms.`,
    )
  }
}

export const checkReschedule = ({ error }: Reports, reschedule: Reschedule, path: Path): void => {
  if (reschedule.attempts < 0) error([...path, 'attempts'], 'Invalid reschedule', 'attempts cannot be negative.')
  if (reschedule.isUnlimited || reschedule.attempts > 0) {
    if (reschedule.delayMs < MIN_RESCHEDULE_DELAY_MS)
      error([...path, 'delay'], 'Invalid reschedule', 'delay must be 5s or more.')
    if (reschedule.delayFunction !== 'constant' && reschedule.maxDelayMs < reschedule.delayMs) {
      error([...path, 'max_delay'], 'Invalid reschedule', 'max_delay must not be less than delay.')
    }
  }
  if (reschedule.isUnlimited || reschedule.attempts === 0) return
  if (reschedule.intervalMs < MIN_RESCHEDULE_INTERVAL_MS)
    error([...path, 'interval'], 'Invalid reschedule', 'interval must be 15s or more.')
  if (reschedule.attempts * reschedule.delayMs > reschedule.intervalMs) {
    error([...path, 'attempts'], 'Invalid reschedule', 'so many attempts do not fit into the interval.')
  }
}

export const checkUpdate = (reports: Reports, update: Update, group: TaskGroupOf<unknown>, path: Path): void => {
  const { error, warn } = reports
  const { minHealthyTimeMs, progressDeadlineMs } = update
  checkDurations(reports, { min_healthy_time: minHealthyTimeMs, progress_deadline: progressDeadlineMs }, path)
  if (update.maxParallel < 0) error([...path, 'max_parallel'], 'Invalid update', 'max_parallel cannot be negative.')
  if (update.maxParallel > group.count && group.count > 0) {
    warn(
      [...path, 'max_parallel'],
      'Update without effect',
      `max_parallel is ${update.maxParallel} but the group has a count of ${group.count}.`,
    )
  }
  if (update.minHealthyTimeMs >= update.healthyDeadlineMs) {
    error([...path, 'min_healthy_time'], 'Invalid update', 'min_healthy_time must be less than healthy_deadline.')
  }
  if (update.progressDeadlineMs !== 0 && update.healthyDeadlineMs >= update.progressDeadlineMs) {
    error([...path, 'healthy_deadline'], 'Invalid update', 'healthy_deadline must be less than progress_deadline.')
  }
}

/** The rules for a group's restart block. A task's own is not validated, as in Nomad: the tutorial relies on it. */
export const validateRestart = (restart: Restart, path: Path): readonly SpecFinding[] => {
  const findings: SpecFinding[] = []
  const error: Report = (at, summary, detail) => findings.push({ severity: 'error', path: at, summary, detail })
  checkRestart({ error, warn: error }, restart, path)
  return findings
}
