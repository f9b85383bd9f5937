import { type LabelledProcess, processesWithVariable, sendSignal } from './process-identity.ts'
import { COLLECTOR_PREFIX, hasLabels, LABELS_VARIABLE, START_VARIABLE } from './task-environment.ts'

/**
 * Processes that a task left behind in sessions of their own: a signal to its process group misses them, the variable
 * that they inherited finds them. A process that clears its environment and leaves the group is beyond this driver.
 */

/** One look at all processes serves everybody who asked before it began. */
const shareLooks = (look: () => Promise<readonly LabelledProcess[]>): (() => Promise<readonly LabelledProcess[]>) => {
  let next: Promise<readonly LabelledProcess[]> | undefined
  let current: Promise<unknown> = Promise.resolve()
  return () => {
    next ??= current.then(() => {
      next = undefined
      const started = look()
      current = started.catch(() => {})
      return started
    })
    return next
  }
}

export type Leftovers = {
  /** Kills every process of this start, its collectors excepted. Answers how many there were. */
  readonly killOfStart: (id: string) => Promise<number>
  /** Kills every process that carries the labels and whose start is not among `keep`. Answers the ids of their starts. */
  readonly killByLabels: (
    labels: Readonly<Record<string, string>>,
    keep: ReadonlySet<string>,
  ) => Promise<ReadonlySet<string>>
}

export const createLeftovers = (): Leftovers => {
  const started = shareLooks(() => processesWithVariable(START_VARIABLE))
  const labelled = shareLooks(() => processesWithVariable(LABELS_VARIABLE))
  return {
    killOfStart: async id => {
      const mine = (await started()).filter(({ value }) => value === id)
      for (const { pid } of mine) sendSignal(pid, 'SIGKILL')
      return mine.length
    },
    killByLabels: async (labels, keep) => {
      const idOf = new Map((await started()).map(({ pid, value }) => [pid, value]))
      const killed = new Set<string>()
      for (const { pid, value } of await labelled()) {
        const id = idOf.get(pid)?.replace(COLLECTOR_PREFIX, '')
        if (id === undefined || keep.has(id) || !hasLabels(value, labels)) continue
        sendSignal(pid, 'SIGKILL')
        killed.add(id)
      }
      return killed
    },
  }
}
