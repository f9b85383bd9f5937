import { execFile } from 'node:child_process'
import { readFile, realpath, rm } from 'node:fs/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What is mounted where, in the order in which it was mounted. */
export type Mount = {
  readonly mountPoint: string
  readonly type: string
  readonly device: string
  /** Options of the file system itself, such as the controllers of a group of control groups. */
  readonly options: readonly string[]
}

/** Blanks and the like in a path, which the kernel writes as `\040`. */
const unescape = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)))

/** The text of Linux's /proc/self/mountinfo. */
export const parseMounts = (text: string): readonly Mount[] =>
  text.split('\n').flatMap(line => {
    const [before = '', after = ''] = line.split(' - ')
    const mountPoint = before.split(' ')[4]
    const [type = '', device = '', options = ''] = after.split(' ')
    return mountPoint === undefined
      ? []
      : [{ mountPoint: unescape(mountPoint), type, device, options: options.split(',') }]
  })

/** What this process sees mounted; nothing where the system does not tell. */
export const readMounts = async (): Promise<readonly Mount[]> =>
  parseMounts(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''))

/** Whether `path` is `directory` or in it. */
export const isWithin = (path: string, directory: string): boolean =>
  directory === '/' || path === directory || path.startsWith(`${directory}/`)

/** Makes `directory` a file system in memory of so many bytes, which nothing is executed from. Throws what `mount` says. */
export const mountMemory = async (directory: string, bytes: number): Promise<void> => {
  await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0777,noexec,nosuid,nodev`, 'tmpfs', directory])
}

/** Mount points at or below `directory`, the one that was mounted last first: it may lie on one that was there before. */
export const mountsBelow = async (directory: string): Promise<readonly string[]> => {
  const found = await realpath(directory).catch(() => null)
  if (found === null) return []
  const paths = (await readMounts()).map(({ mountPoint }) => mountPoint)
  return paths.filter(path => isWithin(path, found)).toReversed()
}

/**
 * Takes away whatever is mounted at or below `directory`; who still has a file of it open keeps that. Does nothing where
 * there is nothing to do. Throws what `umount` says.
 */
export const unmountBelow = async (directory: string): Promise<void> => {
  const below = await mountsBelow(directory)
  if (below.length === 0) return
  try {
    await run('umount', ['-l', ...below])
  } catch (error) {
    // Somebody else may have been faster.
    if ((await mountsBelow(directory)).length > 0) throw error
  }
}

/** Removes a directory and all in it, file systems that are mounted there included. Does nothing where there is none. */
export const removeTree = async (directory: string): Promise<void> => {
  await unmountBelow(directory)
  await rm(directory, { recursive: true, force: true, maxRetries: 3 })
}
