import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskHandle } from '../driver.ts'
import { type ProcessIdentity, parseStat } from './process-identity.ts'
import { startKey } from './start-files.ts'

/** Where the files of one start are. */
export type StartPlace = { readonly key: string; readonly directory: string; readonly endFile: string }

export const placeOf = (root: string, id: string): StartPlace => {
  const key = startKey(id)
  return { key, directory: join(root, 'starts', key), endFile: join(root, 'ends', key) }
}

/** The processes of a start, and the boot that they belong to. */
export type StartedProcesses = {
  readonly holder: ProcessIdentity
  readonly task: ProcessIdentity
  readonly bootId: string
}

/** The first line of a record, undefined while it is not complete. */
const readLine = async (path: string): Promise<string | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  const end = text.indexOf('\n')
  return end === -1 ? undefined : text.slice(0, end)
}

const readIdentity = async (path: string): Promise<ProcessIdentity | undefined> => {
  const line = await readLine(path)
  const found = line === undefined ? undefined : parseStat(line)
  return found === undefined ? undefined : { pid: found.pid, startTicks: found.startTicks }
}

/** Stands for a task that was killed before it had said who it is. No process has this number. */
const nobody: ProcessIdentity = { pid: 0, startTicks: '0' }

/** How a task ended, and whether all of its output is in its files. */
export type TaskEnd = { readonly exitCode: number; readonly isDrained: boolean }

/** What the holder wrote about the end of its task, undefined while there is none. */
export const readEnd = async (place: StartPlace): Promise<TaskEnd | undefined> => {
  const lines = (await readFile(place.endFile, 'utf8').catch(() => '')).split('\n')
  const exitCode = Number.parseInt(lines[0] ?? '', 10)
  if (lines.length < 2 || !Number.isSafeInteger(exitCode)) return undefined
  return { exitCode, isDrained: lines.length > 2 && lines[1] === 'drained' }
}

/** Who a start's holder and task are, undefined before both have said so. */
export const readProcesses = async (place: StartPlace, bootId: string): Promise<StartedProcesses | undefined> => {
  const holder = await readIdentity(join(place.directory, 'holder_stat'))
  if (holder === undefined) return undefined
  const task = await readIdentity(join(place.directory, 'task_stat'))
  if (task !== undefined) return { holder, task, bootId }
  return (await readEnd(place)) === undefined ? undefined : { holder, task: nobody, bootId }
}

const isIdentity = (value: unknown): value is ProcessIdentity =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  typeof value.pid === 'number' &&
  'startTicks' in value &&
  typeof value.startTicks === 'string'

/** The processes that a handle names, undefined for a handle that is not one of this driver's. */
export const processesOf = (handle: TaskHandle): StartedProcesses | undefined => {
  const { state } = handle
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return undefined
  if (!('holder' in state) || !('task' in state) || !('bootId' in state)) return undefined
  const { holder, task, bootId } = state
  if (!isIdentity(holder) || !isIdentity(task) || typeof bootId !== 'string') return undefined
  return { holder, task, bootId }
}
