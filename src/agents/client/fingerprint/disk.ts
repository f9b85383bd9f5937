import { stat, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCodeOf } from '../../../platform/errors.ts'

const BYTES_PER_MB = 1_048_576

export type DiskFacts = { readonly attributes: Readonly<Record<string, string>>; readonly freeMb: number }

/** `directory` itself, or the nearest one above it that exists. */
export const existingDirectory = async (directory: string): Promise<string> => {
  const isThere = await stat(directory).then(
    () => true,
    (error: unknown) => {
      if (systemCodeOf(error) === 'ENOENT') return false
      throw error
    },
  )
  const parent = dirname(directory)
  return isThere || parent === directory ? directory : existingDirectory(parent)
}

/** The disk that `directory`, or the nearest directory above that exists, is on. */
export const diskFacts = async (directory: string): Promise<DiskFacts> => {
  const volume = await existingDirectory(directory)
  const found = await statfs(volume)
  const free = found.bavail * found.bsize
  return {
    attributes: {
      'unique.storage.volume': volume,
      'unique.storage.bytestotal': String(found.blocks * found.bsize),
      'unique.storage.bytesfree': String(free),
    },
    freeMb: Math.floor(free / BYTES_PER_MB),
  }
}
