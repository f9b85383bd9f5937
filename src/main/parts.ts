import { join } from 'node:path'
import type { AgentConfig } from '../config/agent-config.ts'
import { AppError, systemCodeOf } from '../platform/errors.ts'
import type { Logger } from '../platform/logger.ts'
import { makeDirectories } from '../platform/make-directory.ts'
import type { DevRun } from './dev-runs.ts'

/** Where the roles of an agent keep what is theirs. */
export type Paths = {
  readonly server: string
  readonly client: string
  readonly alloc: string
}

/** What the roles of one agent share. */
export type Parts = {
  readonly config: AgentConfig
  readonly logger: Logger
  /** Set for an agent that leaves nothing behind. */
  readonly run: DevRun | null
  readonly runId: string
  readonly paths: Paths
}

export const pathsOf = ({ server, client }: AgentConfig, root: string): Paths => ({
  server: server?.dataDir ?? join(root, 'server'),
  client: client?.stateDir ?? join(root, 'client'),
  alloc: client?.allocDir ?? join(root, 'alloc'),
})

/** Makes a directory that is the agent's own. Tasks of other users pass through the one of the allocations. */
export const makeDirectory = (path: string, mode: 0o700 | 0o711): void => {
  try {
    makeDirectories(path, mode)
  } catch (error) {
    throw new AppError(
      'DATA_DIR_UNUSABLE',
      `the directory ${path} cannot be made: ${systemCodeOf(error) ?? String(error)}`,
      { hint: 'name one that this user may write to', cause: error },
    )
  }
}
