import type { Clock } from '../../../../platform/clock.ts'
import type { Kept } from '../driver.ts'
import type { ControlGroups } from './control-groups.ts'
import { killProcesses, type LabelledProcess } from './process-identity.ts'
import { COLLECTOR_PREFIX, hasLabels, LABELS_VARIABLE, START_VARIABLE } from './task-environment.ts'

/**
 * Processes that a task left behind in sessions of their own: a signal to its process group misses them. The start's
 * control group holds them all; where there is none, the variable that they inherited finds those that kept it.
 */

type Variables = Readonly<Record<string, string>>
type Found = { readonly pid: number; readonly id: string }

/** A task that still has children after so many rounds of killing makes them faster than anybody can kill. */
const MAX_ROUNDS = 5

export type Leftovers = {
  /** The processes of this start, its collectors excepted. */
  readonly pidsOfStart: (id: string) => Promise<ReadonlySet<number>>
  /** Kills every process of this start, its collectors excepted, and waits for their end. Answers how many there were. */
  readonly killOfStart: (id: string) => Promise<number>
  /** Kills every process that carries the labels and whose start is not among `keep`. Answers the ids of their starts. */
  readonly killByLabels: (labels: Variables, keep: Kept) => Promise<ReadonlySet<string>>
}

/** `look`: the processes that carry variables of tasks. */
export const createLeftovers = (
  clock: Clock,
  groups: ControlGroups,
  look: () => Promise<readonly LabelledProcess[]>,
): Leftovers => {
  const started = async (): Promise<readonly (Found & { readonly variables: LabelledProcess['values'] })[]> =>
    (await look()).flatMap(({ pid, values }) => {
      const id = values.get(START_VARIABLE)
      return id === undefined ? [] : [{ pid, id, variables: values }]
    })

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

  const findByLabels = async (labels: Variables, keep: Kept): Promise<readonly Found[]> =>
    (await started()).flatMap(({ pid, id, variables }) => {
      const own = id.replace(COLLECTOR_PREFIX, '')
      const isMeant = hasLabels(variables.get(LABELS_VARIABLE) ?? '', labels)
      return isMeant && !keep.has(own) ? [{ pid, id: own }] : []
    })

  const findOfStart = async (id: string): Promise<readonly Found[]> => (await started()).filter(each => each.id === id)

  return {
    pidsOfStart: async id => new Set([...(await groups.pidsOf(id)), ...(await findOfStart(id)).map(({ pid }) => pid)]),
    killOfStart: async id => (await groups.kill(id)) + (await killAll(() => findOfStart(id))).length,
    killByLabels: async (labels, keep) => {
      const ids = new Set((await killAll(() => findByLabels(labels, keep))).map(({ id }) => id))
      for (const id of ids) {
        await groups.kill(id)
        await groups.remove(id)
      }
      return ids
    },
  }
}
