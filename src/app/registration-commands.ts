import { jobKey, uuidOf } from '../domain/ids.ts'
import type { JobCommand } from '../domain/job/index.ts'
import { type JobDiagnostic, type ParsedJobFile, sealJob, toApiJson } from '../jobspec/index.ts'
import type { Commands, Diagnostic, JobSource, Rejected } from './api-commands.ts'
import { type CommandKit, evaluationIn, priorityRejected, reject } from './command-kit.ts'
import { sealValues } from './source-store.ts'
import { putSubmission } from './submission.ts'

const diagnosticOf = (filename: string, finding: JobDiagnostic): Diagnostic => ({
  severity: finding.severity,
  summary: finding.summary,
  detail: finding.detail,
  hint: finding.hint,
  filename,
  line: finding.line,
  column: finding.column,
  rendered: finding.text,
})

const parseRejected = (source: JobSource, parsed: ParsedJobFile & { readonly ok: false }): Rejected => {
  const errors = parsed.diagnostics.filter(finding => finding.severity === 'error').length
  const message = `the job file ${source.filename} has ${errors} error${errors === 1 ? '' : 's'}`
  return reject('JOB_INVALID', message, {
    diagnostics: parsed.diagnostics.map(finding => diagnosticOf(source.filename, finding)),
  })
}

/** What begins with a job file's text: registration, validation, parsing. */
export const createRegistrationCommands = (
  kit: CommandKit,
): Pick<Commands, 'registerJob' | 'validateJob' | 'parseJob'> => {
  const { view, sealer, sources, clock, run } = kit

  const parse = async (source: JobSource): Promise<ParsedJobFile | Rejected> => {
    const parsed = await kit.parse({
      source: source.source,
      format: source.format,
      filename: source.filename,
      variables: {
        environment: Object.fromEntries(source.environmentVariables.map(({ name, value }) => [name, value])),
        files: source.variableFiles,
        flags: source.variables,
        isStrict: true,
      },
    })
    return parsed.ok ? parsed : parseRejected(source, parsed)
  }

  const registerJob: Commands['registerJob'] = async (input, caller) => {
    const wrongPriority = priorityRejected(input.evaluationPriority)
    if (wrongPriority !== null) return wrongPriority
    const parsed = await parse(input.job)
    if ('kind' in parsed) return parsed
    if (!parsed.ok) return parseRejected(input.job, parsed)
    const { job } = parsed
    const now = clock.now()
    const values = sealValues(sources, sealer, job.namespace, now)
    const spec = sealJob(job, values.seal)
    await values.flush()
    const source = await putSubmission(sources, job.namespace, input.job, now)
    const key = jobKey(job.namespace, job.id)
    const command: JobCommand = {
      type: 'RegisterJob',
      data: {
        spec,
        evaluationId: uuidOf('evaluation', caller.commandId),
        source,
        message: input.message,
        checkIndex: input.checkIndex,
        preservesCounts: input.preservesCounts === true,
        preservesResources: input.preservesResources === true,
        ...(input.evaluationPriority === null ? {} : { evaluationPriority: input.evaluationPriority }),
      },
    }
    const result = await run(key, command, caller)
    if (result.kind === 'rejected') return result
    const registered = view.state.jobs.get(key)
    return {
      kind: 'done',
      position: result.position,
      namespace: job.namespace,
      jobId: job.id,
      version: registered?.version ?? 0,
      evaluationId: evaluationIn(result.events),
      modifyIndex: registered?.versions.at(-1)?.position ?? result.position,
      nextLaunch: spec.periodic === null || !spec.periodic.isEnabled ? null : kit.nextLaunch(spec.periodic, now),
      isPeriodic: spec.periodic !== null,
      isParameterized: spec.parameterized !== null,
      warnings: parsed.warnings.map(finding => diagnosticOf(input.job.filename, finding)),
    }
  }

  const validateJob: Commands['validateJob'] = async source => {
    const parsed = await parse(source)
    if ('kind' in parsed) return parsed
    if (!parsed.ok) return parseRejected(source, parsed)
    return {
      kind: 'done',
      jobId: parsed.job.id,
      warnings: parsed.warnings.map(finding => diagnosticOf(source.filename, finding)),
    }
  }

  const parseJob: Commands['parseJob'] = async source => {
    const parsed = await parse(source)
    if ('kind' in parsed) return parsed
    if (!parsed.ok) return parseRejected(source, parsed)
    const warnings = parsed.warnings.map(finding => diagnosticOf(source.filename, finding))
    return { kind: 'done', jobId: parsed.job.id, warnings, specification: toApiJson(parsed.job) }
  }

  return { registerJob, validateJob, parseJob }
}
