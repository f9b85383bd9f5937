import { constants } from 'node:fs'
import { chmod, mkdir, open, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, isAppError, messageOf, systemCodeOf } from '../../platform/errors.ts'
import { removeTree } from '../../platform/mounts.ts'
import type { TaskPaths } from './drivers/driver.ts'
import { componentsBelow, withDirectory, withFile } from './safe-path.ts'
import type { SecretMounts } from './secret-mounts.ts'

/**
 * The directories of allocations:
 *
 *     <root>/<allocation>/alloc/{logs,tmp,data}            shared by the allocation's tasks
 *     <root>/<allocation>/<task>/{local,secrets,private,tmp}
 *
 * Secrets are in memory where this agent can mount. Paths that a job names are relative to the task's directory, or absolute
 * and inside the allocation's.
 */
export type Directories = {
  readonly root: string
  readonly pathsOf: (allocationId: string, task: string) => TaskPaths
  /** `isRunning`: what the task has already is left where it is. */
  readonly build: (allocationId: string, task: string, isRunning: boolean) => Promise<void>
  /** Replaces a file as a whole. Throws REQUEST_REFUSED for a path outside of the allocation. */
  readonly write: (file: TaskFile, content: string | Uint8Array, mode: number) => Promise<void>
  /** Null when there is no such file. Throws REQUEST_REFUSED as `write` does, REQUEST_TOO_LARGE beyond `maxBytes`. */
  readonly read: (file: TaskFile, maxBytes: number) => Promise<string | null>
  readonly remove: (allocationId: string) => Promise<void>
}

export type TaskFile = { readonly allocationId: string; readonly task: string; readonly path: string }

/** Tasks may run as users of their own, so what they share is open to all and secrets are not listed to others. */
const SHARED = 0o777
const PASSAGE = 0o755
const PRIVATE = 0o700

const sharedNames = ['logs', 'tmp', 'data'] as const

const pathsIn = (root: string, allocationId: string, task: string): TaskPaths => {
  const allocDir = join(root, allocationId, 'alloc')
  const taskDir = join(root, allocationId, task)
  return {
    allocDir,
    taskDir,
    localDir: join(taskDir, 'local'),
    secretsDir: join(taskDir, 'secrets'),
    stdoutPath: join(allocDir, 'logs', `${task}.stdout.0`),
    stderrPath: join(allocDir, 'logs', `${task}.stderr.0`),
  }
}

/** The umask must not narrow what tasks share. */
const make = async (path: string, mode: number): Promise<void> => {
  await mkdir(path, { recursive: true, mode })
  await chmod(path, mode)
}

const buildAll = async (root: string, allocationId: string, paths: TaskPaths): Promise<void> => {
  await mkdir(root, { recursive: true, mode: 0o711 })
  await make(join(root, allocationId), PASSAGE)
  await make(paths.allocDir, SHARED)
  for (const name of sharedNames) await make(join(paths.allocDir, name), SHARED)
  await make(paths.taskDir, PASSAGE)
  await make(paths.localDir, SHARED)
  await make(paths.secretsDir, SHARED)
  await make(join(paths.taskDir, 'private'), PRIVATE)
  await make(join(paths.taskDir, 'tmp'), SHARED)
}

/** Components below the allocation's directory: the task's own come first unless the path is absolute and inside. */
const placeOf = (root: string, { allocationId, task, path }: TaskFile): readonly string[] => {
  const allocationRoot = join(root, allocationId)
  if (path.startsWith(`${allocationRoot}/`)) return componentsBelow(allocationRoot, path)
  return [task, ...componentsBelow(join(allocationRoot, task), path)]
}

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW

const writeInside = async (root: string, file: TaskFile, content: string | Uint8Array, mode: number): Promise<void> => {
  const components = placeOf(root, file)
  const name = components.at(-1)
  if (name === undefined || components.length < 2) {
    throw new AppError('REQUEST_INVALID', `cannot write to ${JSON.stringify(file.path)}: it names no file`)
  }
  const options = { makeMode: SHARED }
  await withDirectory(join(root, file.allocationId), components.slice(0, -1), options, async directory => {
    const temporary = directory.at(`.${name}.new`)
    await unlink(temporary).catch(() => {})
    const handle = await open(temporary, NEW_FILE, mode)
    try {
      await handle.chmod(mode)
      await handle.writeFile(content)
    } finally {
      await handle.close()
    }
    await rename(temporary, directory.at(name))
  })
}

const readInside = async (root: string, file: TaskFile, maxBytes: number): Promise<string | null> => {
  try {
    return await withFile(join(root, file.allocationId), placeOf(root, file), async handle => {
      const { size } = await handle.stat()
      if (size > maxBytes) {
        throw new AppError(
          'REQUEST_TOO_LARGE',
          `${JSON.stringify(file.path)} has ${size} bytes; ${maxBytes} are allowed`,
        )
      }
      return await handle.readFile('utf8')
    })
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw error
  }
}

const unusable = (action: string, error: unknown): AppError =>
  isAppError(error)
    ? error
    : new AppError('DATA_DIR_UNUSABLE', `could not ${action}: ${messageOf(error)}`, {
        hint: "Check the agent's allocation directory: its owner, its mode and the room on its disk.",
        cause: error,
      })

/** `mountSecrets` is done to directories of secrets before a task starts. */
export const createDiskDirectories = (root: string, mountSecrets: SecretMounts = async () => {}): Directories => ({
  root,
  pathsOf: (allocationId, task) => pathsIn(root, allocationId, task),
  build: async (allocationId, task, isRunning) => {
    const paths = pathsIn(root, allocationId, task)
    try {
      await buildAll(root, allocationId, paths)
      if (!isRunning) await mountSecrets(paths.secretsDir)
    } catch (error) {
      throw unusable(`make the directories of task ${JSON.stringify(task)}`, error)
    }
  },
  write: async (file, content, mode) => {
    await writeInside(root, file, content, mode).catch((error: unknown) => {
      throw unusable(`write ${JSON.stringify(file.path)} of task ${JSON.stringify(file.task)}`, error)
    })
  },
  read: (file, maxBytes) =>
    readInside(root, file, maxBytes).catch((error: unknown) => {
      throw unusable(`read ${JSON.stringify(file.path)} of task ${JSON.stringify(file.task)}`, error)
    }),
  remove: allocationId => removeTree(join(root, allocationId)),
})

/** Directories that only seem to be there: for the simulation, whose tasks have no files. Written files can be read. */
export const createMemoryDirectories = (root = '/simulated'): Directories => {
  const files = new Map<string, string>()
  const keyOf = (file: TaskFile): string => [file.allocationId, ...placeOf(root, file)].join('/')
  return {
    root,
    pathsOf: (allocationId, task) => pathsIn(root, allocationId, task),
    build: async () => {},
    write: async (file, content) => {
      files.set(keyOf(file), typeof content === 'string' ? content : new TextDecoder().decode(content))
    },
    read: async file => files.get(keyOf(file)) ?? null,
    remove: async allocationId => {
      for (const key of files.keys()) if (key.startsWith(`${allocationId}/`)) files.delete(key)
    },
  }
}
