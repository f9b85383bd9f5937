import { constants } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readlink } from 'node:fs/promises'
import { isAbsolute, join, normalize, relative, sep } from 'node:path'
import { AppError, messageOf, systemCodeOf } from '../../platform/errors.ts'
import { MAX_LINKS_FOLLOWED, MAX_PATH_COMPONENTS } from './limits.ts'

/**
 * Paths that a job or a user names are resolved component by component at the time of use, from a directory that is
 * already open, and the system follows no symbolic link: whatever a task puts into its directories, nothing outside is
 * reached. Where links may be used, `followLinks` walks them itself.
 * Linux's /proc/self/fd stands in for openat, which Node does not offer; elsewhere each component is looked at first.
 */

const hasDescriptorPaths = process.platform === 'linux'

/** A directory held open; `path` is for messages, `at(name)` is what system calls on an entry take. */
export type OpenDirectory = {
  readonly path: string
  readonly handle: FileHandle
  readonly at: (name: string) => string
}

const escape = (path: string, why: string): AppError =>
  new AppError('REQUEST_REFUSED', `path ${JSON.stringify(path)} leads outside of the allocation's directory: ${why}`, {
    hint: 'Name a path inside of the allocation.',
  })

/**
 * The components of `path` below a root: relative, or absolute and inside `root`. Throws REQUEST_REFUSED for a path that
 * leaves the root, is empty, too deep or holds a NUL.
 */
export const componentsBelow = (root: string, path: string): readonly string[] => {
  if (path.includes('\0')) throw escape(path, 'it holds a NUL character')
  const inside = isAbsolute(path) && (path === root || path.startsWith(`${root}${sep}`)) ? relative(root, path) : path
  const plain = normalize(inside.startsWith(sep) ? inside.slice(1) : inside)
  const components = plain.split(sep).filter(component => component !== '' && component !== '.')
  if (components.includes('..')) throw escape(path, 'it climbs above it')
  if (components.length > MAX_PATH_COMPONENTS) throw escape(path, `it has more than ${MAX_PATH_COMPONENTS} components`)
  return components
}

const wrap = (path: string, handle: FileHandle): OpenDirectory => ({
  path,
  handle,
  at: name => (hasDescriptorPaths ? `/proc/self/fd/${handle.fd}/${name}` : join(path, name)),
})

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY
const NO_LINK = constants.O_NOFOLLOW

const refuseLink = async (entry: string, shown: string): Promise<void> => {
  const found = await lstat(entry).catch(() => undefined)
  if (found?.isSymbolicLink() === true) throw escape(shown, 'a component is a symbolic link')
}

const openChild = async (parent: OpenDirectory, name: string, shown: string): Promise<OpenDirectory> => {
  const entry = parent.at(name)
  if (!hasDescriptorPaths) await refuseLink(entry, shown)
  try {
    return wrap(join(parent.path, name), await open(entry, DIRECTORY | NO_LINK))
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === 'ELOOP' || code === 'ENOTDIR') await refuseLink(entry, shown)
    throw error
  }
}

const makeChild = async (parent: OpenDirectory, name: string, mode: number): Promise<void> => {
  await mkdir(parent.at(name), { mode }).catch((error: unknown) => {
    if (systemCodeOf(error) !== 'EEXIST') throw error
  })
}

export type WalkOptions = { readonly makeMode?: number }

/**
 * Opens the directory at `components` below `root` and gives it to `use`, closing all again. With `makeMode` missing
 * directories are made. Throws REQUEST_REFUSED for a symbolic link on the way; system errors (ENOENT) pass.
 */
export const withDirectory = async <T>(
  root: string,
  components: readonly string[],
  options: WalkOptions,
  use: (directory: OpenDirectory) => Promise<T>,
): Promise<T> => {
  const shown = components.join(sep)
  let current = wrap(root, await open(root, DIRECTORY))
  try {
    for (const name of components) {
      if (options.makeMode !== undefined) await makeChild(current, name, options.makeMode)
      const next = await openChild(current, name, shown)
      await current.handle.close()
      current = next
    }
    return await use(current)
  } finally {
    await current.handle.close()
  }
}

/** Where the entry leads if it is a symbolic link, undefined for every other kind. */
const linkTarget = async (directory: OpenDirectory, name: string): Promise<string | undefined> => {
  try {
    return await readlink(directory.at(name))
  } catch (error) {
    if (systemCodeOf(error) === 'EINVAL') return undefined
    throw error
  }
}

const partsOf = (path: string): readonly string[] => path.split(sep).filter(part => part !== '' && part !== '.')

/**
 * What `components` come to below `root` when the symbolic links on the way are followed, each from the directory that it
 * stands in; no link is left in the answer. Throws REQUEST_REFUSED for links that leave the root or are too many; ENOENT
 * passes.
 */
export const followLinks = async (root: string, components: readonly string[]): Promise<readonly string[]> => {
  const shown = components.join(sep)
  let walked: readonly string[] = []
  let left = components
  let links = 0
  for (let name = left[0]; name !== undefined; name = left[0]) {
    left = left.slice(1)
    if (name === '..') {
      if (walked.length === 0) throw escape(shown, 'a symbolic link climbs above it')
      walked = walked.slice(0, -1)
      continue
    }
    const entry = name
    const target = await withDirectory(root, walked, {}, directory => linkTarget(directory, entry))
    if (target === undefined) {
      walked = [...walked, name]
      continue
    }
    links += 1
    if (links > MAX_LINKS_FOLLOWED) throw escape(shown, `it has more than ${MAX_LINKS_FOLLOWED} symbolic links`)
    if (isAbsolute(target)) {
      if (target !== root && !target.startsWith(`${root}${sep}`)) throw escape(shown, 'a symbolic link leads there')
      walked = []
    }
    left = [...partsOf(isAbsolute(target) ? relative(root, target) : target), ...left]
    if (walked.length + left.length > MAX_PATH_COMPONENTS) {
      throw escape(shown, `it has more than ${MAX_PATH_COMPONENTS} components`)
    }
  }
  return walked
}

/** Opens a file below `root` without following links, gives it to `use` and closes it. Throws as withDirectory does. */
export const withFile = async <T>(
  root: string,
  components: readonly string[],
  use: (file: FileHandle) => Promise<T>,
): Promise<T> => {
  const name = components.at(-1)
  if (name === undefined) throw new AppError('REQUEST_INVALID', 'cannot read the directory itself: name a file')
  return withDirectory(root, components.slice(0, -1), {}, async directory => {
    const entry = directory.at(name)
    if (!hasDescriptorPaths) await refuseLink(entry, components.join(sep))
    let file: FileHandle
    try {
      // Not blocking: a FIFO that a task made must not hold the agent up.
      file = await open(entry, constants.O_RDONLY | NO_LINK | constants.O_NONBLOCK)
    } catch (error) {
      if (systemCodeOf(error) === 'ELOOP') throw escape(components.join(sep), 'it is a symbolic link')
      throw error
    }
    try {
      return await use(file)
    } finally {
      await file.close()
    }
  })
}

/** What is wrong with a path of a user, for one. */
export const explainPathError = (error: unknown, path: string): AppError => {
  const code = systemCodeOf(error)
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new AppError('NOT_FOUND', `there is no ${JSON.stringify(path)} in the allocation's directory`, {
      cause: error,
    })
  }
  return new AppError('INTERNAL', `could not read ${JSON.stringify(path)}: ${messageOf(error)}`, { cause: error })
}
