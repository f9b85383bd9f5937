import { mkdir, readdir, readFile, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, sleep } from '../../../../platform/clock.ts'
import { systemCodeOf } from '../../../../platform/errors.ts'
import { type Mount, readMounts } from '../../../../platform/mounts.ts'
import { killProcesses } from './process-identity.ts'
import { startKey } from './start-files.ts'

/**
 * A control group for each start: no process can leave it by itself, whatever it does to its session and its environment,
 * so killing the group reaches all of them. The kernel's second version is taken where it is mounted, beside the first
 * one too (it needs no controllers), else the first version's freezer. An agent that may make none (it is not root) goes
 * by process groups and environments alone.
 */
export type ControlGroups = {
  /** Finds out whether this agent can make groups. */
  readonly prepare: () => Promise<void>
  /** The group that all of them are below, `/muster`; null where this agent makes none, or that is not known yet. */
  readonly parent: () => string | null
  /** Makes the group of a start and answers its directory, undefined where this agent cannot make groups. */
  readonly make: (id: string) => Promise<string | undefined>
  readonly pidsOf: (id: string) => Promise<readonly number[]>
  /** Kills everything in the group, also what is being born. Answers how many there were. */
  readonly kill: (id: string) => Promise<number>
  /** Processor time of all that ever ran in the group, ms; undefined where the kernel does not count it. */
  readonly timesOf: (id: string) => Promise<GroupTimes | undefined>
  /** Removes an empty group. */
  readonly remove: (id: string) => Promise<void>
  /** Removes groups that were made `olderThanMs` ago and are empty: those of starts that nobody remembers. */
  readonly removeForsaken: (olderThanMs: number) => Promise<void>
}

export type GroupTimes = { readonly cpuMs: number; readonly userMs: number; readonly systemMs: number }

/** All our groups are below this one. */
const OUR_GROUP = 'muster'
const US_PER_MS = 1_000
/** A group is busy for a moment after its last process has ended. */
const REMOVE_ATTEMPTS = 20
const REMOVE_AGAIN_MS = 5
/** How long killed processes are waited for. What takes longer is stuck in the kernel. */
const KILL_TIMEOUT_MS = 2_000
const LOOK_FOR_END_MS = 5

/** The place of control groups: the second version's, else the freezer's. */
export const groupRootAmong = (mounts: readonly Mount[]): string | undefined => {
  const found =
    mounts.find(({ type }) => type === 'cgroup2') ??
    mounts.find(({ type, options }) => type === 'cgroup' && options.includes('freezer'))
  return found?.mountPoint
}

/** The text of a group's `cpu.stat`. */
export const parseGroupTimes = (text: string): GroupTimes | undefined => {
  const valueOf = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
  const times = {
    cpuMs: valueOf('usage_usec') / US_PER_MS,
    userMs: valueOf('user_usec') / US_PER_MS,
    systemMs: valueOf('system_usec') / US_PER_MS,
  }
  return Number.isFinite(times.cpuMs + times.userMs + times.systemMs) ? times : undefined
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

const pidsIn = async (directory: string): Promise<readonly number[]> =>
  (await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => ''))
    .split('\n')
    .map(Number)
    .filter(pid => pid > 0)

/** A task may have made groups of its own below the one that it was given. */
const groupsBelow = async (directory: string): Promise<readonly string[]> => {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  const below = entries.filter(entry => entry.isDirectory()).map(entry => groupsBelow(join(directory, entry.name)))
  return [...(await Promise.all(below)).flat(), directory]
}

const allPidsIn = async (directory: string): Promise<readonly number[]> =>
  (await Promise.all((await groupsBelow(directory)).map(pidsIn))).flat()

/** Frozen processes have no children: the first version of groups has no kill of its own. */
const killFrozen = async (directory: string, clock: Clock): Promise<void> => {
  const freezer = join(directory, 'freezer.state')
  await writeFile(freezer, 'FROZEN')
  const pids = await allPidsIn(directory)
  for (const pid of pids) process.kill(pid, 'SIGKILL')
  await writeFile(freezer, 'THAWED')
  await killProcesses(pids, clock)
}

/** What is gone meanwhile was to go. */
const ignoreGone = (error: unknown): void => {
  const code = systemCodeOf(error)
  if (code !== 'ENOENT' && code !== 'ENODEV' && code !== 'ESRCH') throw error
}

const killGroup = async (directory: string, clock: Clock): Promise<number> => {
  const pids = await allPidsIn(directory)
  if (pids.length === 0) return 0
  const killer = join(directory, 'cgroup.kill')
  if (await isThere(killer)) await writeFile(killer, '1').catch(ignoreGone)
  else await killFrozen(directory, clock).catch(ignoreGone)
  const deadlineMs = clock.monotonicMs() + KILL_TIMEOUT_MS
  while ((await allPidsIn(directory)).length > 0 && clock.monotonicMs() < deadlineMs) {
    await sleep(clock, LOOK_FOR_END_MS)
  }
  return pids.length
}

const removeGroup = async (directory: string, clock: Clock): Promise<void> => {
  for (const group of await groupsBelow(directory)) {
    for (let attempt = 1; attempt <= REMOVE_ATTEMPTS; attempt += 1) {
      const code = await rmdir(group).then(() => undefined, systemCodeOf)
      if (code !== 'EBUSY') break
      await sleep(clock, REMOVE_AGAIN_MS)
    }
  }
}

const findRoot = async (): Promise<string | undefined> => groupRootAmong(await readMounts())

/** `isOff`: makes none; those that another agent made before are still found. `lookForRoot`: where groups are made. */
export const createControlGroups = (clock: Clock, isOff: boolean, lookForRoot = findRoot): ControlGroups => {
  let root: Promise<string | undefined> | undefined
  let parent: string | null = null

  const ourDirectory = async (): Promise<string | undefined> => {
    root ??= lookForRoot()
    const found = await root
    return found === undefined ? undefined : join(found, OUR_GROUP)
  }

  const directoryOf = async (id: string): Promise<string | undefined> => {
    const ours = await ourDirectory()
    return ours === undefined ? undefined : join(ours, startKey(id))
  }

  const within = async <T>(id: string, otherwise: T, run: (directory: string) => Promise<T>): Promise<T> => {
    const directory = await directoryOf(id)
    return directory === undefined || !(await isThere(directory)) ? otherwise : run(directory)
  }

  const makeDirectory = async (directory: string | undefined): Promise<string | undefined> => {
    if (isOff || directory === undefined) return undefined
    return mkdir(directory, { recursive: true }).then(
      () => directory,
      () => undefined,
    )
  }

  return {
    prepare: async () => {
      if ((await makeDirectory(await ourDirectory())) !== undefined) parent = `/${OUR_GROUP}`
    },
    parent: () => parent,
    make: async id => makeDirectory(await directoryOf(id)),
    pidsOf: id => within(id, [], allPidsIn),
    kill: id => within(id, 0, directory => killGroup(directory, clock)),
    timesOf: id =>
      within(id, undefined, async directory =>
        parseGroupTimes(await readFile(join(directory, 'cpu.stat'), 'utf8').catch(() => '')),
      ),
    remove: id => within(id, undefined, directory => removeGroup(directory, clock)),
    removeForsaken: async olderThanMs => {
      const ours = (await ourDirectory()) ?? '/nowhere'
      for (const name of await readdir(ours).catch(() => [])) {
        const found = await stat(join(ours, name)).catch(() => undefined)
        const isOld = found?.isDirectory() === true && clock.now() - found.mtimeMs >= olderThanMs
        // One that has processes refuses.
        if (isOld) await rmdir(join(ours, name)).catch(() => {})
      }
    },
  }
}
