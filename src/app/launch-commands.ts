import { type JobKey, jobKey, splitJobKey, uuidOf } from '../domain/ids.ts'
import type { JobCommand } from '../domain/job/index.ts'
import type { Sealed } from '../domain/jobspec/schema.ts'
import type { Random } from '../platform/random.ts'
import type { Commands } from './api-commands.ts'
import { type CommandKit, priorityRejected, rejectionOf } from './command-kit.ts'
import { sealValues } from './source-store.ts'

/** Eight hex digits that tell launches of the same second apart. */
const suffixOf = (random: Random): string => Buffer.from(random.bytes(4)).toString('hex')

/** What launches a child of a template job. */
export const createLaunchCommands = (kit: CommandKit): Pick<Commands, 'dispatchJob' | 'forcePeriodic'> => {
  const { view, sealer, sources, clock, random, run, decided } = kit

  const dispatchJob: Commands['dispatchJob'] = async (input, caller) => {
    const wrongPriority = priorityRejected(input.priority)
    if (wrongPriority !== null) return wrongPriority
    const now = clock.now()
    const prefix = input.idPrefix === '' ? '' : `${input.idPrefix}-`
    const childId = `${input.jobId}/dispatch-${prefix}${Math.floor(now / 1_000)}-${suffixOf(random)}`
    const evaluationId = uuidOf('evaluation', caller.commandId)
    const values = sealValues(sources, sealer, input.namespace, now)
    const payload: Sealed | null = input.payload === null ? null : values.seal(input.payload)
    await values.flush()
    const token = input.idempotencyToken
    const tokenDigest = token === null ? null : sealer.digest(input.namespace, `token:${token}`)
    const command: JobCommand = {
      type: 'DispatchJob',
      data: {
        jobId: input.jobId,
        childId,
        evaluationId,
        instant: now,
        meta: Object.fromEntries(input.meta.map(({ name, value }) => [name, value])),
        payload,
        payloadBytes: input.payload === null ? 0 : Buffer.from(input.payload, 'base64').length,
        priority: input.priority,
        tokenDigest,
      },
    }
    const result = await run(jobKey(input.namespace, input.jobId), command, caller)
    if (result.kind === 'rejected') return result
    const [recorded] = result.events
    // Without an event of its own the token launched a child before; a resent command's event names the first one.
    const earlier =
      tokenDigest === null
        ? undefined
        : view.state.jobs.get(jobKey(input.namespace, input.jobId))?.dispatchTokens.get(tokenDigest)
    const launched = recorded?.type === 'JobDispatched' ? recorded.data : (earlier ?? { childId, evaluationId })
    const child = jobKey(input.namespace, launched.childId)
    // The launch is recorded; the child, and with it its evaluation, is derived by the leader (design §3): wait for that.
    await decided(`the launch of "${launched.childId}"`, () => view.state.jobs.has(child))
    return {
      kind: 'done',
      position: Math.max(result.position, view.state.position),
      dispatchedJobId: launched.childId,
      evaluationId: launched.evaluationId,
    }
  }

  /** The child that the leader launched with this evaluation, whether it is registered yet or not. */
  const launchedWith = (parentKey: JobKey, evaluationId: string): string | null => {
    const evaluation = view.state.evaluations.get(evaluationId)
    if (evaluation !== undefined) return splitJobKey(evaluation.jobKey).jobId
    for (const [childId, child] of view.state.jobs.get(parentKey)?.pendingChildren ?? []) {
      if (child.kind === 'periodic' && child.evaluationId === evaluationId) return childId
    }
    return null
  }

  const forcePeriodic: Commands['forcePeriodic'] = async (input, caller) => {
    const key = jobKey(input.namespace, input.jobId)
    const evaluationId = uuidOf('evaluation', caller.commandId)
    const data = { jobId: input.jobId, instant: clock.now(), evaluationId }
    const result = await run(key, { type: 'ForcePeriodicRun', data }, caller)
    if (result.kind === 'rejected') return result
    const request = result.eventIds[0] ?? ''
    await decided(
      `the run of job "${input.jobId}"`,
      () => view.state.jobs.get(key)?.pendingForces.has(request) !== true,
    )
    const launchedJobId = launchedWith(key, evaluationId)
    if (launchedJobId === null)
      return rejectionOf({ code: 'PERIODIC_RUN_SKIPPED', reason: 'the leader decided on it otherwise' })
    const child = jobKey(input.namespace, launchedJobId)
    await decided(`the registration of job "${launchedJobId}"`, () => view.state.jobs.has(child))
    return { kind: 'done', position: view.state.position, launchedJobId, evaluationId }
  }

  return { dispatchJob, forcePeriodic }
}
