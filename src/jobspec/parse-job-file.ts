import type { ClearJob } from '../domain/jobspec/schema.ts'
import { type SpecFinding, validateJob, validateRestart } from '../domain/jobspec/validate.ts'
import { MAX_JOB_SOURCE_BYTES } from '../domain/limits.ts'
import type { Gate } from '../lang/hcl/gate.ts'
import { type Block, type Diagnostic, hasErrors, parseHcl, renderDiagnostic } from '../lang/hcl/index.ts'
import { decodeJob } from './blocks/job.ts'
import { checkLanguages } from './check-languages.ts'
import { locate } from './locate.ts'
import { type DecodeContext, report } from './reader.ts'
import type { FunctionNames } from './template-functions.ts'
import { buildScope, type VariableInput } from './variables.ts'

export type JobFileInput = {
  readonly source: string
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

/** `dynamic` blocks are not expanded yet: they are refused by name, wherever they stand. */
const refuseDynamic = (block: Block, context: DecodeContext): void => {
  for (const inner of block.body.blocks) {
    if (inner.type === 'dynamic')
      report(context, {
        summary: 'Not supported yet',
        detail: '"dynamic" blocks are not supported yet.',
        range: inner.headerRange,
      })
    else refuseDynamic(inner, context)
  }
}

/** Restart blocks of job and groups are validated where they are written; a task's is not (nomad-behaviour §0.3). */
const groupRestarts = (job: ClearJob, block: Block): readonly SpecFinding[] =>
  block.body.blocks
    .filter(group => group.type === 'group' && group.body.blocks.some(inner => inner.type === 'restart'))
    .flatMap(block => {
      const group = job.groups.find(candidate => candidate.name === block.labels[0]?.value)
      const task = group?.tasks.find(
        candidate =>
          !block.body.blocks.some(
            inner =>
              inner.type === 'task' &&
              inner.labels[0]?.value === candidate.name &&
              inner.body.blocks.some(own => own.type === 'restart'),
          ),
      )
      return group === undefined || task === undefined
        ? []
        : validateRestart(task.restart, ['group', group.name, 'restart'])
    })

const decode = (input: JobFileInput, names: FunctionNames, now: number, diagnostics: Diagnostic[]): ClearJob | null => {
  const file = parseHcl(input.source, input.filename)
  diagnostics.push(...file.diagnostics)
  if (hasErrors(diagnostics)) return null
  const scope = buildScope(file.body, input.variables, diagnostics)
  const context: DecodeContext = { scope, diagnostics }
  for (const attribute of file.body.attributes) {
    report(context, {
      summary: 'Unsupported argument',
      detail: `An argument named "${attribute.name}" is not expected here.`,
      range: attribute.nameRange,
    })
  }
  const block = jobBlockOf(file.body.blocks, context)
  if (block === null) return null
  refuseDynamic(block, context)
  const job = decodeJob(block, context)
  const findings = [...validateJob(job), ...groupRestarts(job, block), ...checkLanguages(job, names, now)]
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
  readonly functions: FunctionNames
  readonly now: () => number
}

/** Reads job files: the gate's verdict first, then our own reading with places, all findings at once. Never throws. */
export const createJobFileParser = ({ gate, functions, now }: JobFileParserOptions): JobFileParser => {
  return async input => {
    const diagnostics: Diagnostic[] = []
    const bytes = Buffer.byteLength(input.source)
    if (bytes > MAX_JOB_SOURCE_BYTES) return { ok: false, diagnostics: [toJobDiagnostic(input, tooLarge(bytes))] }
    const job = decode(input, functions, now(), diagnostics)
    // What our own reader refuses is said in its words; the gate has a say about what it accepts.
    if (!hasErrors(diagnostics)) {
      const verdict = await gate.judge(input.source)
      if (verdict.kind === 'refused') diagnostics.push(...verdict.diagnostics)
      if (verdict.kind === 'unavailable') {
        diagnostics.push({
          severity: 'error',
          summary: 'Job file could not be checked',
          detail: verdict.message,
          hint: 'Try again; if it stays so, the file is too complex.',
          range: firstPlace,
        })
      }
    }
    const rendered = diagnostics.slice(0, MAX_DIAGNOSTICS).map(finding => toJobDiagnostic(input, finding))
    if (job === null || hasErrors(diagnostics)) return { ok: false, diagnostics: rendered }
    return { ok: true, job, warnings: rendered }
  }
}
