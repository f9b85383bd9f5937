import type { AgentConfig } from '../config/agent-config.ts'
import { changedNames } from '../config/changed-names.ts'
import { messageOf } from '../platform/errors.ts'
import type { AdjustableLogger } from '../platform/logger.ts'

/** pino's lowest level that anything is logged at. */
export const levelOf = ({ log }: AgentConfig) => (log.level === 'trace' ? 'debug' : log.level)

/** What can be changed while an agent runs: how much it logs. */
const isReloaded = (name: string): boolean => name === 'log.level'

/**
 * Takes up a configuration that was read again, as far as that can be: the rest is named, and waits for a restart. One that
 * cannot be read, or that makes no agent, changes nothing.
 */
export const createReload = (config: AgentConfig, logger: AdjustableLogger) => {
  return async (read: () => Promise<AgentConfig>): Promise<void> => {
    let next: AgentConfig
    try {
      next = await read()
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'configuration could not be read again, the old one stays')
      return
    }
    logger.setLevel(levelOf(next))
    logger.info({ level: next.log.level }, 'configuration read again')
    const names = changedNames(config, next).filter(name => !isReloaded(name))
    if (names.length > 0) logger.warn({ names }, 'changes of the configuration wait for a restart')
  }
}
