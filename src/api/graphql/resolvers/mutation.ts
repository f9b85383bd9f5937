import type { Caller, JobSource, NameValue, Outcome } from '../../../app/api-commands.ts'
import type { ApiContext } from '../../context.ts'
import type { Resolvers } from '../load-schema.ts'
import { DEFAULT_NAMESPACE } from '../read-view.ts'
import { callerOf, type RequestContext } from '../request-context.ts'

type Input<T> = { readonly input: T & { readonly commandId?: string | null } }
type Optional<T> = { readonly [K in keyof T]?: T[K] | null }

type SourceInput = Pick<JobSource, 'source'> & {
  readonly format?: 'HCL' | 'JSON' | null
} & Optional<Omit<JobSource, 'source' | 'format'>>
type JobInput = { readonly jobId: string; readonly namespace?: string | null }

const sourceOf = (input: SourceInput): JobSource => ({
  source: input.source,
  format: input.format === 'JSON' ? 'json' : 'hcl',
  filename: input.filename ?? 'job.nomad.hcl',
  variables: input.variables ?? [],
  variableFiles: input.variableFiles ?? [],
  environmentVariables: input.environmentVariables ?? [],
})

const jobOf = (input: JobInput) => ({ jobId: input.jobId, namespace: input.namespace ?? DEFAULT_NAMESPACE })

/** An outcome as the member of a payload's union that it is. */
const payload = async <T extends object>(typeName: string, outcome: Promise<Outcome<T>>): Promise<object> => {
  const result = await outcome
  return { ...result, __typename: result.kind === 'done' ? typeName : 'Rejection' }
}

export const mutationResolvers = ({ commands, random }: ApiContext): Resolvers => {
  /** A mutation in one line: its input, who calls, and the name of its success. */
  const mutation =
    <I, T extends object>(typeName: string, run: (input: I, caller: Caller) => Promise<Outcome<T>>) =>
    (_: unknown, { input }: Input<I>, request: RequestContext) =>
      payload(typeName, run(input, callerOf(request, input.commandId, random)))
  return {
    Mutation: {
      registerJob: mutation('JobRegistration', (input: RegisterInput, caller) =>
        commands.registerJob(
          {
            job: sourceOf(input.job),
            checkIndex: input.checkIndex ?? null,
            message: input.message ?? '',
            evaluationPriority: input.evaluationPriority ?? null,
            preservesCounts: input.preservesCounts ?? false,
            preservesResources: input.preservesResources ?? false,
          },
          caller,
        ),
      ),
      validateJob: mutation('JobValidation', (input: SourceInput, caller) =>
        commands.validateJob(sourceOf(input), caller),
      ),
      parseJob: mutation('ParsedJob', (input: SourceInput, caller) => commands.parseJob(sourceOf(input), caller)),
      stopJob: mutation('JobStop', (input: StopInput, caller) =>
        commands.stopJob(
          {
            ...jobOf(input),
            purges: input.purges ?? false,
            stopsChildren: input.stopsChildren ?? false,
            evaluationPriority: input.evaluationPriority ?? null,
            skipsShutdownDelay: input.skipsShutdownDelay ?? false,
          },
          caller,
        ),
      ),
      dispatchJob: mutation('JobDispatch', (input: DispatchInput, caller) =>
        commands.dispatchJob(
          {
            ...jobOf(input),
            meta: input.meta ?? [],
            payload: input.payload ?? null,
            idempotencyToken: input.idempotencyToken ?? null,
            idPrefix: input.idPrefix ?? '',
            priority: input.priority ?? null,
          },
          caller,
        ),
      ),
      forcePeriodic: mutation('PeriodicForce', (input: JobInput, caller) =>
        commands.forcePeriodic(jobOf(input), caller),
      ),
      evaluateJob: mutation('JobEvaluation', (input: JobInput & { forcesReschedule?: boolean | null }, caller) =>
        commands.evaluateJob({ ...jobOf(input), forcesReschedule: input.forcesReschedule ?? false }, caller),
      ),
      stopAllocation: mutation('AllocationStop', (input: StopAllocationInput, caller) =>
        commands.stopAllocation(
          { allocationId: input.allocationId, skipsShutdownDelay: input.skipsShutdownDelay ?? false },
          caller,
        ),
      ),
      restartAllocation: mutation('TaskRequested', ({ allocationId, task }: TaskInput, caller) =>
        commands.restartAllocation({ allocationId, task: task ?? '' }, caller),
      ),
      signalAllocation: mutation(
        'TaskRequested',
        ({ allocationId, task, signal }: TaskInput & { signal: string }, caller) =>
          commands.signalAllocation({ allocationId, task: task ?? '', signal }, caller),
      ),
      setNodeEligibility: mutation('NodeEligibility', (input: { nodeId: string; isEligible: boolean }, caller) =>
        commands.setNodeEligibility({ nodeId: input.nodeId, isEligible: input.isEligible }, caller),
      ),
      collectGarbage: mutation('GarbageCollection', (_input: object, caller) => commands.collectGarbage({}, caller)),
    },
    Diagnostic: { severity: (diagnostic: { readonly severity: string }) => diagnostic.severity.toUpperCase() },
  }
}

type RegisterInput = {
  readonly job: SourceInput
  readonly checkIndex?: number | null
  readonly message?: string | null
  readonly evaluationPriority?: number | null
  readonly preservesCounts?: boolean | null
  readonly preservesResources?: boolean | null
}
type StopInput = JobInput & {
  readonly purges?: boolean | null
  readonly stopsChildren?: boolean | null
  readonly evaluationPriority?: number | null
  readonly skipsShutdownDelay?: boolean | null
}
type StopAllocationInput = { readonly allocationId: string; readonly skipsShutdownDelay?: boolean | null }
type DispatchInput = JobInput & {
  readonly meta?: readonly NameValue[] | null
  readonly payload?: string | null
  readonly idempotencyToken?: string | null
  readonly idPrefix?: string | null
  readonly priority?: number | null
}
type TaskInput = { readonly allocationId: string; readonly task?: string | null }
