import { readdir, readFile } from 'node:fs/promises'
import { type Clock, sleep } from '../../../../platform/clock.ts'

/**
 * Which process a number means. Numbers are used again, so a process is known by its number, its start time (field 22 of
 * /proc/<pid>/stat, in ticks since boot) and the boot it started in.
 */

export type ProcessIdentity = { readonly pid: number; readonly startTicks: string }

/** Reads a line of /proc/<pid>/stat. The command's name, in parentheses, may hold spaces and parentheses itself. */
export const parseStat = (line: string): (ProcessIdentity & { readonly state: string }) | undefined => {
  const pid = Number.parseInt(line, 10)
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  const [state, startTicks] = [fields[0], fields[19]]
  if (!Number.isSafeInteger(pid) || pid <= 0 || state === undefined || startTicks === undefined) return undefined
  return { pid, startTicks, state }
}

/** Whether this very process still runs. One that has ended and was not yet taken note of by its parent does not. */
export const isAlive = async (identity: ProcessIdentity): Promise<boolean> => {
  const line = await readFile(`/proc/${identity.pid}/stat`, 'utf8').catch(() => '')
  const found = line === '' ? undefined : parseStat(line)
  return found !== undefined && found.startTicks === identity.startTicks && found.state !== 'Z' && found.state !== 'X'
}

/** Who this process itself is. */
export const readOwnIdentity = async (): Promise<ProcessIdentity> => {
  const found = parseStat(await readFile('/proc/self/stat', 'utf8').catch(() => ''))
  return found === undefined ? { pid: process.pid, startTicks: '0' } : { pid: found.pid, startTicks: found.startTicks }
}

/** Changes with every boot of the machine. */
export const readBootId = async (): Promise<string> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown')).trim()

/** Sends a signal to a process (positive) or a process group (negative). False when there is none. */
export const sendSignal = (target: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(target, signal)
    return true
  } catch {
    return false
  }
}

/** How often and how long the end of killed processes is looked for. What takes longer is stuck in the kernel. */
const LOOK_FOR_END_MS = 5
const KILL_TIMEOUT_MS = 2_000

/** Who has this number now, undefined where nobody has. */
const identify = async (pid: number): Promise<ProcessIdentity | undefined> =>
  parseStat(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))

/** Kills these processes and waits until they are gone, up to a limit: a kill takes effect after it was sent. */
export const killProcesses = async (pids: readonly number[], clock: Clock): Promise<void> => {
  const killed = (await Promise.all(pids.map(identify))).filter(identity => identity !== undefined)
  for (const { pid } of killed) sendSignal(pid, 'SIGKILL')
  const deadlineMs = clock.monotonicMs() + KILL_TIMEOUT_MS
  for (const identity of killed) {
    while ((await isAlive(identity)) && clock.monotonicMs() < deadlineMs) await sleep(clock, LOOK_FOR_END_MS)
  }
}

/** A process, and what it has of the variables that were asked for in the environment it was started with. */
export type LabelledProcess = { readonly pid: number; readonly values: ReadonlyMap<string, string> }

/** Files of /proc read at the same time: enough to hide the waiting, few enough to leave descriptors to others. */
const READS_AT_ONCE = 32

const valuesIn = async (pid: string, names: ReadonlySet<string>): Promise<LabelledProcess> => {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
  const values = new Map<string, string>()
  for (const entry of environment.split('\0')) {
    const end = entry.indexOf('=')
    const name = entry.slice(0, Math.max(0, end))
    if (names.has(name)) values.set(name, entry.slice(end + 1))
  }
  return { pid: Number(pid), values }
}

/** Every process that this one may look at and that has any of the variables `names`. */
export const processesWithVariables = async (...names: readonly string[]): Promise<readonly LabelledProcess[]> => {
  const wanted = new Set(names)
  const pids = (await readdir('/proc')).filter(entry => /^\d+$/.test(entry) && Number(entry) !== process.pid)
  const found: LabelledProcess[] = []
  for (let first = 0; first < pids.length; first += READS_AT_ONCE) {
    const some = await Promise.all(pids.slice(first, first + READS_AT_ONCE).map(pid => valuesIn(pid, wanted)))
    found.push(...some.filter(({ values }) => values.size > 0))
  }
  return found
}

/** Looks at all processes for `names`. One look serves everybody who asked before it began. */
export const createProcessLook = (...names: readonly string[]): (() => Promise<readonly LabelledProcess[]>) => {
  let next: Promise<readonly LabelledProcess[]> | undefined
  let current: Promise<unknown> = Promise.resolve()
  return () => {
    next ??= current.then(() => {
      next = undefined
      const started = processesWithVariables(...names)
      current = started.catch(() => {})
      return started
    })
    return next
  }
}
