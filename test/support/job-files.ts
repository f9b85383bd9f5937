import type { ClearJob } from '../../src/domain/jobspec/schema.ts'
import { createJobFileParser, type JobDiagnostic, type ParsedJobFile } from '../../src/jobspec/index.ts'
import type { VariableInput } from '../../src/jobspec/variables.ts'
import type { Gate } from '../../src/lang/hcl/gate.ts'

/** 2026-03-07T12:00:00Z. */
export const JOB_FILE_NOW = Date.UTC(2026, 2, 7, 12)

/** Accepts everything at once, where a test is not about the syntax. */
const openGate: Gate = {
  judge: async () => ({ kind: 'accepted', json: undefined }),
  close: async () => {
    // There is nothing to close.
  },
}

export const noVariables: VariableInput = { environment: {}, files: [], flags: [], isStrict: true }

/** Reads a job file as the server does; without a gate of one's own, only our own reader judges the syntax. */
export const parseJobFile = (
  source: string,
  variables: Partial<VariableInput> = {},
  gate: Gate = openGate,
): Promise<ParsedJobFile> =>
  createJobFileParser({ gate, now: () => JOB_FILE_NOW })({
    source,
    filename: 'test.nomad.hcl',
    variables: { ...noVariables, ...variables },
  })

/** Reads a job in the JSON of the API. */
export const parseJsonJob = (source: string, variables: Partial<VariableInput> = {}): Promise<ParsedJobFile> =>
  createJobFileParser({ gate: openGate, now: () => JOB_FILE_NOW })({
    source,
    format: 'json',
    filename: 'test.json',
    variables: { ...noVariables, ...variables },
  })

export type GoodJobFile = { readonly job: ClearJob; readonly warnings: readonly JobDiagnostic[] }

/** The job of a file that must be good. */
export const goodJobFile = async (
  source: string,
  variables: Partial<VariableInput> = {},
  gate: Gate = openGate,
): Promise<GoodJobFile> => {
  const parsed = await parseJobFile(source, variables, gate)
  if (!parsed.ok) throw new Error(`the job file was refused:\n${parsed.diagnostics.map(({ text }) => text).join('\n')}`)
  return parsed
}

/** The findings about a file that must be bad. */
export const badJobFile = async (
  source: string,
  variables: Partial<VariableInput> = {},
): Promise<readonly JobDiagnostic[]> => {
  const parsed = await parseJobFile(source, variables)
  if (parsed.ok) throw new Error('the job file was accepted')
  return parsed.diagnostics
}

/** Lines for the places where a small job has room for more. */
export type JobParts = {
  readonly type?: 'service' | 'batch'
  readonly top?: string
  readonly job?: string
  readonly group?: string
  readonly task?: string
}

/** A small good job with more lines in it: `top` goes before the job, the others at the end of their blocks. */
export const jobFile = ({ type = 'service', top = '', job = '', group = '', task = '' }: JobParts = {}): string =>
  `${top}
job "web" {
  type = "${type}"
  group "app" {
    task "server" {
      driver = "mock"
      ${task}
    }
    ${group}
  }
  ${job}
}
`
