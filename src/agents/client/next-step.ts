import type { TaskPhase, TaskRecord } from './task-record.ts'

/** What the allocation wants of one of its tasks, in the order of the lifecycle. */
export type TaskWish =
  /** Its turn has not come. */
  | 'hold'
  | 'run'
  /** It may go on while others are stopped before it, but is not started any more. */
  | 'keep'
  | 'stop'

export type TaskSituation = {
  readonly wish: TaskWish
  readonly record: Pick<TaskRecord, 'phase' | 'restart' | 'startNumber'>
  /** Directories, payload and templates are there. */
  readonly isPrepared: boolean
  /** The agent watches for the end of the running task. */
  readonly isAttached: boolean
  /** The delay before the next start is over. */
  readonly isDue: boolean
  /** A server was heard since the agent started: what it holds may be somewhere else by now, so nothing starts before. */
  readonly hasServer: boolean
}

export type Step =
  | { readonly kind: 'wait' }
  | { readonly kind: 'prepare' }
  /** Writes down the intent to start. */
  | { readonly kind: 'begin' }
  | { readonly kind: 'start' }
  | { readonly kind: 'recover' }
  | { readonly kind: 'kill' }
  /** Ends the running start for the next one. */
  | { readonly kind: 'restart' }
  /** Removes whatever came of a start whose outcome is unknown. */
  | { readonly kind: 'abandon' }
  /** Has the driver remove what is left of an ended start. */
  | { readonly kind: 'discard' }
  /** Decides whether an ended task starts again. */
  | { readonly kind: 'judge' }
  /** Dead without another start. */
  | { readonly kind: 'finish' }

const wait: Step = { kind: 'wait' }

const towardsStart = ({ wish, isPrepared, hasServer }: TaskSituation, next: Step): Step => {
  if (wish === 'stop' || wish === 'keep') return { kind: 'finish' }
  if (wish === 'hold' || !hasServer) return wait
  return isPrepared ? next : { kind: 'prepare' }
}

const whileStarting = ({ wish, isPrepared, hasServer }: TaskSituation): Step => {
  if (wish === 'stop' || wish === 'keep') return { kind: 'abandon' }
  if (!hasServer || wish === 'hold') return wait
  return { kind: isPrepared ? 'start' : 'prepare' }
}

const whileRunning = ({ wish, record, isAttached, isPrepared, hasServer }: TaskSituation): Step => {
  if (!isAttached) return { kind: 'recover' }
  if (wish === 'stop') return { kind: 'kill' }
  if (record.restart !== null && record.restart.startNumber === record.startNumber && wish !== 'keep') {
    return { kind: 'restart' }
  }
  // After a restart of the agent the templates are looked at again.
  return isPrepared || wish === 'keep' || !hasServer ? wait : { kind: 'prepare' }
}

const afterEnd = (phase: Extract<TaskPhase, { kind: 'ended' }>, { hasServer, wish }: TaskSituation): Step => {
  if (phase.handle !== null) return { kind: 'discard' }
  // What was lost while the agent was away may have been replaced elsewhere.
  if (phase.ending.kind === 'lost' && !hasServer && wish !== 'stop') return wait
  return { kind: 'judge' }
}

/** The one thing to do next for a task. Pure; the same situation gives the same step, so a step may run twice. */
export const nextStep = (situation: TaskSituation): Step => {
  const { phase } = situation.record
  switch (phase.kind) {
    case 'waiting':
      return towardsStart(situation, { kind: 'begin' })
    case 'backoff':
      if (situation.wish === 'run' && !situation.isDue) return wait
      return towardsStart(situation, { kind: 'begin' })
    case 'starting':
      return whileStarting(situation)
    case 'running':
      return whileRunning(situation)
    case 'ended':
      return afterEnd(phase, situation)
    case 'dead':
      return wait
  }
}
