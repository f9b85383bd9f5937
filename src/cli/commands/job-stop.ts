import { granted, type Rejection, rejectionFields } from '../answers.ts'
import { type Arguments, type CommandContext, defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts'
import { confirmPrefix, findJob } from '../find-job.ts'
import { inertFlag } from '../inert-flags.ts'
import { followEvaluation } from '../monitor/follow.ts'
import { verboseFlag } from '../output-flags.ts'
import { printLines } from '../print.ts'

type Stopped = {
  readonly __typename: 'JobStop'
  readonly position: number
  readonly evaluationId: string | null
  readonly stoppedChildren: readonly string[]
}

export const stopJobDocument = document<
  { readonly stopJob: Stopped | Rejection },
  {
    readonly input: {
      readonly namespace: string
      readonly jobId: string
      readonly purges: boolean
      readonly stopsChildren: boolean
      readonly evaluationPriority: number | null
      readonly skipsShutdownDelay: boolean
    }
  }
>(`mutation StopJob($input: StopJobInput!) {
  stopJob(input: $input) {
    __typename
    ... on JobStop { position evaluationId stoppedChildren }
    ${rejectionFields}
  }
}`)

const flags = [
  { name: 'purge', type: 'boolean', usage: 'Also take the job out of all lists. Its history stays in the log.' },
  { name: 'children', type: 'boolean', usage: 'Also stop what the job launched and what still runs of it.' },
  { name: 'detach', type: 'boolean', usage: 'Do not follow the evaluation; print its id and return.' },
  {
    name: 'eval-priority',
    type: 'int',
    placeholder: '<1-100>',
    usage: "Priority of the evaluation; the job's own when not given.",
  },
  { name: 'no-shutdown-delay', type: 'boolean', usage: 'Kill tasks without waiting for shutdown delays.' },
  { name: 'yes', type: 'boolean', usage: 'Do not ask, although only the beginning of an id was given.' },
  verboseFlag,
  inertFlag('global'),
] as const

const stopOne = async (context: CommandContext, typed: string, given: Arguments<typeof flags>): Promise<number> => {
  const { flags: wish } = given
  const job = await findJob(context, typed)
  const question = `Are you sure you want to stop job "${job.id}"?`
  if (!(await confirmPrefix(context, { typed, whole: job.id, isSure: wish.yes, question }))) {
    context.io.stderr('Cancelling job stop\n')
    return EXIT_OK
  }
  const input = {
    namespace: job.namespace,
    jobId: job.id,
    purges: wish.purge,
    stopsChildren: wish.children,
    evaluationPriority: given.given.has('eval-priority') ? wish['eval-priority'] : null,
    skipsShutdownDelay: wish['no-shutdown-delay'],
  }
  const stopped = granted((await context.api.query(stopJobDocument, { input })).stopJob)
  await printLines(
    context,
    stopped.stoppedChildren.map(child => `Stopped "${child}"`),
  )
  // A template has nothing running of its own, so that there is nothing to evaluate or to tell.
  if (stopped.evaluationId === null) return EXIT_OK
  if (wish.detach) {
    await printLines(context, [stopped.evaluationId])
    return EXIT_OK
  }
  return followEvaluation(context, stopped.evaluationId, { isVerbose: wish.verbose, after: stopped.position })
}

export const command = defineCommand({
  usage: 'muster job stop [options] <job>...',
  description: `Stops jobs and follows how their allocations are stopped. What a periodic or parameterized job launched runs on,
unless -children says otherwise.`,
  flags,
  takes: { min: 1, max: 100 },
  run: async (context, given) => {
    const { positionals } = given
    let isDone = true
    for (const typed of positionals) {
      const code = await stopOne(context, typed, given)
      if (positionals.length === 1) return code
      isDone &&= code === EXIT_OK
    }
    return isDone ? EXIT_OK : EXIT_FAILED
  },
})
