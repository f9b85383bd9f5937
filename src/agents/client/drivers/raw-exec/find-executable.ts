import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'

const isExecutableFile = async (path: string): Promise<boolean> => {
  const isFile = await stat(path).then(
    found => found.isFile(),
    () => false,
  )
  if (!isFile) return false
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

export type Places = {
  readonly taskDir: string
  readonly localDir: string
  /** The task's own PATH. */
  readonly path: string
}

/**
 * The absolute path of what `command` names: an absolute path as it stands, else in the task's directory, in its local
 * directory, then along PATH. Undefined where none of them has an executable file of that name.
 */
export const findExecutable = async (command: string, places: Places): Promise<string | undefined> => {
  const candidates = isAbsolute(command)
    ? [command]
    : [
        join(places.taskDir, command),
        join(places.localDir, command),
        ...(command.includes('/') ? [] : places.path.split(delimiter).filter(isAbsolute)).map(dir =>
          join(dir, command),
        ),
      ]
  for (const candidate of candidates) {
    if (await isExecutableFile(candidate)) return resolve(candidate)
  }
  return undefined
}
