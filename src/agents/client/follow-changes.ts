import { type FSWatcher, watch } from 'node:fs'
import { type Clock, sleep } from '../../platform/clock.ts'

/** Where the system does not tell of changes, they are looked for this often. */
const LOOK_AGAIN_MS = 500

export type ChangeFollower = {
  /** Resolves when something in the directory may have changed since the call before, or the signal aborts. */
  readonly next: () => Promise<void>
  readonly close: () => void
}

/** Follows a directory by the system's notifications, and by looking again where these fail to come. */
export const followChanges = (clock: Clock, directory: string, signal: AbortSignal): ChangeFollower => {
  let isPending = false
  let release: (() => void) | undefined
  const wake = (): void => {
    isPending = true
    release?.()
  }
  let watcher: FSWatcher | undefined
  try {
    watcher = watch(directory, { persistent: false }, wake)
    watcher.on('error', () => watcher?.close())
  } catch {
    watcher = undefined
  }
  return {
    next: async () => {
      if (!isPending) {
        const woken = new AbortController()
        const changed = new Promise<void>(resolve => {
          release = resolve
        })
        await Promise.race([changed, sleep(clock, LOOK_AGAIN_MS, AbortSignal.any([signal, woken.signal]))])
        woken.abort()
      }
      isPending = false
      release = undefined
    },
    close: () => watcher?.close(),
  }
}
