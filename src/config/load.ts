import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { arrangeDiagnostics, type Diagnostic, hasErrors, renderDiagnostic } from '../lang/hcl/index.ts'
import { AppError, systemCodeOf } from '../platform/errors.ts'
import { MAX_CONFIG_BYTES, MAX_CONFIG_FILES, MAX_CONFIG_FINDINGS } from './limits.ts'
import { parseConfigFile } from './parse-file.ts'
import { type AgentSettings, mergeSettings, noSettings } from './settings.ts'

/** A finding, and how a person reads it: `file:line:col`, the line, a caret, what is wrong and what to write. */
export type ConfigFinding = Diagnostic & { readonly filename: string; readonly text: string }

export type LoadedConfig = {
  /** What all files say together; of use only without errors. */
  readonly settings: AgentSettings
  readonly findings: readonly ConfigFinding[]
  readonly isValid: boolean
  readonly files: readonly string[]
}

const unreadable = (path: string, error: unknown): AppError =>
  new AppError('CONFIG_INVALID', `the configuration ${path} cannot be read: ${systemCodeOf(error) ?? String(error)}`, {
    hint: 'name a file, or a directory of files that end in .hcl or .json',
    cause: error,
  })

/** What editors leave beside a file while it is open. */
const isTemporary = (name: string): boolean =>
  name.endsWith('~') || name.startsWith('.#') || (name.startsWith('#') && name.endsWith('#'))

const isConfig = (name: string): boolean => /\.(?:hcl|json)$/.test(name) && !isTemporary(name)

/** A directory stands for its files, in the order of their names. */
const filesAt = (path: string): readonly string[] => {
  try {
    if (!statSync(path).isDirectory()) return [path]
    return readdirSync(path, { withFileTypes: true })
      .filter(entry => !entry.isDirectory() && isConfig(entry.name))
      .map(entry => join(path, entry.name))
      .toSorted()
  } catch (error) {
    throw unreadable(path, error)
  }
}

const readFile = (path: string): string => {
  try {
    const { size } = statSync(path)
    if (size > MAX_CONFIG_BYTES)
      throw new AppError(
        'CONFIG_INVALID',
        `the configuration ${path} has ${size} bytes, the limit is ${MAX_CONFIG_BYTES}`,
      )
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw error instanceof AppError ? error : unreadable(path, error)
  }
}

/** Reads files and directories, later ones over earlier ones. Throws CONFIG_INVALID for what cannot be read at all. */
export const loadConfig = (paths: readonly string[]): LoadedConfig => {
  const files = paths.flatMap(filesAt)
  if (files.length > MAX_CONFIG_FILES)
    throw new AppError(
      'CONFIG_INVALID',
      `the configuration has ${files.length} files, the limit is ${MAX_CONFIG_FILES}`,
    )
  let settings = noSettings
  const findings: ConfigFinding[] = []
  for (const filename of files) {
    const source = readFile(filename)
    const parsed = parseConfigFile(source, filename)
    settings = mergeSettings(settings, parsed.settings)
    const own = arrangeDiagnostics(parsed.diagnostics, MAX_CONFIG_FINDINGS)
    findings.push(...own.map(each => ({ ...each, filename, text: renderDiagnostic(source, filename, each) })))
  }
  return { settings, findings, isValid: !hasErrors(findings), files }
}
