import { rmSync } from 'node:fs'
import { unmountBelow } from '../../src/platform/mounts.ts'

/** Removes what agents worked in, the secrets of their tasks too, which are mounted there until an agent takes them away. */
export const removeTree = async (directory: string): Promise<void> => {
  await unmountBelow(directory)
  rmSync(directory, { recursive: true, force: true, maxRetries: 3 })
}
