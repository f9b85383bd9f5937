import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { TaskStart } from '../driver.ts'
import { outputBase } from '../output-files.ts'
import { stringOption, stringsOption } from '../task-config.ts'
import { encodeLabels, environmentOf, LABELS_VARIABLE, START_VARIABLE } from './task-environment.ts'

/**
 * What a holder needs to start one task, as files of a directory of that start. `start.sh` holds the environment in
 * clear: only the agent's user may read it, and it empties itself before the task begins.
 */

/** What `task.json` says about a start, for whoever finds the directory later. */
export type StartRecord = { readonly id: string; readonly labels: Readonly<Record<string, string>> }

/** What the directory of a start says of it, undefined where it says nothing whole. */
export const readRecord = async (directory: string): Promise<StartRecord | undefined> => {
  const text = await readFile(join(directory, 'task.json'), 'utf8').catch(() => '')
  try {
    const record: StartRecord = JSON.parse(text)
    return record
  } catch {
    return undefined
  }
}

/** The name of a start's directory: short, safe in a path, and the same for the same id. */
export const startKey = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 32)

/** One word of shell that means exactly `text`. */
const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Names that a shell keeps for itself or may not export; they go through `env` instead. */
const isShellName = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) &&
  !/^(IFS|OPTIND|OPTARG|PPID|PWD|OLDPWD|LINENO|ENV|BASH.*|SHELLOPTS|UID|EUID|PS[1-4]|_)$/.test(name)

type Script = {
  readonly workDirectory: string
  readonly environment: Readonly<Record<string, string>>
  readonly argv: readonly string[]
  /** The directory of the start's control group. */
  readonly controlGroup: string | undefined
}

const startScript = ({ workDirectory: directory, environment, argv, controlGroup }: Script): string => {
  const entries = Object.entries(environment)
  const exported = entries
    .filter(([name]) => isShellName(name))
    .map(([name, value]) => `export ${name}=${quote(value)}`)
  const others = entries.filter(([name]) => !isShellName(name)).map(([name, value]) => quote(`${name}=${value}`))
  const command = [...(others.length === 0 ? [] : ['/usr/bin/env', ...others]), ...argv.map(quote)].join(' ')
  return [
    // Before anything else, so that no child is born outside.
    ...(controlGroup === undefined ? [] : [`{ echo "$$" >${quote(`${controlGroup}/cgroup.procs`)}; } 2>/dev/null`]),
    'read -r stat <"/proc/$$/stat"',
    'echo "$stat" >task_stat',
    'unset stat PWD OLDPWD',
    ...exported,
    // One line, which a shell reads whole before it empties its own program.
    `: >start.sh; cd ${quote(directory)} || exit 126; unset PWD OLDPWD; exec ${command}`,
    '',
  ].join('\n')
}

const holderSettings = (task: TaskStart): string =>
  [
    `COLLECTS=${task.logs.isDisabled ? '0' : '1'}`,
    `STDOUT_BASE=${quote(outputBase(task.paths.stdoutPath))}`,
    `STDERR_BASE=${quote(outputBase(task.paths.stderrPath))}`,
    `MAX_FILE_BYTES=${Math.max(1, Math.floor(task.logs.maxFileBytes))}`,
    `MAX_FILES=${Math.max(1, Math.floor(task.logs.maxFiles))}`,
    `export ${LABELS_VARIABLE}=${quote(encodeLabels(task.labels))}`,
    `export ${START_VARIABLE}=${quote(task.id)}`,
    '',
  ].join('\n')

/** The directory that a task starts in: its own, or `work_dir`, which may be relative to it. */
export const workDirectory = (task: TaskStart): string => {
  const wanted = stringOption(task.config, 'work_dir')
  if (wanted === '') return task.paths.taskDir
  return isAbsolute(wanted) ? wanted : join(task.paths.taskDir, wanted)
}

/** Writes the files of `task` into `directory`; `executable` is the absolute path of what it runs. */
export const writeStartFiles = async (
  directory: string,
  task: TaskStart,
  { executable, controlGroup }: { readonly executable: string; readonly controlGroup: string | undefined },
): Promise<void> => {
  const environment = environmentOf(task, process.env)
  const argv = [executable, ...(stringsOption(task.config, 'args') ?? [])]
  const record: StartRecord = { id: task.id, labels: task.labels }
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const files = [
    ['task.json', JSON.stringify(record)],
    ['holder.conf', holderSettings(task)],
    ['start.sh', startScript({ workDirectory: workDirectory(task), environment, argv, controlGroup })],
  ] as const
  for (const [name, text] of files) {
    await writeFile(join(directory, `${name}.new`), text, { mode: 0o600 })
    await rename(join(directory, `${name}.new`), join(directory, name))
  }
}
