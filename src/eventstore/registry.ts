import { join } from 'node:path'
import { createMemoryStore } from './memory.ts'
import type { EventStore } from './port.ts'
import { openSqliteStore } from './sqlite.ts'

export type StoreKind = {
  /** Whether what was acknowledged is there after the process ended. */
  readonly isDurable: boolean
  /** Opens the store that belongs to `directory`; one that is not durable is empty each time. */
  readonly open: (directory: string) => Promise<EventStore>
}

/** The name of the log's file in a data directory. */
export const EVENT_LOG_FILE = 'events.db'

/** Every adapter; the contract suite runs over this list. */
export const eventStores = {
  memory: { isDurable: false, open: async () => createMemoryStore() },
  sqlite: { isDurable: true, open: directory => openSqliteStore({ path: join(directory, EVENT_LOG_FILE) }) },
} as const satisfies Record<string, StoreKind>
