import { resolve } from 'node:path'
import type { AgentConfig } from '../config/agent-config.ts'
import { mergeSettings, noSettings } from '../config/settings.ts'
import type { FlagSpec } from '../lang/goflags/index.ts'
import { agentOfFiles, readFiles } from './agent-settings.ts'
import type { CommandContext } from './command.ts'
import { renderWarnings } from './render/warnings.ts'

/** Flags of commands that open the log of an agent that does not run. */
export const logPlaceFlags = [
  {
    name: 'data-dir',
    type: 'string',
    placeholder: '<path>',
    usage: 'The data directory of a server that does not run; its log is in sqlite unless -config says otherwise.',
  },
  {
    name: 'config',
    type: 'list',
    placeholder: '<path>',
    usage:
      "Files of the server's configuration, as for `muster agent`: they name the data directory and the event store.",
  },
] as const satisfies readonly FlagSpec[]

type PlaceFlags = { readonly 'data-dir': string; readonly config: readonly string[] }

/** The server whose log the flags name, null if they name none. Throws Refusal for a configuration that is none. */
export const logPlaceOf = async ({ io }: CommandContext, flags: PlaceFlags): Promise<AgentConfig | null> => {
  const { config: paths, 'data-dir': dataDir } = flags
  if (dataDir === '' && paths.length === 0) return null
  const loaded = await readFiles(paths, io.cwd)
  for (const line of renderWarnings(loaded.warnings, 'Configuration Warnings:')) io.stderr(`${line}\n`)
  const flagged = {
    ...noSettings,
    dataDir: dataDir === '' ? null : resolve(io.cwd, dataDir),
    server: { ...noSettings.server, isEnabled: paths.length === 0 ? true : null },
  }
  return agentOfFiles({ ...loaded, settings: mergeSettings(loaded.settings, flagged) })
}
