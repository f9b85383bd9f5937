import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { AgentConfig } from '../config/agent-config.ts'
import type { ConfigFinding, LoadedConfig } from '../config/load.ts'
import { devSettings, type Problem, resolveAgent } from '../config/resolve.ts'
import { mergeSettings, noSettings } from '../config/settings.ts'
import { type AgentInput, settingsOfFlags } from './agent-flags.ts'
import { type Diagnostic, Refusal } from './refusal.ts'

const toDiagnostic = ({ severity, summary, detail, hint, range, filename, text }: ConfigFinding): Diagnostic => ({
  severity: severity === 'error' ? 'ERROR' : 'WARNING',
  summary,
  detail,
  hint: hint ?? '',
  filename,
  line: range.start.line,
  column: range.start.column,
  rendered: text,
})

const refuseProblems = (problems: readonly Problem[]): Refusal => {
  const message = problems.map(problem => problem.message).join('; ')
  return new Refusal({ code: 'CONFIG_INVALID', message, hint: problems.map(({ hint }) => hint).join('; ') })
}

type ReadFiles = LoadedConfig & { readonly warnings: readonly Diagnostic[] }

const noFiles: ReadFiles = { settings: noSettings, findings: [], isValid: true, files: [], warnings: [] }

/**
 * Reads files and directories of configuration; their language is loaded only when there are any. Throws Refusal with every
 * finding when one is an error.
 */
export const readFiles = async (paths: readonly string[], cwd: string): Promise<ReadFiles> => {
  if (paths.length === 0) return noFiles
  const { loadConfig } = await import('../config/load.ts')
  const loaded = loadConfig(paths.map(path => resolve(cwd, path)))
  const diagnostics = loaded.findings.map(toDiagnostic)
  if (loaded.isValid) return { ...loaded, warnings: diagnostics }
  const errors = diagnostics.filter(({ severity }) => severity === 'ERROR')
  const [first] = errors
  const count = `${errors.length} error${errors.length === 1 ? '' : 's'}`
  const message = `the configuration has ${count}, first at ${first?.filename}:${first?.line}:${first?.column}`
  throw new Refusal({ code: 'CONFIG_INVALID', message, diagnostics })
}

/** The agent that files describe by themselves, without flags. */
export const agentOfFiles = (loaded: Pick<LoadedConfig, 'settings'>): AgentConfig => {
  const resolved = resolveAgent(loaded.settings, { isDev: false, hostname: hostname() })
  if (!resolved.ok) throw refuseProblems(resolved.problems)
  return resolved.config
}

/** The agent that a command line asks for: `-dev`, then its files in their order, then its other flags. */
export const agentOfInput = async (
  input: AgentInput,
  cwd: string,
): Promise<{ readonly config: AgentConfig; readonly warnings: readonly Diagnostic[] }> => {
  const isDev = input.flags.dev
  const { settings, warnings } = await readFiles(input.flags.config, cwd)
  const layers = [isDev ? devSettings : noSettings, settings, settingsOfFlags(input, cwd)]
  const resolved = resolveAgent(
    layers.reduce((earlier, later) => mergeSettings(earlier, later)),
    { isDev, hostname: hostname() },
  )
  if (!resolved.ok) throw refuseProblems(resolved.problems)
  return { config: resolved.config, warnings }
}
