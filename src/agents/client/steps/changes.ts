import type { StepContext } from '../task-context.ts'
import type { TaskRecord } from '../task-record.ts'

/** The start came to nothing; what to do about it is judged next. */
export const startFailed = (message: string, isRecoverable: boolean): Pick<TaskRecord, 'phase'> => ({
  phase: { kind: 'ended', ending: { kind: 'start-failed', message, isRecoverable }, handle: null },
})

/** The task is over for good. */
export const dead = (
  context: StepContext,
  isFailed: boolean,
): Pick<TaskRecord, 'phase' | 'finishedAt' | 'restart'> => ({
  phase: { kind: 'dead', isFailed },
  finishedAt: context.record().finishedAt ?? context.services.clock.now(),
  restart: null,
})
