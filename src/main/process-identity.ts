import { readFileSync } from 'node:fs'

/** A process, recognised again even where its number was given to another: by the time it was started at. */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string }

/** Field 22 of /proc/<pid>/stat, counted from behind the command's name, which may hold anything. */
const startOf = (pid: number): string | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

export const thisProcess = (): ProcessIdentity => ({ pid: process.pid, startedAt: startOf(process.pid) ?? '' })

export const isAlive = ({ pid, startedAt }: ProcessIdentity): boolean => startOf(pid) === startedAt
