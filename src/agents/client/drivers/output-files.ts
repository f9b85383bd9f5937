import { mkdir, open, readdir, stat, unlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { systemCodeOf } from '../../../platform/errors.ts'

/**
 * A task's numbered output files: `web.stdout.0`, `web.stdout.1` … . Output is appended to the highest number; when that
 * file is full the next number begins, and the lowest ones beyond the count are deleted. Numbers never go back, so a
 * follower that knows (number, offset) finds its place again.
 */

export type OutputLimits = { readonly maxFileBytes: number; readonly maxFiles: number }

/** The path without its number: `…/web.stdout` of `…/web.stdout.0`. */
export const outputBase = (firstPath: string): string => firstPath.replace(/\.\d+$/, '')

/** The numbers of the files that exist for `base`, rising. */
export const outputNumbers = async (base: string): Promise<readonly number[]> => {
  const prefix = `${basename(base)}.`
  const names = await readdir(dirname(base)).catch((error: unknown): string[] => {
    if (systemCodeOf(error) === 'ENOENT') return []
    throw error
  })
  return names
    .filter(name => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map(name => Number(name.slice(prefix.length)))
    .toSorted((a, b) => a - b)
}

/** Where the next byte goes. */
export type OutputPlace = { readonly number: number; readonly offset: number }

const sizeOf = async (path: string): Promise<number> =>
  stat(path).then(
    found => found.size,
    (error: unknown) => {
      if (systemCodeOf(error) === 'ENOENT') return 0
      throw error
    },
  )

export const currentPlace = async (base: string): Promise<OutputPlace> => {
  const number = (await outputNumbers(base)).at(-1) ?? 0
  return { number, offset: await sizeOf(`${base}.${number}`) }
}

const dropOldFiles = async (base: string, newest: number, maxFiles: number): Promise<void> => {
  const kept = Math.max(1, maxFiles)
  for (const number of await outputNumbers(base)) {
    if (number > newest - kept) return
    await unlink(`${base}.${number}`).catch((error: unknown) => {
      if (systemCodeOf(error) !== 'ENOENT') throw error
    })
  }
}

/**
 * Appends `bytes` at `place`, going on to further files as they fill up. Answers the place after the last byte. Lines may
 * be cut at the end of a file: the bytes of all files in order are the task's output.
 */
export const appendAt = async (
  base: string,
  place: OutputPlace,
  bytes: Uint8Array,
  limits: OutputLimits,
): Promise<OutputPlace> => {
  let { number, offset } = place
  let written = 0
  while (written < bytes.length) {
    if (offset >= limits.maxFileBytes) {
      number += 1
      offset = 0
      await dropOldFiles(base, number, limits.maxFiles)
    }
    const piece = bytes.subarray(written, written + Math.max(1, limits.maxFileBytes - offset))
    const file = await open(`${base}.${number}`, 'a')
    try {
      await file.appendFile(piece)
    } finally {
      await file.close()
    }
    written += piece.length
    offset += piece.length
  }
  return { number, offset }
}

/** Appends to the newest of the output files that begin with `firstPath`, making the directory when it is missing. */
export const appendOutput = async (firstPath: string, bytes: Uint8Array, limits: OutputLimits): Promise<void> => {
  const base = outputBase(firstPath)
  await mkdir(dirname(base), { recursive: true })
  await appendAt(base, await currentPlace(base), bytes, limits)
}
