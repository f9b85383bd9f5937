import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

const PRIVATE_FILE = 0o600

/**
 * Puts `content` at `path` so that a crash leaves the old file or the new one, never a piece: written beside it, synced,
 * renamed, and the directory synced. Only its owner may read it. Two calls for one path must not overlap.
 */
export const writeAtomically = async (path: string, content: string): Promise<void> => {
  const temporary = `${path}.new`
  const file = await open(temporary, 'w', PRIVATE_FILE)
  try {
    await file.writeFile(content)
    await file.datasync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
