import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { systemCodeOf } from '../../../platform/errors.ts'

const BYTES_PER_MB = 1_048_576

export type DiskFacts = { readonly attributes: Readonly<Record<string, string>>; readonly freeMb: number }

/** The disk that `directory`, or the nearest directory above that exists, is on. */
export const diskFacts = async (directory: string): Promise<DiskFacts> => {
  try {
    const found = await statfs(directory)
    const free = found.bavail * found.bsize
    return {
      attributes: {
        'unique.storage.volume': directory,
        'unique.storage.bytestotal': String(found.blocks * found.bsize),
        'unique.storage.bytesfree': String(free),
      },
      freeMb: Math.floor(free / BYTES_PER_MB),
    }
  } catch (error) {
    const parent = dirname(directory)
    if (systemCodeOf(error) === 'ENOENT' && parent !== directory) return diskFacts(parent)
    throw error
  }
}
