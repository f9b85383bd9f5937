import { join } from 'node:path'
import { openEventStoreDb } from './eventstoredb/open.ts'
import { createMemoryStore } from './memory.ts'
import type { EventStore } from './port.ts'
import { openSqliteStore } from './sqlite.ts'

export type StoreKind = {
  /** Whether what was acknowledged is there after the process ended. */
  readonly isDurable: boolean
  /** Where a store of this kind is: in a directory of this machine, or at a server's address (a url that names the prefix). */
  readonly place: 'directory' | 'server'
  /** Opens the store at `place`; one that is not durable is empty each time. */
  readonly open: (place: string) => Promise<EventStore>
}

/** The name of the log's file in a data directory. */
export const EVENT_LOG_FILE = 'events.db'

/** Every adapter; the contract suite runs over this list. */
export const eventStores = {
  memory: { isDurable: false, place: 'directory', open: async () => createMemoryStore() },
  sqlite: {
    isDurable: true,
    place: 'directory',
    open: directory => openSqliteStore({ path: join(directory, EVENT_LOG_FILE) }),
  },
  eventstoredb: { isDurable: true, place: 'server', open: url => openEventStoreDb({ url }) },
} as const satisfies Record<string, StoreKind>
