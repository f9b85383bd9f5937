import type { ClearJob } from '../domain/jobspec/schema.ts'
import { validateJob } from '../domain/jobspec/validate.ts'
import { MAX_JOB_SOURCE_BYTES } from '../domain/limits.ts'
import type { Gate } from '../lang/hcl/gate.ts'
import {
  arrangeDiagnostics,
  type Block,
  type Body,
  type DecodeContext,
  type Diagnostic,
  hasErrors,
  parseHcl,
  renderDiagnostic,
  report,
} from '../lang/hcl/index.ts'
import { readApiJson } from './api-json.ts'
import { decodeJob } from './blocks/job.ts'
import { checkLanguages } from './check-languages.ts'
import { evaluateLeniently } from './evaluate-leniently.ts'
import { expandDynamic } from './expand-dynamic.ts'
import { locate } from './locate.ts'
import { buildScope, type VariableInput } from './variables.ts'

export type JobFileInput = {
  readonly source: string
  /** `json` is the JSON of Nomad's API, which has no variables; HCL when absent. */
  readonly format?: 'hcl' | 'json'
  /** As the user named it: diagnostics begin with it. */
  readonly filename: string
  readonly variables: VariableInput
}

/** One finding, rendered for a person (`file:line:col`, the line, a caret) and apart for programs. */
export type JobDiagnostic = {
  readonly severity: 'error' | 'warning'
  readonly summary: string
  readonly detail: string
  readonly hint: string
  readonly line: number
  readonly column: number
  readonly text: string
}

export type ParsedJobFile =
  | { readonly ok: true; readonly job: ClearJob; readonly warnings: readonly JobDiagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly JobDiagnostic[] }

export type JobFileParser = (input: JobFileInput) => Promise<ParsedJobFile>

/** Findings that one answer holds. */
const MAX_DIAGNOSTICS = 100

const topLevel = new Set(['job', 'variable', 'variables', 'locals'])
const start = { line: 1, column: 1, byte: 0 }
const firstPlace = { start, end: start }

const toJobDiagnostic = (input: JobFileInput, finding: Diagnostic): JobDiagnostic => ({
  severity: finding.severity,
  summary: finding.summary,
  detail: finding.detail,
  hint: finding.hint ?? '',
  line: finding.range.start.line,
  column: finding.range.start.column,
  text: renderDiagnostic(input.source, input.filename, finding),
})

const jobBlockOf = (blocks: readonly Block[], context: DecodeContext): Block | null => {
  const [job, ...more] = blocks.filter(block => block.type === 'job')
  for (const extra of more)
    report(context, { summary: 'Duplicate job', detail: 'A file holds one job.', range: extra.headerRange })
  for (const block of blocks) {
    if (!topLevel.has(block.type))
      report(context, {
        summary: 'Unsupported block',
        detail: `A "${block.type}" block is not expected here.`,
        range: block.headerRange,
      })
  }
  if (job === undefined)
    report(context, { summary: 'Missing job', detail: 'The file holds no job block.', range: firstPlace })
  return job ?? null
}

/** Characters of a decoded job: values of variables that are used many times count each time. */
const MAX_JOB_CHARACTERS = 16_000_000

/** True if the texts inside, keys included, are longer than that; stops there. */
const isLongerThan = (value: unknown, limit: number): boolean => {
  let left = limit
  const pending: unknown[] = [value]
  while (pending.length > 0 && left >= 0) {
    const next = pending.pop()
    if (typeof next === 'string') left -= next.length
    if (typeof next !== 'object' || next === null) continue
    for (const [key, entry] of Object.entries(next)) {
      left -= key.length
      pending.push(entry)
    }
  }
  return left < 0
}

const looksLikeJson: Diagnostic = {
  severity: 'error',
  summary: 'Job file in JSON',
  detail: 'The file begins with "{", as JSON does; a job file begins with a block, such as job "web" {.',
  hint: 'Give -json for a job in the JSON of the API. The JSON syntax of HCL is not read.',
  range: firstPlace,
}

const readHcl = (input: JobFileInput, diagnostics: Diagnostic[]): Body | null => {
  if (input.source.trimStart().startsWith('{')) {
    diagnostics.push(looksLikeJson)
    return null
  }
  const file = parseHcl(input.source, input.filename)
  diagnostics.push(...file.diagnostics)
  return hasErrors(diagnostics) ? null : file.body
}

/** A file of JSON holds a job and nothing else: no variables, no local values. */
const readJson = (input: JobFileInput, diagnostics: Diagnostic[]): Body | null => {
  const job = readApiJson(input.source, diagnostics)
  return job === null ? null : { attributes: [], blocks: [job], range: job.range }
}

const decode = (input: JobFileInput, now: number, diagnostics: Diagnostic[]): ClearJob | null => {
  const body = input.format === 'json' ? readJson(input, diagnostics) : readHcl(input, diagnostics)
  if (body === null) return null
  const context: DecodeContext = {
    scope: buildScope(body, input.variables, diagnostics),
    evaluate: evaluateLeniently,
    scopes: new WeakMap(),
    diagnostics,
  }
  for (const attribute of body.attributes) {
    report(context, {
      summary: 'Unsupported argument',
      detail: `An argument named "${attribute.name}" is not expected here.`,
      range: attribute.nameRange,
    })
  }
  const written = jobBlockOf(body.blocks, context)
  if (written === null) return null
  return decodeWhole(expandDynamic(written, context), context, now)
}

const decodeWhole = (block: Block, context: DecodeContext, now: number): ClearJob | null => {
  const job = decodeJob(block, context)
  if (isLongerThan(job, MAX_JOB_CHARACTERS)) {
    const detail = `With its variables filled in, the job has more than ${MAX_JOB_CHARACTERS} characters.`
    report(context, { summary: 'Job too large', detail, range: block.headerRange })
    return null
  }
  const findings = [...validateJob(job), ...checkLanguages(job, now)]
  for (const finding of findings) report(context, { ...finding, range: locate(block, finding.path) })
  return job
}

const tooLarge = (bytes: number): Diagnostic => ({
  severity: 'error',
  summary: 'Source too large',
  detail: `The job file has ${bytes} bytes; the limit is ${MAX_JOB_SOURCE_BYTES}.`,
  range: firstPlace,
})

export type JobFileParserOptions = {
  readonly gate: Gate
  /** Milliseconds since 1970: decides whether a cron is ever due. */
  readonly now: () => number
}

const judge = async (gate: Gate, source: string): Promise<readonly Diagnostic[]> => {
  const verdict = await gate.judge(source)
  switch (verdict.kind) {
    case 'accepted':
      return []
    case 'refused':
      return verdict.diagnostics
    case 'unavailable':
      return [
        {
          severity: 'error',
          summary: 'Job file could not be checked',
          detail: verdict.message,
          hint: 'Try again; if it stays so, the file is too complex.',
          range: firstPlace,
        },
      ]
  }
}

/** Reads job files: our own reading with places, all findings at once, then the gate's verdict. Never throws. */
export const createJobFileParser = ({ gate, now }: JobFileParserOptions): JobFileParser => {
  return async input => {
    const diagnostics: Diagnostic[] = []
    const bytes = Buffer.byteLength(input.source)
    if (bytes > MAX_JOB_SOURCE_BYTES) return { ok: false, diagnostics: [toJobDiagnostic(input, tooLarge(bytes))] }
    const job = decode(input, now(), diagnostics)
    // What our own reader refuses is said in its words; the gate has a say about what it accepts.
    if (!hasErrors(diagnostics) && input.format !== 'json') diagnostics.push(...(await judge(gate, input.source)))
    const rendered = arrangeDiagnostics(diagnostics, MAX_DIAGNOSTICS).map(finding => toJobDiagnostic(input, finding))
    if (job === null || hasErrors(diagnostics)) return { ok: false, diagnostics: rendered }
    return { ok: true, job, warnings: rendered }
  }
}
