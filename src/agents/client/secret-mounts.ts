import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { messageOf } from '../../platform/errors.ts'
import type { Logger } from '../../platform/logger.ts'
import { mountMemory } from '../../platform/mounts.ts'
import { SECRETS_BYTES } from './limits.ts'

/** Puts a directory of secrets into memory, or leaves it on disk where this agent cannot. What is in memory stays as it is. */
export type SecretMounts = (directory: string) => Promise<void>

const isMountPoint = async (directory: string): Promise<boolean> => {
  const [own, parent] = await Promise.all([stat(directory), stat(dirname(directory))])
  return own.dev !== parent.dev
}

/** Root alone may mount, and in a container not even root: then it is said once, and not tried again. */
export const createSecretMounts = (logger: Logger, isRoot = process.geteuid?.() === 0): SecretMounts => {
  let isOff = false
  const turnOff = (reason: string): void => {
    if (!isOff) logger.warn({ reason }, 'secrets of tasks are kept on disk')
    isOff = true
  }
  if (!isRoot) turnOff('only root may mount')
  return async directory => {
    if (isOff || (await isMountPoint(directory))) return
    await mountMemory(directory, SECRETS_BYTES).catch((error: unknown) => turnOff(messageOf(error)))
  }
}
