import type { Clock } from '../../../../platform/clock.ts'
import type { ExitResult, TaskHandle } from '../driver.ts'
import { signalOfExitCode } from '../signals.ts'
import type { EndWatch } from './end-watch.ts'
import type { Leftovers } from './leftovers.ts'
import { isAlive } from './process-identity.ts'
import { placeOf, processesOf, readEnd } from './task-state.ts'

/** How often a running task is looked at, for the case that the notice of its end is lost. */
const LOOK_AGAIN_MS = 1_000
/** The same for one that has ended and whose output is still awaited. */
const LOOK_AT_OUTPUT_MS = 50
/** An ended task's output that takes longer than this is held open by something that outlived the task; that is killed. */
const OUTPUT_GRACE_MS = 100
/** How long the rest of the output is waited for in all. */
const OUTPUT_TIMEOUT_MS = 2_000
/** How long a status is waited for once holder and task are gone: it may just be being written. */
const STATUS_TIMEOUT_MS = 500

const exitOf = (exitCode: number): ExitResult => ({ exitCode, signal: signalOfExitCode(exitCode), isOomKilled: false })

const unknownExit = (id: string): ExitResult => ({
  exitCode: 1,
  signal: 0,
  isOomKilled: false,
  error: `raw_exec task ${id} has ended, but how is not known: the process that holds its exit status was killed`,
})

export type TaskWatch = {
  /** Whether this very task runs, in this boot of the machine. */
  readonly isRunning: (handle: TaskHandle) => Promise<boolean>
  /** Whether the task runs, or how it ended is known or about to be. */
  readonly isKnown: (handle: TaskHandle) => Promise<boolean>
  /** See TaskDriver.wait. */
  readonly waitForEnd: (handle: TaskHandle, signal: AbortSignal) => Promise<ExitResult>
}

/** What one look at a task shows. */
type Look =
  | { readonly kind: 'running' }
  /** Ended with this code, its output not yet complete. */
  | { readonly kind: 'draining'; readonly exitCode: number }
  /** Neither holder nor task is there, and no status. */
  | { readonly kind: 'vanished' }
  | { readonly kind: 'ended'; readonly exit: ExitResult }

type WatchParts = {
  readonly root: string
  readonly bootId: () => Promise<string>
  readonly clock: Clock
  readonly ends: EndWatch
  readonly leftovers: Leftovers
}

const isRunning = async (parts: WatchParts, handle: TaskHandle): Promise<boolean> => {
  const processes = processesOf(handle)
  if (processes === undefined || processes.bootId !== (await parts.bootId())) return false
  return isAlive(processes.task)
}

/** The holder is asked before its record: one that is gone has written all that it is going to. */
const isKnown = async (parts: WatchParts, handle: TaskHandle): Promise<boolean> => {
  const processes = processesOf(handle)
  const isOfThisBoot = processes !== undefined && processes.bootId === (await parts.bootId())
  if (isOfThisBoot && ((await isAlive(processes.task)) || (await isAlive(processes.holder)))) return true
  return (await readEnd(placeOf(parts.root, handle.id))) !== undefined
}

const lookAt = async (parts: WatchParts, handle: TaskHandle): Promise<Look> => {
  const place = placeOf(parts.root, handle.id)
  const end = await readEnd(place)
  if (end !== undefined) {
    return end.isDrained ? { kind: 'ended', exit: exitOf(end.exitCode) } : { kind: 'draining', exitCode: end.exitCode }
  }
  const processes = processesOf(handle)
  if (processes === undefined || processes.bootId !== (await parts.bootId())) {
    return { kind: 'ended', exit: unknownExit(handle.id) }
  }
  // A task whose holder was killed runs on; only how it ends will not be known.
  const isThereStill = (await isAlive(processes.holder)) || (await isAlive(processes.task))
  return { kind: isThereStill ? 'running' : 'vanished' }
}

const waitForEnd = async (parts: WatchParts, handle: TaskHandle, signal: AbortSignal): Promise<ExitResult> => {
  const { endFile } = placeOf(parts.root, handle.id)
  let endedAtMs: number | undefined
  let isCleared = false
  for (;;) {
    signal.throwIfAborted()
    const stopListening = new AbortController()
    const lookAgainMs = endedAtMs === undefined ? LOOK_AGAIN_MS : LOOK_AT_OUTPUT_MS
    const change = parts.ends.changeOf(endFile, lookAgainMs, AbortSignal.any([signal, stopListening.signal]))
    const look = await lookAt(parts, handle)
    const endedForMs = endedAtMs === undefined ? 0 : parts.clock.monotonicMs() - endedAtMs
    if (look.kind === 'draining' && endedForMs >= OUTPUT_GRACE_MS && !isCleared) {
      await parts.leftovers.killOfStart(handle.id)
      isCleared = true
    }
    const exit = answerOf(look, endedForMs, handle.id)
    const isNewlyEnded = look.kind !== 'running' && endedAtMs === undefined
    if (isNewlyEnded) endedAtMs = parts.clock.monotonicMs()
    // From its end on a task is looked at more often.
    if (exit !== undefined || isNewlyEnded) stopListening.abort()
    if (exit !== undefined) return exit
    await change
  }
}

const answerOf = (look: Look, endedForMs: number, id: string): ExitResult | undefined => {
  switch (look.kind) {
    case 'running':
      return undefined
    case 'draining':
      return endedForMs >= OUTPUT_TIMEOUT_MS ? exitOf(look.exitCode) : undefined
    case 'vanished':
      return endedForMs >= STATUS_TIMEOUT_MS ? unknownExit(id) : undefined
    case 'ended':
      return look.exit
  }
}

export const createTaskWatch = (parts: WatchParts): TaskWatch => ({
  isRunning: handle => isRunning(parts, handle),
  isKnown: handle => isKnown(parts, handle),
  waitForEnd: (handle, signal) => waitForEnd(parts, handle, signal),
})
