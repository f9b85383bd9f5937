import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TaskDriver } from '../agents/client/drivers/driver.ts'
import type { Logger } from '../platform/logger.ts'
import { removeTree, unmountBelow } from '../platform/mounts.ts'
import { isAlive, type ProcessIdentity, thisProcess } from './process-identity.ts'

/**
 * Dev agents without a data directory leave nothing: what they run carries a label of their run, and a note in the run's
 * own directory says whose it is. The next dev agent removes what the notes of dead ones name, so `kill -9` harms nobody.
 */
export const RUN_LABEL = 'dev.muster.agent'
const PREFIX = 'muster-dev-'
const NOTE = 'agent.json'

export type DevRun = { readonly directory: string; readonly runId: string; readonly remove: () => Promise<void> }

type Note = ProcessIdentity & { readonly runId: string }

const isNote = (value: unknown): value is Note =>
  typeof value === 'object' && value !== null && 'pid' in value && 'startedAt' in value && 'runId' in value

export const createDevRun = (runId: string): DevRun => {
  const directory = mkdtempSync(join(tmpdir(), PREFIX))
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  writeFileSync(join(directory, NOTE), JSON.stringify({ ...thisProcess(), runId }), { mode: 0o600 })
  return { directory, runId, remove: () => removeTree(directory) }
}

const readNote = (directory: string): Note | null => {
  try {
    const note: unknown = JSON.parse(readFileSync(join(directory, NOTE), 'utf8'))
    return isNote(note) ? note : null
  } catch {
    return null
  }
}

/** Removes containers, processes and directories of dev agents that died. */
export const removeDeadRuns = async (drivers: readonly TaskDriver[], logger: Logger): Promise<void> => {
  const directories = readdirSync(tmpdir(), { withFileTypes: true })
    .filter(entry => entry.isDirectory() && entry.name.startsWith(PREFIX))
    .map(entry => join(tmpdir(), entry.name))
  for (const directory of directories) {
    const note = readNote(directory)
    if (note === null || isAlive(note)) continue
    // Whoever of its tasks is not to be found now has them mounted for itself.
    await unmountBelow(directory)
    const swept = await Promise.allSettled(drivers.map(driver => driver.sweep({ [RUN_LABEL]: note.runId }, new Set())))
    const removed = swept.reduce((sum, result) => sum + (result.status === 'fulfilled' ? result.value : 0), 0)
    const isSwept = swept.every(result => result.status === 'fulfilled')
    if (isSwept) await removeTree(directory)
    logger.info({ pid: note.pid, removed, isSwept }, 'leftovers of a dead dev agent removed')
  }
}
