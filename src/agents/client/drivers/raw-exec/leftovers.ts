import type { Clock } from '../../../../platform/clock.ts'
import { killProcesses, type LabelledProcess, processesWithVariable } from './process-identity.ts'
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

type Variables = Readonly<Record<string, string>>
type Found = { readonly pid: number; readonly id: string }

/** A task that still has children after so many rounds of killing makes them faster than anybody can kill. */
const MAX_ROUNDS = 5

export type Leftovers = {
  /** The processes of this start, its collectors excepted. */
  readonly pidsOfStart: (id: string) => Promise<readonly number[]>
  /** Kills every process of this start, its collectors excepted, and waits for their end. Answers how many there were. */
  readonly killOfStart: (id: string) => Promise<number>
  /** Kills every process that carries the labels and whose start is not among `keep`. Answers the ids of their starts. */
  readonly killByLabels: (labels: Variables, keep: ReadonlySet<string>) => Promise<ReadonlySet<string>>
}

export const createLeftovers = (clock: Clock): Leftovers => {
  const started = shareLooks(() => processesWithVariable(START_VARIABLE))
  const labelled = shareLooks(() => processesWithVariable(LABELS_VARIABLE))

  /** Kills what `find` finds until it finds nothing: what is being killed may just have had children. */
  const killAll = async (find: () => Promise<readonly Found[]>): Promise<readonly Found[]> => {
    const killed: Found[] = []
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const found = await find()
      if (found.length === 0) break
      await killProcesses(
        found.map(({ pid }) => pid),
        clock,
      )
      killed.push(...found)
    }
    return killed
  }

  const findByLabels = async (labels: Variables, keep: ReadonlySet<string>): Promise<readonly Found[]> => {
    const idOf = new Map((await started()).map(({ pid, value }) => [pid, value.replace(COLLECTOR_PREFIX, '')]))
    return (await labelled()).flatMap(({ pid, value }) => {
      const id = idOf.get(pid)
      return id === undefined || keep.has(id) || !hasLabels(value, labels) ? [] : [{ pid, id }]
    })
  }

  const findOfStart = async (id: string): Promise<readonly Found[]> =>
    (await started()).filter(({ value }) => value === id).map(({ pid }) => ({ pid, id }))

  return {
    pidsOfStart: async id => (await findOfStart(id)).map(({ pid }) => pid),
    killOfStart: async id => (await killAll(() => findOfStart(id))).length,
    killByLabels: async (labels, keep) =>
      new Set((await killAll(() => findByLabels(labels, keep))).map(({ id }) => id)),
  }
}
