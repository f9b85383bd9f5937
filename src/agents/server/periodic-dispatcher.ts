import type { ClusterState, JobState } from '../../domain/cluster/index.ts'
import type { PeriodicRun } from '../../domain/control/events.ts'
import { evaluationIdOf, jobKey } from '../../domain/ids.ts'
import { jobStatusOf } from '../../domain/job/index.ts'
import type { Periodic } from '../../domain/jobspec/schema.ts'
import { type CronSchedule, next, parseNomadCron } from '../../lang/cron/index.ts'
import { earliest, type Reactor, type ReactorContext } from './reactor.ts'

/** Missed instants of one job that are recorded one by one; older ones are counted in the last one's reason. */
export const MAX_MISSED_RECORDED = 10
/** Instants that are walked at most to count what was missed; a longer outage counts as "more than". */
const MAX_MISSED_WALKED = 1_000
/** An instant that is decided later than this counts as missed: one run makes up for all that were. */
export const LATE_LAUNCH_MS = 5_000

const schedules = new Map<string, CronSchedule | null>()
const MAX_SCHEDULES_CACHED = 10_000

const scheduleOf = (expression: string): CronSchedule | null => {
  const known = schedules.get(expression)
  if (known !== undefined) return known
  if (schedules.size >= MAX_SCHEDULES_CACHED) schedules.clear()
  const parsed = parseNomadCron(expression)
  const schedule = parsed.ok ? parsed.schedule : null
  schedules.set(expression, schedule)
  return schedule
}

/** The first instant after `afterMs` at which any of the crons is due; null = never. */
export const nextLaunch = (periodic: Periodic, afterMs: number): number | null =>
  earliest(
    periodic.crons.flatMap(expression => {
      const schedule = scheduleOf(expression)
      const instant = schedule === null ? null : next(schedule, afterMs, periodic.timeZone)
      return instant === null ? [] : [instant]
    }),
  )

const childIdOf = (parentId: string, instant: number): string => `${parentId}/periodic-${Math.floor(instant / 1_000)}`

const lastOf = (job: JobState): number => Math.max(job.lastPeriodicInstant ?? 0, job.periodicSince)

const hasLiveChild = (state: ClusterState, job: JobState): boolean => {
  if (job.pendingChildren.size > 0) return true
  for (const key of job.children) {
    const child = state.jobs.get(key)
    if (child !== undefined && child.status !== 'purged' && jobStatusOf(state, child) !== 'dead') return true
  }
  return false
}

type Due = { readonly instant: number; readonly request: string | null; readonly reason: string }

type Outcome = Pick<PeriodicRun, 'outcome' | 'reason' | 'childId'>

const runOf = (job: JobState, due: Due, { outcome, reason, childId }: Outcome): PeriodicRun => {
  return {
    namespace: job.namespace,
    parentId: job.jobId,
    incarnation: job.incarnation,
    version: job.version,
    instant: due.instant,
    outcome,
    reason,
    childId,
    evaluationId: childId === null ? null : evaluationIdOf(`${job.key}@${job.incarnation}`, 'periodic-job', childId),
    request: due.request,
  }
}

/** The ids of children that one plan gives away. */
type Taken = Set<string>

const isTaken = (state: ClusterState, job: JobState, childId: string, taken: Taken): boolean => {
  const key = jobKey(job.namespace, childId)
  return taken.has(key) || state.jobs.has(key) || job.pendingChildren.has(childId)
}

const launch = (job: JobState, due: Due, childId: string, taken: Taken): PeriodicRun => {
  taken.add(jobKey(job.namespace, childId))
  return runOf(job, due, { outcome: 'launched', reason: due.reason, childId })
}

const skip = (job: JobState, due: Due, reason: string): PeriodicRun =>
  runOf(job, due, { outcome: 'skipped', reason, childId: null })

const decide = (state: ClusterState, job: JobState, due: Due, taken: Taken): PeriodicRun => {
  const childId = childIdOf(job.jobId, due.instant)
  if (isTaken(state, job, childId, taken)) return skip(job, due, `a job "${childId}" exists already`)
  const overlaps = job.spec.periodic?.prohibitsOverlap === true && hasLiveChild(state, job)
  if (overlaps) return skip(job, due, 'an earlier run still goes on and overlap is prohibited')
  return launch(job, due, childId, taken)
}

/** All instants due at `now`, oldest first, with how many more there were than are listed. */
const dueInstants = (
  job: JobState,
  now: number,
): { readonly instants: readonly number[]; readonly unlisted: number } => {
  const { periodic } = job.spec
  const instants: number[] = []
  if (periodic === null) return { instants, unlisted: 0 }
  let walked = 0
  let instant = nextLaunch(periodic, lastOf(job))
  while (instant !== null && instant <= now && walked < MAX_MISSED_WALKED) {
    instants.push(instant)
    if (instants.length > MAX_MISSED_RECORDED + 1) instants.shift()
    walked += 1
    instant = nextLaunch(periodic, instant)
  }
  return { instants, unlisted: walked - instants.length }
}

const runsOf = (state: ClusterState, job: JobState, now: number, taken: Taken): readonly PeriodicRun[] => {
  const { instants, unlisted } = dueInstants(job, now)
  const newest = instants.at(-1)
  if (newest === undefined) return []
  const missed = instants.slice(0, -1).map((instant, index) => {
    const more = index === 0 && unlisted > 0 ? `, and ${unlisted} before it` : ''
    const reason = `the servers were not running or too late${more}`
    return runOf(job, { instant, request: null, reason: '' }, { outcome: 'missed', reason, childId: null })
  })
  // Of what was missed at most one run is made up for, at once (nomad-behaviour §3.10).
  const isLate = now - newest > LATE_LAUNCH_MS
  const due = {
    instant: newest,
    request: null,
    reason: isLate ? 'late: the servers were not running when it was due' : 'due',
  }
  return [...missed, decide(state, job, due, taken)]
}

/** A run that shares its second with another is numbered after it; a second of its own would be that of a later run. */
const freeChildId = (state: ClusterState, job: JobState, instant: number, taken: Taken): string => {
  const first = childIdOf(job.jobId, instant)
  let childId = first
  for (let number = 2; isTaken(state, job, childId, taken); number++) childId = `${first}-${number}`
  return childId
}

/** What a user asks for is launched, whatever the schedule says of that moment. */
const forcedRuns = (state: ClusterState, job: JobState, taken: Taken): readonly PeriodicRun[] =>
  Array.from(job.pendingForces, ([request, { instant, evaluationId }]) => {
    const due = { instant, request, reason: 'asked for' }
    return { ...launch(job, due, freeChildId(state, job, instant, taken), taken), evaluationId }
  })

/** Decides every run of every schedule, once: launched, skipped or missed, with the reason (I9). */
export const createPeriodicDispatcher = (): Reactor => {
  const nextInstants = new Map<string, { readonly base: string; readonly instant: number | null }>()

  const nextOf = (job: JobState): number | null => {
    const base = `${job.incarnation}:${job.version}:${lastOf(job)}`
    const known = nextInstants.get(job.key)
    if (known?.base === base) return known.instant
    const instant = job.spec.periodic === null ? null : nextLaunch(job.spec.periodic, lastOf(job))
    nextInstants.set(job.key, { base, instant })
    return instant
  }

  const isDue = (job: JobState, now: number): boolean => {
    const instant = nextOf(job)
    return instant !== null && instant <= now
  }

  const plan = ({ state, now, batch }: ReactorContext): void => {
    const runs: PeriodicRun[] = []
    const taken: Taken = new Set()
    for (const key of state.periodicJobs) {
      const job = state.jobs.get(key)
      if (job !== undefined && isDue(job, now)) runs.push(...runsOf(state, job, now, taken))
    }
    for (const key of state.jobsWithPendingWork) {
      const job = state.jobs.get(key)
      if (job !== undefined) runs.push(...forcedRuns(state, job, taken))
    }
    for (const key of nextInstants.keys()) if (!state.periodicJobs.has(key)) nextInstants.delete(key)
    if (runs.length > 0) batch.add({ type: 'PeriodicRunsDecided', data: { runs } })
  }

  return {
    name: 'periodic-dispatcher',
    plan,
    nextWake: state =>
      earliest(
        Array.from(state.periodicJobs).flatMap(key => {
          const job = state.jobs.get(key)
          const instant = job === undefined ? null : nextOf(job)
          return instant === null ? [] : [instant]
        }),
      ),
  }
}
