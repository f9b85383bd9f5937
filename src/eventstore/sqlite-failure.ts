/**
 * What a failed transaction means. A full disk is refused and forgotten: nothing of it happened, and the next append may
 * fit. Anything else that went wrong while writing stops the store, above all a failed sync: the kernel may have dropped
 * the pages and would call the next sync a success, so only a new start, which reads what is really there, can go on.
 */
import { AppError } from '../platform/errors.ts'
import { corruptError } from './sqlite-schema.ts'
import type { CommitOutcome } from './sqlite-worker-link.ts'

export type Failure =
  /** The group had no effect; later ones may work. */
  | { readonly kind: 'refused'; readonly error: AppError }
  /** `error` is for whoever waits for this group, `later` for everybody after it. */
  | { readonly kind: 'stopped'; readonly error: AppError; readonly later: AppError }

const refusedCodes = new Set(['SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE', 'SQLITE_BUSY', 'SQLITE_NOMEM'])

export const failureOf = (path: string, outcome: Exclude<CommitOutcome, { kind: 'committed' }>): Failure => {
  const why = outcome.kind === 'lost' ? outcome.message : `${outcome.code}: ${outcome.message}`
  if (outcome.kind === 'failed' && outcome.isRolledBack && refusedCodes.has(outcome.code)) {
    return {
      kind: 'refused',
      error: new AppError('STORE_UNAVAILABLE', `could not append to the event log ${path}: ${why}`, {
        hint: 'Make room on the disk; nothing was written, and appends work again as soon as there is room.',
      }),
    }
  }
  const isDamaged = outcome.kind === 'failed' && /^SQLITE_(CORRUPT|NOTADB)/.test(outcome.code)
  return {
    kind: 'stopped',
    error: new AppError('STORE_OUTCOME_UNKNOWN', `an append to the event log ${path} may not be on disk: ${why}`, {
      hint: 'Read the stream after a restart to see whether it took effect.',
    }),
    later: isDamaged
      ? corruptError(path, why)
      : new AppError('STORE_CLOSED', `the event log ${path} was closed after a failed write: ${why}`, {
          hint: 'Check the disk and restart the agent; what was acknowledged is verified when the log is opened.',
        }),
  }
}
