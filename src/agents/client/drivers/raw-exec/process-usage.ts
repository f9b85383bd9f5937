import { readFile } from 'node:fs/promises'
import type { TaskMeasurement } from '../driver.ts'
import type { GroupTimes } from './control-groups.ts'

/** What the processes of a task have used, from /proc. */

/** Processor times in /proc are in hundredths of a second on every Linux. */
const MS_PER_TICK = 10
const BYTES_PER_KB = 1_024
/** Files of /proc read at the same time. */
const READS_AT_ONCE = 32

export type ProcessUse = {
  readonly userMs: number
  readonly systemMs: number
  readonly rssBytes: number
  readonly swapBytes: number
}

/** Fields 14 to 17 of a line of /proc/<pid>/stat: its own times and those of children that it has waited for. */
export const parseTimes = (line: string): Pick<ProcessUse, 'userMs' | 'systemMs'> | undefined => {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map(Number)
  if (user === undefined || system === undefined || childUser === undefined || childSystem === undefined)
    return undefined
  const times = { userMs: (user + childUser) * MS_PER_TICK, systemMs: (system + childSystem) * MS_PER_TICK }
  return Number.isFinite(times.userMs + times.systemMs) ? times : undefined
}

/** The sizes in a text of /proc/<pid>/status; a process that has ended and is not yet waited for has none. */
export const parseSizes = (text: string): Pick<ProcessUse, 'rssBytes' | 'swapBytes'> => {
  const bytesOf = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * BYTES_PER_KB
  return { rssBytes: bytesOf('VmRSS'), swapBytes: bytesOf('VmSwap') }
}

const readUse = async (pid: number): Promise<ProcessUse | undefined> => {
  const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '')
  const [stat, status] = await Promise.all([read('stat'), read('status')])
  const times = parseTimes(stat)
  return times === undefined ? undefined : { ...times, ...parseSizes(status) }
}

/**
 * The sum over these processes, with the times of their control group where it counts them. Otherwise the time of a child that ended counts with the parent that waited for it, so that the sum
 * goes back only where a child lost its parent before it ended.
 */
export const measureProcesses = async (
  pids: readonly number[],
  group: GroupTimes | undefined,
  atMs: number,
): Promise<TaskMeasurement | undefined> => {
  const uses: ProcessUse[] = []
  for (let first = 0; first < pids.length; first += READS_AT_ONCE) {
    const some = await Promise.all(pids.slice(first, first + READS_AT_ONCE).map(readUse))
    uses.push(...some.filter(use => use !== undefined))
  }
  if (uses.length === 0) return undefined
  const sum = (pick: (use: ProcessUse) => number): number => uses.reduce((total, use) => total + pick(use), 0)
  const [userMs, systemMs] = [sum(use => use.userMs), sum(use => use.systemMs)]
  return {
    atMs,
    ...(group ?? { cpuMs: userMs + systemMs, userMs, systemMs }),
    throttledPeriods: null,
    throttledMs: null,
    memory: {
      rss: sum(use => use.rssBytes),
      cache: null,
      swap: sum(use => use.swapBytes),
      usage: null,
      maxUsage: null,
    },
  }
}
