import { describeJobRejection, type JobCommand, type JobEvent, type JobRejection } from '../domain/job/index.ts'
import type { Periodic } from '../domain/jobspec/schema.ts'
import { MAX_PRIORITY, MIN_PRIORITY } from '../domain/limits.ts'
import type { EventStore } from '../eventstore/port.ts'
import type { JobFileParser } from '../jobspec/index.ts'
import type { Clock } from '../platform/clock.ts'
import { AppError } from '../platform/errors.ts'
import type { Random } from '../platform/random.ts'
import type { Sealer } from '../platform/sealing.ts'
import type { Caller, Rejected } from './api-commands.ts'
import { CATCH_UP_TIMEOUT_MS } from './catch-up.ts'
import type { ClusterView } from './cluster-view.ts'
import type { Provenance } from './codec.ts'
import type { JobCommandHandler, JobCommandResult } from './job-commands.ts'
import type { SourceStore } from './source-store.ts'

/** How long a mutation waits for the leader's answer to what it asked for, ms. */
export const DECISION_TIMEOUT_MS = 10_000
export type CommandsOptions = {
  readonly store: EventStore
  readonly view: ClusterView
  readonly handle: JobCommandHandler
  readonly parse: JobFileParser
  readonly sealer: Sealer
  readonly sources: SourceStore
  readonly clock: Clock
  readonly random: Random
  readonly nextLaunch: (periodic: Periodic, afterMs: number) => number | null
}

export type Accepted = Extract<JobCommandResult, { kind: 'accepted' }>

export const reject = (code: string, message: string, more: Partial<Rejected> = {}): Rejected => ({
  kind: 'rejected',
  code,
  message,
  hint: '',
  diagnostics: [],
  ...more,
})

export const rejectionOf = (rejection: JobRejection): Rejected =>
  reject(rejection.code, describeJobRejection(rejection))

/** Why a priority that a caller names cannot be one; null when it can, or none is named. */
export const priorityRejected = (priority: number | null | undefined): Rejected | null => {
  if (priority === null || priority === undefined) return null
  if (priority >= MIN_PRIORITY && priority <= MAX_PRIORITY) return null
  return reject('REQUEST_INVALID', `a priority is a number from ${MIN_PRIORITY} to ${MAX_PRIORITY}, not ${priority}`)
}

/** The evaluation that these events open, null when they open none. */
export const evaluationIn = (events: readonly JobEvent[]): string | null => {
  for (const event of events) if ('evaluationId' in event.data) return event.data.evaluationId
  return null
}

/** What every command needs: to decide on a job and wait until that is folded, and to wait for the leader's answer. */
export type CommandKit = CommandsOptions & {
  readonly provenanceOf: (caller: Caller) => Provenance
  readonly run: (key: string, command: JobCommand, caller: Caller) => Promise<Rejected | Accepted>
  /** Resolves when `isSo` answers true after some change; throws NO_LEADER after DECISION_TIMEOUT_MS. */
  readonly decided: (what: string, isSo: () => boolean) => Promise<void>
}

export const createCommandKit = (options: CommandsOptions): CommandKit => {
  const { view, handle, clock } = options

  const provenanceOf = (caller: Caller): Provenance => ({
    actor: caller.actor,
    correlationId: caller.correlationId,
    causationId: caller.commandId,
    at: clock.now(),
  })

  const run = async (key: string, command: JobCommand, caller: Caller): Promise<Rejected | Accepted> => {
    const result = await handle({ key, commandId: caller.commandId, command, provenance: provenanceOf(caller) })
    if (result.kind === 'rejected') return rejectionOf(result.rejection)
    if (result.kind === 'contended')
      throw new AppError('CONTENDED', `job ${key} is changed by somebody else all the time`, { hint: 'try again' })
    await view.reached(result.position, CATCH_UP_TIMEOUT_MS)
    return result
  }

  const decided = (what: string, isSo: () => boolean): Promise<void> => {
    if (isSo()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const stop = view.onChanges(() => {
        if (!isSo()) return
        finish()
        resolve()
      })
      const cancel = clock.after(DECISION_TIMEOUT_MS, () => {
        finish()
        reject(
          new AppError('NO_LEADER', `${what} was recorded, but no leader has answered it yet`, {
            hint: 'look at it again later',
          }),
        )
      })
      const finish = (): void => {
        stop()
        cancel()
      }
    })
  }

  return { ...options, provenanceOf, run, decided }
}
