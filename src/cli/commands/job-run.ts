import { granted, type Rejection, rejectionFields } from '../answers.ts'
import { type Arguments, type CommandContext, defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { inertFlag } from '../inert-flags.ts'
import { type JobSource, readJobSource, sourceFlags } from '../job-source.ts'
import { followEvaluation } from '../monitor/follow.ts'
import { verboseFlag } from '../output-flags.ts'
import { printLines, toJson } from '../print.ts'
import { type Diagnostic, Refusal, usageError } from '../refusal.ts'
import { launchTime } from '../render/time.ts'
import { renderWarnings } from '../render/warnings.ts'
import { parseSource } from './parse-source.ts'

const diagnosticFields = 'severity summary detail hint filename line column rendered'

type Registration = {
  readonly __typename: 'JobRegistration'
  readonly position: number
  readonly jobId: string
  readonly version: number
  readonly evaluationId: string | null
  readonly modifyIndex: number
  readonly nextLaunch: number | null
  readonly isPeriodic: boolean
  readonly isParameterized: boolean
  readonly warnings: readonly Diagnostic[]
}

export const registerJobDocument = document<
  { readonly registerJob: Registration | Rejection },
  {
    readonly input: {
      readonly job: JobSource
      readonly checkIndex: number | null
      readonly message: string | null
      readonly evaluationPriority: number | null
      readonly preservesCounts: boolean
      readonly preservesResources: boolean
    }
  }
>(`mutation RegisterJob($input: RegisterJobInput!) {
  registerJob(input: $input) {
    __typename
    ... on JobRegistration {
      position jobId version evaluationId modifyIndex nextLaunch isPeriodic isParameterized
      warnings { ${diagnosticFields} }
    }
    ${rejectionFields}
  }
}`)

const flags = [
  {
    name: 'check-index',
    type: 'int',
    placeholder: '<index>',
    usage: 'Register only if the job stands at this modify index; 0 = only if it is not there yet.',
  },
  { name: 'detach', type: 'boolean', usage: 'Do not follow the evaluation; print its id and return.' },
  {
    name: 'eval-priority',
    type: 'int',
    placeholder: '<1-100>',
    usage: "Priority of the evaluation; the job's own when not given.",
  },
  { name: 'json', type: 'boolean', usage: 'The job file is JSON.' },
  { name: 'output', type: 'boolean', usage: 'Print the specification as JSON and submit nothing.' },
  { name: 'message', type: 'string', placeholder: '<text>', usage: "What this version is for, for the job's history." },
  { name: 'preserve-counts', type: 'boolean', usage: 'Groups that the registered job has too keep its counts.' },
  { name: 'preserve-resources', type: 'boolean', usage: 'Tasks that the registered job has too keep its resources.' },
  ...sourceFlags,
  verboseFlag,
  inertFlag('policy-override'),
  inertFlag('consul-namespace'),
  inertFlag('vault-namespace'),
  inertFlag('ui'),
] as const

/** Nomad counts from 1 and means "not there yet" by 0; the API counts a job's revisions from 0 and says -1 for that. */
const checkIndexOf = (input: Arguments<typeof flags>): number | null => {
  if (!input.given.has('check-index')) return null
  const index = input.flags['check-index']
  if (index < 0) throw usageError('-check-index must not be negative')
  return index - 1
}

/** The refusal of `-check-index` with both indexes counted as this command counts them. */
const explainConflict = (error: unknown): unknown => {
  if (!(error instanceof Refusal) || error.info.code !== 'JOB_INDEX_CHANGED') return error
  const message = error.info.message.replaceAll(/-?\d+/g, index => String(Number(index) + 1))
  return new Refusal({ ...error.info, message: `${message}\nJob not updated` })
}

const register = async (context: CommandContext, input: Arguments<typeof flags>): Promise<Registration> => {
  const { message } = input.flags
  const checkIndex = checkIndexOf(input)
  const job = await readJobSource(context, input.positionals[0] ?? '', input.flags)
  const answer = await context.api.query(registerJobDocument, {
    input: {
      job,
      checkIndex,
      message: message === '' ? null : message,
      evaluationPriority: input.given.has('eval-priority') ? input.flags['eval-priority'] : null,
      preservesCounts: input.flags['preserve-counts'],
      preservesResources: input.flags['preserve-resources'],
    },
  })
  try {
    return granted(answer.registerJob)
  } catch (error) {
    throw explainConflict(error)
  }
}

const SUCCESS = 'Job registration successful'

/** A template starts nothing by being registered: there is no evaluation to follow. */
const templateLines = (registration: Registration, nowMs: number): readonly string[] => {
  if (!registration.isPeriodic || registration.nextLaunch === null) return [SUCCESS]
  return [SUCCESS, `Approximate next launch time: ${launchTime(registration.nextLaunch, nowMs)}`]
}

export const command = defineCommand({
  usage: 'muster job run [options] <path>',
  description: `Registers a job from a job file, or a new version of it, and follows what comes of it: the evaluation,
then the deployment. "-" reads the file from standard input.

Exit code 1 when the job was refused or its deployment failed, 2 when it was registered and not everything could be
placed. Ctrl-C stops following, not the job.`,
  flags,
  takes: { min: 1, max: 1 },
  run: async (context, input) => {
    if (input.flags.output) {
      const parsed = await parseSource(context, input.positionals[0] ?? '', input.flags)
      await context.io.stdout(toJson(parsed.specification))
      return EXIT_OK
    }
    const registration = await register(context, input)
    await printLines(context, renderWarnings(registration.warnings))
    const { evaluationId, position } = registration
    if (evaluationId === null) {
      await printLines(context, templateLines(registration, context.clock.now()))
      return EXIT_OK
    }
    if (input.flags.detach) {
      await printLines(context, [SUCCESS, `Evaluation ID: ${evaluationId}`])
      return EXIT_OK
    }
    return followEvaluation(context, evaluationId, { isVerbose: input.flags.verbose, after: position })
  },
})
