/* oxlint-disable unicorn/require-post-message-target-origin -- a thread's port, not a window: there is no origin. */
/** The near end of the writer's thread: one transaction at a time, an answer to each, whatever becomes of the thread. */
import { Worker } from 'node:worker_threads'
import { assert } from '../platform/assert.ts'
import { messageOf } from '../platform/errors.ts'
import type { Step } from './sqlite-plan.ts'
import { writerPragmas, writerStatements } from './sqlite-schema.ts'

export type CommitOutcome =
  | { readonly kind: 'committed' }
  /** `isRolledBack`: the transaction certainly had no effect, unless `code` says that a sync failed. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly isRolledBack: boolean }
  /** The thread is gone; whether the transaction is on disk is not known. */
  | { readonly kind: 'lost'; readonly message: string }

export type WorkerLink = {
  /** Runs the steps as one transaction; resolves when it is on disk or has failed. Not to be called before the last one is answered. */
  readonly commit: (steps: readonly Step[]) => Promise<CommitOutcome>
  /** Closes the file and ends the thread. To be called when nothing is under way. */
  readonly close: () => Promise<void>
}

/** Where the thread's program is: beside this file, in the sources as well as in a build. */
export const defaultWorkerUrl = new URL('./sqlite.worker.js', import.meta.url)

type Reply = Exclude<CommitOutcome, { kind: 'lost' }> | { readonly kind: 'closed' }

export const startWorker = (path: string, url: URL): WorkerLink => {
  const statements = Object.values(writerStatements).map(statement => statement.sql)
  const worker = new Worker(url, {
    workerData: { path, pragmas: writerPragmas, statements },
    name: 'eventstore-writer',
  })
  worker.unref()
  let lost: string | undefined
  let settle: ((outcome: CommitOutcome) => void) | undefined

  const answer = (outcome: CommitOutcome): void => {
    const resolve = settle
    settle = undefined
    worker.unref()
    resolve?.(outcome)
  }
  const exited = new Promise<void>(resolve => {
    worker.on('exit', code => {
      lost ??= `the writer's thread ended with status ${code}`
      answer({ kind: 'lost', message: lost })
      resolve()
    })
  })
  worker.on('error', error => {
    lost ??= messageOf(error)
  })
  worker.on('message', (reply: Reply) => {
    if (reply.kind !== 'closed') answer(reply)
  })

  return {
    commit: steps => {
      assert(settle === undefined, 'one transaction is under way at a time')
      if (lost !== undefined) return Promise.resolve({ kind: 'lost', message: lost })
      return new Promise(resolve => {
        settle = resolve
        worker.ref()
        worker.postMessage({ kind: 'commit', steps })
      })
    },
    close: () => {
      worker.ref()
      if (lost === undefined) worker.postMessage({ kind: 'close' })
      return exited
    },
  }
}
