import { systemCodeOf } from '../../platform/errors.ts'
import { MAX_STREAM_CHUNK_BYTES } from '../../protocol/client-link.ts'
import { withFile } from './safe-path.ts'

/** Takes a piece of a stream; resolves when more may come. */
export type Sink = (piece: Uint8Array) => Promise<void>

/** Reads up to MAX_STREAM_CHUNK_BYTES of a regular file at an offset; null when it does not exist. */
export const readPiece = async (
  root: string,
  components: readonly string[],
  offset: number,
  maxBytes = MAX_STREAM_CHUNK_BYTES,
): Promise<Uint8Array | null> => {
  try {
    return await withFile(root, components, async file => {
      const length = Math.min(maxBytes, MAX_STREAM_CHUNK_BYTES)
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, offset)
      return buffer.subarray(0, bytesRead)
    })
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** The size of a file in bytes; 0 when it does not exist. */
export const sizeOfFile = async (root: string, components: readonly string[]): Promise<number> => {
  try {
    return await withFile(root, components, async file => (await file.stat()).size)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return 0
    throw error
  }
}
