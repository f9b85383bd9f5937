import { decideRestart, restartsOnSuccess, type StopCause } from '../restart-tracker.ts'
import type { StepContext } from '../task-context.ts'
import * as notes from '../task-events.ts'
import type { Ending } from '../task-record.ts'
import { dead } from './changes.ts'

const isSuccess = (ending: Ending): boolean =>
  ending.kind === 'exited' && ending.exit.exitCode === 0 && ending.exit.signal === 0 && ending.exit.error === undefined

const causeOf = (context: StepContext, ending: Ending): StopCause => {
  const { restart: order, startNumber } = context.record()
  if (context.isEnding()) return { kind: 'killed' }
  if (order !== null && order.startNumber === startNumber) {
    return { kind: 'requested', reason: order.reason, isFailure: order.isFailure }
  }
  if (ending.kind === 'start-failed') return { kind: 'start-failed', isRecoverable: ending.isRecoverable }
  return { kind: 'exited', isSuccess: isSuccess(ending) }
}

export const judge = async (context: StepContext): Promise<void> => {
  const record = context.record()
  if (record.phase.kind !== 'ended') return
  const { owner, services } = context
  const task = owner.task()
  const now = services.clock.now()
  const { decision, tracker } = decideRestart({
    policy: task.restart,
    tracker: record.tracker,
    cause: causeOf(context, record.phase.ending),
    restartsOnSuccess: restartsOnSuccess(owner.held().job.type, task.lifecycle),
    now,
    random: services.random,
  })
  switch (decision.kind) {
    case 'killed':
      await context.commit(dead(context, false), [notes.killed])
      return
    case 'finished':
      await context.commit({ ...dead(context, false), tracker })
      return
    case 'failed':
      await context.commit({ ...dead(context, true), tracker }, [notes.notRestarting(decision.reason)])
      return
    case 'restart':
      context.arm(decision.delayMs)
      await context.commit(
        {
          phase: { kind: 'backoff', until: now + decision.delayMs, delayMs: decision.delayMs },
          startNumber: record.startNumber + 1,
          restarts: record.restarts + 1,
          lastRestartAt: now,
          restart: null,
          tracker,
        },
        [notes.restarting(decision.reason, decision.delayMs)],
      )
  }
}

export const finish = async (context: StepContext): Promise<void> => {
  await context.commit(dead(context, false), [...context.endNotes(), notes.killed])
}
