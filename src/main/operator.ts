import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { LogImport } from '../cli/command.ts'
import { musterVersion } from '../cli/version.ts'
import type { AgentConfig, EventStoreConfig } from '../config/agent-config.ts'
import type { EventStore } from '../eventstore/port.ts'
import { exportLog } from '../logfile/export-log.ts'
import type { LogFile } from '../logfile/format.ts'
import { importLog } from '../logfile/import-log.ts'
import { refuseHalfImported } from '../logfile/import-mark.ts'
import { systemClock } from '../platform/clock.ts'
import { AppError } from '../platform/errors.ts'
import { openKeyringFile } from '../platform/keyring.ts'
import { silentLogger } from '../platform/logger.ts'
import { systemRandom } from '../platform/random.ts'
import { createSealer } from '../platform/sealing.ts'
import { removeReadModel } from '../projections/database.ts'
import { makeDirectory, pathsOf } from './parts.ts'
import { openLog } from './storage.ts'

/** What operators do to the log of a server that does not run: loaded for that alone. */

/** Where the log stands, and what belongs to it. */
type Place = { readonly eventStore: EventStoreConfig; readonly directory: string; readonly keyring: string }

const placeOf = (config: AgentConfig): Place => {
  if (config.server === null) {
    throw new AppError('CONFIG_INVALID', 'this is the configuration of an agent that is no server: it has no log', {
      hint: 'name that of a server',
    })
  }
  const { eventStore } = config.server
  if (eventStore.kind === 'memory') {
    throw new AppError('CONFIG_INVALID', 'an event store of kind "memory" is gone with its agent', {
      hint: 'name one of another kind; a running agent is asked without -config and -data-dir',
    })
  }
  const directory = pathsOf(config, config.dataDir ?? '').server
  return { eventStore, directory, keyring: join(directory, 'keyring.json') }
}

/** What the keys beside a log make of a known text, null where there are none. */
const probesAt = ({ keyring: path }: Place): Readonly<Record<string, string>> | null => {
  if (!existsSync(path)) return null
  const keyring = openKeyringFile({ path, isRequired: false, random: systemRandom })
  return createSealer({ keyring, random: systemRandom }).probes()
}

const open = ({ eventStore, directory }: Place): Promise<EventStore> => {
  makeDirectory(directory, 0o700)
  return openLog({ config: eventStore, directory, logger: silentLogger }, () => undefined)
}

/** Reading would make an empty log where there is none, which nobody asked for. */
const requireThere = ({ eventStore, directory }: Place): void => {
  if (eventStore.kind !== 'sqlite' || existsSync(join(directory, 'events.db'))) return
  throw new AppError('DATA_DIR_UNUSABLE', `there is no event log in ${directory}`, {
    hint: 'name the data directory of an agent that was a server',
  })
}

/** The log as a file. Throws AppError, DATA_DIR_LOCKED while an agent runs in its directory. */
async function* exportFrom(config: AgentConfig): AsyncGenerator<Uint8Array> {
  const place = placeOf(config)
  requireThere(place)
  const store = await open(place)
  try {
    await refuseHalfImported(store)
    const facts = { madeAt: systemClock.now(), muster: musterVersion(), region: config.region, server: config.name }
    yield* exportLog(store, { ...facts, keys: probesAt(place) }, new AbortController().signal)
  } finally {
    await store.close()
  }
}

const keyringAt = (place: Place, wanted: Readonly<Record<string, string>> | null): LogImport['keyring'] => {
  const path = place.keyring
  const found = probesAt(place)
  if (found === null) return { path, fit: 'missing', namespaces: [] }
  if (wanted === null) return { path, fit: 'unknown', namespaces: [] }
  const namespaces = Object.keys(wanted).filter(namespace => found[namespace] !== wanted[namespace])
  return { path, fit: namespaces.length === 0 ? 'fits' : 'other', namespaces }
}

/** Fills an empty event store from a file. Throws AppError as `importLog` does. */
const importInto = async (config: AgentConfig, file: LogFile): Promise<LogImport> => {
  const place = placeOf(config)
  const store = await open(place)
  try {
    const summary = await importLog(store, file, systemClock)
    // Rows that are there were derived from another log.
    removeReadModel(join(place.directory, 'views.db'))
    return { ...summary, keyring: keyringAt(place, summary.header.keys) }
  } finally {
    await store.close()
  }
}

export const operator = { exportLog: exportFrom, importLog: importInto }
