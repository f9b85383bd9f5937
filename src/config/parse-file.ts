import {
  type Body,
  createBudget,
  type DecodeContext,
  type Diagnostic,
  hasErrors,
  parseHcl,
  parseJson,
  standardFunctions,
} from '../lang/hcl/index.ts'
import { decodeAgent } from './blocks/agent.ts'
import { bodyOfJson } from './json-body.ts'
import { type AgentSettings, noSettings } from './settings.ts'

export type ParsedFile = { readonly settings: AgentSettings; readonly diagnostics: readonly Diagnostic[] }

const start = { line: 1, column: 1, byte: 0 }
const noBody: Body = { attributes: [], blocks: [], range: { start, end: start } }

const readBody = (source: string, filename: string, diagnostics: Diagnostic[]): Body => {
  // As Nomad does, what begins like JSON is read as JSON, whatever the file is called.
  if (!source.trimStart().startsWith('{')) {
    const file = parseHcl(source, filename)
    diagnostics.push(...file.diagnostics)
    return file.body
  }
  const parsed = parseJson(source)
  if (parsed.ok && parsed.node.kind === 'object') return bodyOfJson(parsed.node)
  if (!parsed.ok) diagnostics.push(parsed.diagnostic)
  return noBody
}

/** Reads one file of an agent's configuration. What cannot be read as HCL is not decoded: one fault would make many. */
export const parseConfigFile = (source: string, filename: string): ParsedFile => {
  const diagnostics: Diagnostic[] = []
  const body = readBody(source, filename, diagnostics)
  if (hasErrors(diagnostics)) return { settings: noSettings, diagnostics }
  const context: DecodeContext = {
    scope: {
      functions: standardFunctions,
      budget: createBudget(),
      lookUp: () => ({ kind: 'absent', candidates: [] }),
    },
    scopes: new WeakMap(),
    diagnostics,
  }
  return { settings: decodeAgent(body, context), diagnostics }
}
