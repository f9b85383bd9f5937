import { type FSWatcher, watch } from 'node:fs'
import { basename } from 'node:path'
import type { Clock } from '../../../../platform/clock.ts'

export type EndWatch = {
  /**
   * Resolves when the file was written, when `timeoutMs` is over (a notice may be lost, or never come) or when `signal`
   * aborts, whichever comes first.
   */
  readonly changeOf: (endFile: string, timeoutMs: number, signal: AbortSignal) => Promise<void>
  readonly close: () => void
}

/** Watches the one directory in which holders write the ends of their tasks, for any number of waiters. */
export const createEndWatch = (directory: string, clock: Clock): EndWatch => {
  const waiters = new Map<string, Set<() => void>>()
  let watcher: FSWatcher | undefined

  const wake = (name: string | null): void => {
    const woken = name === null ? [...waiters.values()] : [waiters.get(name) ?? new Set<() => void>()]
    for (const set of woken) for (const waiter of set) waiter()
  }

  const stopWatching = (): void => {
    watcher?.close()
    watcher = undefined
  }

  /** Without a watcher (no directory yet, no inotify instances left) waiters go by their own looking. */
  const startWatching = (): void => {
    if (watcher !== undefined) return
    try {
      watcher = watch(directory, { persistent: false }, (_event, name) => wake(name))
      watcher.once('error', stopWatching)
    } catch {
      watcher = undefined
    }
  }

  const changeOf: EndWatch['changeOf'] = (endFile, timeoutMs, signal) =>
    new Promise(resolve => {
      const name = basename(endFile)
      const set = waiters.get(name) ?? new Set()
      waiters.set(name, set)
      const finish = (): void => {
        cancel()
        signal.removeEventListener('abort', finish)
        set.delete(finish)
        if (set.size === 0) waiters.delete(name)
        resolve()
      }
      const cancel = clock.after(timeoutMs, finish)
      set.add(finish)
      startWatching()
      signal.addEventListener('abort', finish, { once: true })
      if (signal.aborted) finish()
    })

  return {
    changeOf,
    close: () => {
      wake(null)
      stopWatching()
    },
  }
}
