import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemCodeOf } from './errors.ts'

/**
 * Makes a directory and what is missing above it, one at a time: Node's own `recursive` never returns where the system
 * says ENOENT though the parent is there, as /proc does. Throws what the system says.
 */
export const makeDirectories = (path: string, mode: number): void => {
  const missing: string[] = []
  for (let current = path; ; current = dirname(current)) {
    const found = statSync(current, { throwIfNoEntry: false })
    if (found !== undefined) break
    missing.push(current)
  }
  for (const directory of missing.toReversed()) makeOne(directory, mode)
  // A file in its place is told as what it is.
  if (missing.length === 0) makeOne(path, mode)
}

/** Another process may have made it meanwhile. */
const makeOne = (path: string, mode: number): void => {
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST' || !statSync(path).isDirectory()) throw error
  }
}
