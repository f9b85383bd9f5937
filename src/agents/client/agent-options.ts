import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import type { AgentLink } from '../../protocol/client-link.ts'
import type { Probe } from './checks.ts'
import type { Directories } from './directories.ts'
import type { TaskDriver } from './drivers/driver.ts'
import type { Machine } from './fingerprint/machine.ts'
import type { ClientLimits } from './limits.ts'
import type { NodeConfig } from './node-config.ts'
import type { StateStore } from './state-store.ts'

/** What a client agent is made of; src/main puts it together. */
export type ClientAgentOptions = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly dial: () => Promise<AgentLink>
  /** The agent closes them when it stops. */
  readonly drivers: readonly TaskDriver[]
  readonly state: StateStore
  readonly directories: Directories
  readonly machine: Machine
  readonly probe: Probe
  readonly node: NodeConfig
  readonly limits?: Partial<ClientLimits>
  /** Further labels of all tasks, such as those that tell whose they are when a dev agent died. */
  readonly labels?: Readonly<Record<string, string>>
  /** Removes what dead agents left behind; `isNewNode`: that of the node that this one was, too. Nothing is started before it is done. */
  readonly removeLeftovers?: (isNewNode: boolean) => Promise<void>
}
