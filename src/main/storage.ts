import { join } from 'node:path'
import { decode } from '../app/codec.ts'
import type { EventStoreConfig } from '../config/agent-config.ts'
import type { Recorded } from '../domain/events.ts'
import { STATE_CATEGORIES } from '../domain/streams.ts'
import { openEventStoreDb } from '../eventstore/eventstoredb/open.ts'
import { createMemoryStore } from '../eventstore/memory.ts'
import type { EventStore } from '../eventstore/port.ts'
import { openSqliteStore } from '../eventstore/sqlite.ts'
import { withDeadline } from '../eventstore/with-deadline.ts'
import { refuseHalfImported } from '../logfile/import-mark.ts'
import { systemClock } from '../platform/clock.ts'
import { AppError } from '../platform/errors.ts'
import { lockFile } from '../platform/file-lock.ts'
import { createMemoryKeyring, openKeyringFile } from '../platform/keyring.ts'
import type { Logger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { createSealer, type Sealer } from '../platform/sealing.ts'
import { IN_MEMORY } from '../projections/database.ts'
import { createMendingReadModel, type MendingReadModel } from '../projections/mending.ts'

export type Storage = {
  readonly store: EventStore
  readonly readModel: MendingReadModel
  readonly sealer: Sealer
  /** Rejects when the store can go on no longer. */
  readonly failed: Promise<never>
  readonly close: () => Promise<void>
}

export type StorageOptions = { readonly config: EventStoreConfig; readonly directory: string; readonly logger: Logger }

const openStore = async (
  { config, directory, logger }: StorageOptions,
  onStopped: (error: AppError) => void,
): Promise<EventStore> => {
  switch (config.kind) {
    case 'memory':
      return createMemoryStore()
    case 'sqlite':
      return withDeadline(await openSqliteStore({ path: join(directory, 'events.db'), onStopped }), systemClock)
    case 'eventstoredb':
      return openEventStoreDb({ ...config, logger })
  }
}

async function* replay(store: EventStore, signal: AbortSignal): AsyncGenerator<readonly Recorded[]> {
  for await (const item of store.subscribe(-1, { categories: STATE_CATEGORIES }, signal)) {
    if (item.kind === 'events') yield item.events.map(decode)
  }
}

const openReadModel = (
  { config, directory, logger }: StorageOptions,
  store: EventStore,
  head: number,
): MendingReadModel => {
  const path = config.kind === 'memory' ? IN_MEMORY : join(directory, 'views.db')
  const readModel = createMendingReadModel({
    path,
    clock: systemClock,
    random: systemRandom,
    logger,
    replay: signal => replay(store, signal),
  })
  if (readModel.position() <= head) return readModel
  const position = readModel.position()
  readModel.close()
  throw new AppError(
    'STORE_CORRUPT',
    `the views have seen position ${position}, but the log ends at ${head}: events are missing`,
    { hint: 'restore the log from a backup; the views may be removed, they are built anew' },
  )
}

const openSealer = ({ config, directory }: StorageOptions, head: number): Sealer => {
  const keyring =
    config.kind === 'memory'
      ? createMemoryKeyring(systemRandom)
      : openKeyringFile({ path: join(directory, 'keyring.json'), isRequired: head >= 0, random: systemRandom })
  const sealer = createSealer({ keyring, random: systemRandom })
  // Makes the keyring's file before the log's first event: a log without one is taken for a keyring that was lost.
  sealer.digest('default', '')
  return sealer
}

const openAround = async (
  options: StorageOptions,
  store: EventStore,
): Promise<Pick<Storage, 'store' | 'readModel' | 'sealer'>> => {
  try {
    await refuseHalfImported(store)
    const head = await store.head()
    const sealer = openSealer(options, head)
    return { store, readModel: openReadModel(options, store, head), sealer }
  } catch (error) {
    await store.close()
    throw error
  }
}

/** Opens the log alone. `onStopped` is called once if it can go on no longer. Throws AppError. */
export const openLog = async (options: StorageOptions, onStopped: (error: AppError) => void): Promise<EventStore> => {
  // A file of events locks itself; elsewhere the views and the keys are this directory's own all the same.
  const lock = options.config.kind === 'eventstoredb' ? lockFile(join(options.directory, 'agent.lock')) : null
  try {
    const store = await openStore(options, onStopped)
    return {
      ...store,
      close: async () => {
        await store.close()
        lock?.release()
      },
    }
  } catch (error) {
    lock?.release()
    throw error
  }
}

/** Opens the log, the views of it and the keys of what it holds. Throws AppError with what was opened closed again. */
export const openStorage = async (options: StorageOptions): Promise<Storage> => {
  let fail: (error: AppError) => void = () => {}
  const failed = new Promise<never>((_, reject) => {
    fail = reject
  })
  failed.catch(() => {})
  const store = await openLog(options, error => fail(error))
  const opened = await openAround(options, store)
  return {
    ...opened,
    failed,
    close: async () => {
      await store.close()
      opened.readModel.close()
    },
  }
}
